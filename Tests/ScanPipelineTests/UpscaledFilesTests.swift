import Diagnostics
import ForgeGAN
import ForgeNN
import Foundation
import PixelMath
import ScanCatalog
import ScanDeid
import ScanIO
import ScanModel
import ScanPipeline
import Testing
import TestSupport

/// Super-resolution of files, with a network of a few training steps.
@Suite struct UpscaledFilesTests {
  private static func withModel(steps: Int = 5, _ body: (_ folder: URL, _ upscaler: ImageUpscaler) throws -> Void) throws {
    let folder = try TestData.temporaryFolder("upscaled")
    defer { try? FileManager.default.removeItem(at: folder) }
    let plane = Plane(rows: 40, columns: 40, values: (0..<1600).map { Float(($0 * $0) % 997) })
    let planes = InMemoryPlanes([IntensityPlane(plane, range: 996, maximum: 4095)])
    let model = try ModelRegistry.entry("srgan").make(
      ModelRequest(
        options: ["batch": 1, "patch": 8, "width": 4, "blocks": 1, "phase": "content", "rate": 0.01, "smoothing": 1], data: .planes(planes), seed: 3))
    let place = folder.appendingPathComponent("model")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
    _ = try Trainer(plan: TrainingPlan(steps: 5, stopAfter: max(1, steps)), seed: 3, isCancelled: { steps == 0 }).train(model, into: ModelFolder(place))
    try body(folder, ImageUpscaler(model: place))
  }

  private static func upscale(_ inputs: URL..., to output: URL, _ upscaler: ImageUpscaler, largestInMemory: Int) throws -> StageOutcome {
    var files = UpscaledFiles(inputs: inputs, output: output, options: [], stopsOnItemError: false, threads: 0)
    files.largestInMemory = largestInMemory
    return try files.write(upscaler, key: #require(PseudonymKey(bytes: [UInt8](repeating: 7, count: 32))), progress: { _ in })
  }

  @Test(arguments: [(16, Photometric.monochrome2), (16, .monochrome1), (8, .monochrome2)])
  func `an image written piece by piece has the bytes of one written at once`(bits: Int, photometric: Photometric) throws {
    try Self.withModel { folder, upscaler in
      let (rows, columns) = (300, 250)
      let words = (0..<rows * columns).flatMap { index -> [UInt8] in
        let value = (index * 7919) % (bits == 8 ? 251 : 60_000)
        return bits == 8 ? [UInt8(value)] : [UInt8(value & 255), UInt8(value >> 8)]
      }
      let pixels = PixelBuffer(rows: rows, columns: columns, samplesPerPixel: 1, bitsAllocated: bits, words: words)
      let input = folder.appendingPathComponent("slice.tif")
      try Data(TIFFWriter.encode(pixels, photometric: photometric, spacing: SpacingMillimeters(row: 0.5, column: 0.25))).write(to: input)
      let (atOnce, inPieces) = (folder.appendingPathComponent("whole"), folder.appendingPathComponent("pieces"))
      #expect(try Self.upscale(input, to: atOnce, upscaler, largestInMemory: .max).failedItems == 0)
      #expect(try Self.upscale(input, to: inPieces, upscaler, largestInMemory: 0).failedItems == 0)
      let (first, second) = (atOnce.appendingPathComponent("slice_x2.tif"), inPieces.appendingPathComponent("slice_x2.tif"))
      let expected = try Data(contentsOf: first)
      #expect(expected.count > 4 * words.count)
      #expect(try Data(contentsOf: second) == expected)
      // Nothing else is left, and doing it again changes nothing.
      #expect(try Self.upscale(input, to: inPieces, upscaler, largestInMemory: 0).failedItems == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: inPieces.path) == ["slice_x2.tif"])
    }
  }

  @Test(arguments: [0, 5])
  func `a detail map stands beside its image, dark for bicubic enlargement and bright for what a network adds`(steps: Int) throws {
    try Self.withModel(steps: steps) { folder, upscaler in
      let words = (0..<64 * 64).map { (index: Int) -> UInt8 in
        UInt8(120 + 100 * sin(0.7 * Double(index % 64)) * cos(0.4 * Double(index / 64)))
      }
      let pixels = PixelBuffer(rows: 64, columns: 64, samplesPerPixel: 1, bitsAllocated: 8, words: words)
      let input = folder.appendingPathComponent("waves.tif")
      try Data(TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)).write(to: input)
      let output = folder.appendingPathComponent("maps")
      var files = UpscaledFiles(inputs: [input], output: output, options: [], stopsOnItemError: false, threads: 0)
      files.addsDetailMaps = true
      let outcome = try files.write(upscaler, key: #require(PseudonymKey(bytes: [UInt8](repeating: 7, count: 32))), progress: { _ in })
      let largest = try #require(outcome.figures["largestDetail"])
      let map = try #require(ScanReader().read(path: output.appendingPathComponent("waves_x2.detail.png").path).pixels)
      #expect(map.rows == 128 && map.columns == 128 && map.bitsAllocated == 16)
      let brightest = (0..<128 * 128).map { Int(map.words[2 * $0]) | Int(map.words[2 * $0 + 1]) << 8 }.max() ?? 0
      // A share of 0.02 of the range is a fifth of white.
      if steps == 0 { #expect(largest < 1e-3 && brightest < 700, "\(largest), \(brightest)") } else { #expect(largest > 0.002 && largest < 1 && brightest > 1500, "\(largest), \(brightest)") }
    }
  }

  @Test(arguments: [1e20, 1e25, 1e30] as [Float])
  func `a detail map of very large values is no failure`(scale: Float) throws {
    try Self.withModel { folder, upscaler in
      let bytes = (0..<400).flatMap { index in withUnsafeBytes(of: (Float(index % 37) * scale).bitPattern.littleEndian, Array.init) }
      let pixels = PixelBuffer(rows: 20, columns: 20, samplesPerPixel: 1, bitsAllocated: 32, isSigned: true, isFloat: true, words: bytes)
      let input = folder.appendingPathComponent("large.tif")
      try Data(TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)).write(to: input)
      var files = UpscaledFiles(
        inputs: [input], output: folder.appendingPathComponent("out"), options: [], stopsOnItemError: false, threads: 0)
      files.addsDetailMaps = true
      let outcome = try files.write(upscaler, key: #require(PseudonymKey(bytes: [UInt8](repeating: 7, count: 32))), progress: { _ in })
      #expect(outcome.failedItems == 0 && outcome.figures["largestDetail"]?.isFinite == true)
    }
  }

  @Test func `inputs of one stem are numbered, and one that fails uses no number up`() throws {
    try Self.withModel { folder, upscaler in
      let words = (0..<400).map { Float($0 % 200) }
      var inputs: [URL] = []
      for (index, last) in [Float(1), .nan, 2, 3].enumerated() {
        let place = folder.appendingPathComponent("in\(index)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: false)
        let bytes = (words.dropLast() + [last]).flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) }
        let pixels = PixelBuffer(rows: 20, columns: 20, samplesPerPixel: 1, bitsAllocated: 32, isSigned: true, isFloat: true, words: bytes)
        inputs.append(place.appendingPathComponent("slice.tif"))
        try Data(TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)).write(to: inputs[index])
      }
      for largestInMemory in [0, Int.max] {
        let output = folder.appendingPathComponent("out\(largestInMemory)")
        let outcome = try Self.upscale(inputs[0], inputs[1], inputs[2], inputs[3], to: output, upscaler, largestInMemory: largestInMemory)
        #expect(outcome.failedItems == 1)
        #expect(outcome.figures["enhanced"] == 3)
        let names = try FileManager.default.contentsOfDirectory(atPath: output.path).sorted()
        #expect(names == ["slice_x2.tif", "slice_x2_2.tif", "slice_x2_3.tif"])
      }
    }
  }

