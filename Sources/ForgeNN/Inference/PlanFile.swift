package import Foundation
package import ForgeTensor
import Glibc

/// Prepared weights beside a checkpoint: `model.safetensors` has `model.avx512.fp32.plan`.
///
/// A text line tells what the bytes are for: kernels, precision, this very program file, a hash of the folded weights, the size of each
/// layer. A reader compares the line with what it would write itself and takes the file only when they are equal and the bytes' checksum
/// holds; nothing in the file is interpreted.
struct PlanFile {
  /// Everything before the buffers: the line, padded with spaces to a multiple of 64 bytes.
  private let head: [UInt8]
  private let sizes: [Int]

  /// - Parameter graph: with its weights.
  init(_ graph: InferenceGraph, precision: Precision) {
    var hash = WordHash()
    var sizes: [Int] = []
    for case .filter(let filter) in graph.layers.map(\.kind) {
      filter.weights.withUnsafeBufferPointer { hash.add(UnsafeRawBufferPointer($0)) }
      filter.bias.withUnsafeBytes { hash.add($0) }
      hash.add(text: "\(filter.role) \(filter.geometry.weightShape) \(filter.arrangement)")
      let available = PreparedConvolution.available(precision, filter.geometry, filter.role)
      sizes.append(PreparedConvolution.byteCount(filter.geometry, filter.role, available))
    }
    let layers = sizes.map(String.init).joined(separator: " ")
    var head = Array(
      "ScanForge plan 2 \(KernelTable.current.name) \(precision.rawValue) \(PlanFile.program) \(hash.hex) \(layers)".utf8)
    head += [UInt8](repeating: 0x20, count: 63 - head.count % 64) + [0x0A]
    self.head = head
    self.sizes = sizes
  }

  /// The layers' buffers in order, when `url` holds them for exactly this graph, these kernels and this program.
  func read(_ url: URL) -> Data? {
    guard let file = try? Data(contentsOf: url, options: .alwaysMapped), file.count == head.count + 8 + sizes.reduce(0, +),
      file.prefix(head.count).elementsEqual(head)
    else { return nil }
    let buffers = file.dropFirst(head.count + 8)
    return file.dropFirst(head.count).prefix(8).elementsEqual(PlanFile.checksum(buffers)) ? buffers : nil
  }

  /// Splits `buffers` at the layers' sizes.
  func layer(_ index: Int, in buffers: Data) -> Data {
    buffers.dropFirst(sizes[..<index].reduce(0, +)).prefix(sizes[index])
  }

  func write(_ layers: [PreparedConvolution], to url: URL) throws(CheckpointError) {
    var buffers = Data(capacity: sizes.reduce(0, +))
    for layer in layers { layer.withUnsafeBytes { buffers.append(contentsOf: $0) } }
    try AtomicFile.write(Data(head) + PlanFile.checksum(buffers) + buffers, to: url)
  }

  /// The running program's file: size and time of its last change.
  private static let program: String = {
    var status = stat()
    guard stat("/proc/self/exe", &status) == 0 else { return "unknown" }
    return "\(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
  }()

  private static func checksum(_ bytes: Data) -> [UInt8] {
    var hash = WordHash()
    bytes.withUnsafeBytes { hash.add($0) }
    return withUnsafeBytes(of: hash.value.littleEndian) { Array($0) }
  }
}

/// FNV-1a over words of 8 bytes instead of bytes, each product folded upon itself: without that the highest bits of a word would change the
/// highest bits alone, and two changes could undo each other. Fast, and enough against mix-ups and damage. Not against an adversary, who
/// could replace the checkpoint itself.
private struct WordHash {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    var hash = value
    let words = bytes.count / 8
    for word in 0..<words { hash = WordHash.mixed(hash ^ bytes.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self)) }
    for byte in bytes[(8 * words)...] { hash = WordHash.mixed(hash ^ UInt64(byte)) }
    value = hash
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    let product = value &* 0x9E37_79B9_7F4A_7C15
    return product ^ product >> 32
  }

  mutating func add(text: String) { Array(text.utf8).withUnsafeBytes { add($0) } }

  var hex: String { String(value, radix: 16) }
}

extension InferencePlan {
  /// Where a model's prepared weights stand for the current kernels.
  package static func file(beside model: URL, precision: Precision) -> URL {
    model.deletingPathExtension().appendingPathExtension("\(KernelTable.current.name).\(precision.rawValue).plan")
  }

  /// A plan whose weights come from `file` when it holds them; otherwise they are prepared, and written there when `isStoring`.
  package convenience init(
    _ graph: consuming InferenceGraph, precision: Precision, file: URL?, isStoring: Bool
  ) throws(CheckpointError) {
    // Hashing the weights costs as much as reading them: only where there is a file, or is to be one.
    let url = file.flatMap { isStoring || access($0.path, R_OK) == 0 ? $0 : nil }
    let stored = url == nil ? nil : PlanFile(copy graph, precision: precision)
    let buffers = url.flatMap { stored?.read($0) }
    var place = 0
    self.init(graph, precision: precision) { filter in
      defer { place += 1 }
      guard let stored, let buffers else { return nil }
      return stored.layer(place, in: buffers).withUnsafeBytes { bytes in
        PreparedConvolution(
          stored: bytes, filter.geometry, filter.role, PreparedConvolution.available(precision, filter.geometry, filter.role))
      }
    }
    if isStoring, buffers == nil, let url, let stored { try stored.write(convolutions, to: url) }
  }
}
