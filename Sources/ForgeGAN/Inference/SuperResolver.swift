package import ForgeNN
package import ForgeTensor
package import Foundation
package import PixelMath

/// A trained super-resolution network: small planes in, large planes out.
package final class SuperResolver {
  package let description: ModelDescription
  /// Enlargement of rows and columns.
  package let factor: Int
  /// Pixels of the small image that an output pixel depends on, to each side.
  package let reach: Int
  /// Memory for the network's rows, whatever the image's size. It does not show in the result.
  package var budget = InferencePlan.StreamBudget()
  /// What is done after the network; what the model asks for to begin with.
  package var refinement: Refinement
  /// What the network learned to undo.
  package let degradation: Degradation
  private let addsToBicubic: Bool
  private let precision: Precision
  private let planFile: URL?
  /// The network with its weights; gone when `prepared` is there, so that memory holds them once.
  private var graph: InferenceGraph?
  private var prepared: InferencePlan?

  /// The network's convolutions and the arithmetic that each runs in.
  package var layers: [InferencePlan.LayerReport] { get throws { try plan().layers } }

  /// Reads a model folder or a model.safetensors file, and prepared weights when they stand beside it. The first image has the weights
  /// prepared: a program that decodes its input before needs less memory at a time.
  ///
  /// - Parameter isStoring: prepares the weights at once and writes them beside the model when they are not there.
  package convenience init(contentsOf url: URL, precision: Precision = .float32, isStoring: Bool = false) throws {
    let file = ModelFolder.modelFile(url)
    try self.init(
      CheckpointReader(contentsOf: file), precision: precision, planFile: InferencePlan.file(beside: file, precision: precision),
      isStoring: isStoring)
  }

  package init(_ checkpoint: CheckpointReader, precision: Precision = .float32, planFile: URL? = nil, isStoring: Bool = false) throws {
    description = try ModelDescription(checkpoint.description, file: checkpoint.fileName)
    guard description.model == "srgan" else {
      throw CheckpointError.wrongKind(file: checkpoint.fileName, reason: "\(description.model) does not enlarge images")
    }
    let options = try SRGAN.Configuration(description.configuration)
    factor = options.factor
    degradation = options.degradation
    // Models from before this option have none.
    refinement = Refinement(backProjections: description.configuration["backProjections"]?.integerValue == nil ? 0 : options.backProjections)
    (graph, reach, addsToBicubic) = try SuperResolver.traced(checkpoint, options)
    self.precision = precision
    self.planFile = planFile
    BufferCache.trim()
    if isStoring { _ = try plan(isStoring: true) }
  }

  private func plan(isStoring: Bool = false) throws(CheckpointError) -> InferencePlan {
    if let prepared { return prepared }
    guard let graph = graph.take() else { preconditionFailure("SuperResolver: the network is used after a failed preparation") }
    let plan = try InferencePlan(consume graph, precision: precision, file: planFile, isStoring: isStoring)
    prepared = plan
    return plan
  }

  /// The network of a checkpoint, traced. Nothing else of the network lives on: its weights would be held twice.
  private static func traced(
    _ checkpoint: CheckpointReader, _ options: SRGAN.Configuration
  ) throws -> (graph: InferenceGraph?, reach: Int, addsToBicubic: Bool) {
    let store = ParameterStore(seed: 0, isBlank: true)
    let network = options.makeGenerator(store.root["generator"])
    try checkpoint.restore(store.parameters)
    try checkpoint.finish()
    let graph = try InferenceGraph(tracing: [1, 1, 1, 1]) { pixel in
      // One pixel by plain loops: the fast kernels would prepare all weights for it.
      KernelTable.$current.withValue(.scalar) { network(pixel, .inference) }
    }
    return (graph, network.reach, network.addsToBicubic)
  }

  /// Enlarges a plane. Intensities keep their unit; the result is neither rounded nor clipped.
  ///
  /// - Parameter range: the intensity that the network sees as 1: 255 for 8-bit images, the largest value of the slice for MR. When it is
  ///   not above zero the plane is flat black and only enlarged.
  package func upscale(_ plane: Plane, range: Float, bandPixels: Int = SuperResolver.bandPixels) throws -> Plane {
    try collected(plane) { try upscale($0, range: range, bandPixels: bandPixels, into: $1) }
  }

  /// The network's image of a plane, without refinement.
  func plain(_ plane: Plane, range: Float) throws -> Plane { try collected(plane) { try stream($0, range: range, into: $1) } }

  private typealias Sink = (_ row: Int, _ column: Int, UnsafeMutableBufferPointer<Float>) throws -> Void

  private func collected(_ plane: Plane, _ enlarge: (PlaneRows, Sink) throws -> Void) throws -> Plane {
    var result = Plane(
      rows: plane.rows * factor, columns: plane.columns * factor,
      values: [Float](repeating: 0, count: plane.values.count * factor * factor))
    try enlarge(PlaneRows(plane)) { row, column, piece in
      for (index, value) in piece.enumerated() { result.values[row * result.columns + column + index] = value }
    }
    return result
  }

  /// Enlarges a plane that is read and written in pieces of rows, so that memory does not grow with the image.
  ///
  /// - Parameters:
  ///   - range: as above.
  ///   - bandPixels: of the source, refined at a time when there is something to refine.
  ///   - sink: gets every pixel of the result once: pieces of a row, their row and first column. What it throws ends the work.
  package func upscale(
    _ source: PlaneRows, range: Float, bandPixels: Int = SuperResolver.bandPixels,
    into sink: (_ row: Int, _ column: Int, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    guard source.rows > 0, source.columns > 0 else { throw ForgeGANError.unsuitablePlane(reason: "it has no pixels") }
    guard range.isFinite else { throw ForgeGANError.unsuitablePlane(reason: "it holds NaN or infinite values") }
    if refinement.isNone || range <= 0 { try stream(source, range: range, into: sink) } else {
      try refine(source, range: range, bandPixels: bandPixels, into: sink)
    }
  }

  private func stream(
    _ source: PlaneRows, range: Float, into sink: (_ row: Int, _ column: Int, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    var bicubic = BicubicRows(source, factor: factor)
    let columns = source.columns * factor
    guard range > 0 else {
      try withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { piece in
        for row in 0..<source.rows * factor {
          try bicubic.row(row, columns: 0..<columns, into: piece)
          try sink(row, 0, piece)
        }
      }
      return
    }
    let scale = 1 / range
    let plan = try self.plan()
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: columns) { memory in
      try plan.stream(rows: source.rows, columns: source.columns, budget: budget) { piece, pointer in
        for row in piece.rows {
          let values = try finiteRow(source, row)
          let target = pointer + (row - piece.rows.lowerBound) * piece.rowFloats
          for (index, column) in piece.columns.enumerated() { target[index] = values[column] * scale }
        }
      } sink: { piece, pointer in
        let output = UnsafeMutableBufferPointer(rebasing: memory[..<piece.columns.count])
        for row in piece.rows {
          let made = pointer + (row - piece.rows.lowerBound) * piece.rowFloats
          if addsToBicubic {
            try bicubic.row(row, columns: piece.columns, into: output)
            for index in output.indices { output[index] += made[index] * range }
          } else {
            for index in output.indices { output[index] = made[index] * range }
          }
          guard output.allSatisfy(\.isFinite) else { throw ForgeGANError.notFinite(model: description.model) }
          try sink(row, piece.columns.lowerBound, output)
        }
      }
    }
  }
}

func finiteRow(_ source: PlaneRows, _ row: Int) throws(ForgeGANError) -> [Float] {
  let values = source.row(row)
  guard values.allSatisfy(\.isFinite) else { throw .unsuitablePlane(reason: "it holds NaN or infinite values") }
  return values
}

/// The bicubic enlargement of rows that are made on demand; keeps the few that the last row was mixed from.
private struct BicubicRows {
  private let source: PlaneRows
  private let resampler: RowResampler
  private var kept: [Int: [Float]] = [:]

  init(_ source: PlaneRows, factor: Int) {
    self.source = source
    resampler = RowResampler(
      rows: source.rows, columns: source.columns, newRows: source.rows * factor, newColumns: source.columns * factor)
  }

  mutating func row(_ row: Int, columns: Range<Int>, into output: UnsafeMutableBufferPointer<Float>) throws(ForgeGANError) {
    let needed = resampler.sources(of: row)
    kept = kept.filter { needed.contains($0.key) }
    for index in needed where kept[index] == nil { kept[index] = try finiteRow(source, index) }
    let rows = needed.map { kept[$0] ?? [] }
    withPointers(rows[...], []) { pointers in
      resampler.row(row, columns: columns, into: output) { index in pointers[needed.firstIndex(of: index) ?? 0] }
    }
  }

  /// Calls `body` with the addresses of all rows.
  private func withPointers(_ rows: ArraySlice<[Float]>, _ found: [UnsafePointer<Float>], _ body: ([UnsafePointer<Float>]) -> Void) {
    guard let first = rows.first else { return body(found) }
    first.withUnsafeBufferPointer { row in
      guard let start = row.baseAddress else { return }
      withPointers(rows.dropFirst(), found + [start], body)
    }
  }
}