  @Test func `the outcome counts the convolutions by arithmetic`() throws {
    try Self.withModel { folder, upscaler in
      let pixels = PixelBuffer(rows: 20, columns: 20, samplesPerPixel: 1, bitsAllocated: 8, words: (0..<400).map { UInt8($0 % 200) })
      let input = folder.appendingPathComponent("slice.tif")
      try Data(TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)).write(to: input)
      let outcome = try Self.upscale(input, to: folder.appendingPathComponent("out"), upscaler, largestInMemory: .max)
      let layers = try upscaler.resolver.layers
      #expect(!layers.isEmpty)
      #expect(InferencePrecision.arithmetic(in: outcome.figures) == ["fp32": layers.count])
    }
  }

  @Test func `an object written piece by piece is the one written at once`() throws {
    try Self.withModel { folder, upscaler in
      let words = (0..<60 * 50).flatMap { index in withUnsafeBytes(of: UInt16(index * 13).littleEndian, Array.init) }
      let pixels = PixelBuffer(rows: 60, columns: 50, samplesPerPixel: 1, bitsAllocated: 16, words: words)
      let raw = try ScanReader().read(
        TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil), source: Redacted("memory"))
      let clean = try Deidentifier(options: [], key: #require(PseudonymKey(bytes: [UInt8](repeating: 7, count: 32)))).clean(raw)
      let workspace = try Workspace.create(at: folder.appendingPathComponent("workspace"))
      let objects = ObjectStore(workspace)
      let whole = try upscaler.upscale(clean)
      let expected = try objects.store(TIFFWriter.encode(whole), of: whole)
      #expect(try upscaler.stream(clean, over: .max, spoolingIn: workspace.staging) == nil)
      let stream = try #require(try upscaler.stream(clean, over: 0, spoolingIn: workspace.staging))
      let object = try objects.store(stream) { try TIFFWriter.write(stream, descriptor: $0) }
      #expect(object.sha256 == expected.sha256 && object.bytes == expected.bytes && object.subject == expected.subject)
    }
  }

  @Test func `another file of the name is not replaced`() throws {
    try Self.withModel { folder, upscaler in
      let pixels = PixelBuffer(rows: 20, columns: 20, samplesPerPixel: 1, bitsAllocated: 8, words: (0..<400).map { UInt8($0 % 200) })
      let input = folder.appendingPathComponent("slice.tif")
      try Data(TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)).write(to: input)
      let output = folder.appendingPathComponent("out")
      try FileManager.default.createDirectory(at: output, withIntermediateDirectories: false)
      let target = output.appendingPathComponent("slice_x2.tif")
      try Data("mine".utf8).write(to: target)
      let threshold = [0, Int.max]
      for largestInMemory in threshold {
        #expect(throws: PipelineError.outputExists) {
          _ = try Self.upscale(input, to: output, upscaler, largestInMemory: largestInMemory)
        }
        #expect(try Data(contentsOf: target) == Data("mine".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: output.path) == ["slice_x2.tif"])
      }
    }
  }
}
