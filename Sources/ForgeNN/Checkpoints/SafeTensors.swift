package import Foundation

/// A safetensors file in memory: an 8-byte little-endian header length, a JSON header, then the tensors' bytes.
///
/// The reader trusts nothing: header length, JSON (strict, no duplicate names), element types, shapes and offsets are checked, and
/// the tensors must cover the data exactly, without overlap or hole. Source: github.com/huggingface/safetensors, "Format".
package struct SafeTensors: Sendable {
  package enum ElementType: String, Sendable, CaseIterable {
    case float64 = "F64"
    case float32 = "F32"
    case int64 = "I64"
    case int32 = "I32"
    case uint8 = "U8"

    package var byteCount: Int {
      switch self {
      case .float64, .int64: 8
      case .float32, .int32: 4
      case .uint8: 1
      }
    }
  }

  /// One tensor: row-major, little-endian.
  package struct Entry: Sendable, Equatable {
    package var elementType: ElementType
    package var shape: [Int]
    package var bytes: Data
  }

  /// The longest header that is read, in bytes.
  package static let maximumHeaderBytes = 16 << 20
  package static let maximumRank = 8

  /// Free texts beside the tensors (`__metadata__`).
  package var metadata: [String: String]
  package var entries: [String: Entry]

  package init(metadata: [String: String] = [:], entries: [String: Entry] = [:]) {
    self.metadata = metadata
    self.entries = entries
  }
}

// MARK: - Elements

extension SafeTensors.Entry {
  package init(shape: [Int], floats: [Float]) {
    precondition(shape.reduce(1, *) == floats.count, "shape \(shape) does not hold \(floats.count) values")
    self.init(elementType: .float32, shape: shape, bytes: floats.withUnsafeBytes { Data($0) })
  }

  package init(shape: [Int], integers: [Int64]) {
    precondition(shape.reduce(1, *) == integers.count, "shape \(shape) does not hold \(integers.count) values")
    self.init(elementType: .int64, shape: shape, bytes: integers.withUnsafeBytes { Data($0) })
  }

  package init(shape: [Int], doubles: [Double]) {
    precondition(shape.reduce(1, *) == doubles.count, "shape \(shape) does not hold \(doubles.count) values")
    self.init(elementType: .float64, shape: shape, bytes: doubles.withUnsafeBytes { Data($0) })
  }

  /// The values when the element type is F32.
  package var floats: [Float]? { elementType == .float32 ? elements() : nil }
  /// The values when the element type is F64.
  package var doubles: [Double]? { elementType == .float64 ? elements() : nil }
  /// The values when the element type is I64.
  package var integers: [Int64]? { elementType == .int64 ? elements() : nil }

  // Every supported host is little-endian, like the format.
  private func elements<Element: BitwiseCopyable>() -> [Element] {
    let count = bytes.count / MemoryLayout<Element>.size
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }
}

// MARK: - Writing

extension SafeTensors {
  /// The metadata key of the checksum.
  package static let checksumKey = "checksum"

  /// The file's bytes; the same value gives the same bytes. Wide elements come first, then names in byte order, so every
  /// tensor is aligned to its element; the header is padded to 8 bytes with spaces.
  package func serialized() -> Data {
    let (ordered, header) = (orderedEntries, header)
    var file = Data(capacity: 8 + header.count + ordered.reduce(0) { $0 + $1.entry.bytes.count })
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { file.append(contentsOf: $0) }
    file.append(header)
    for (_, entry) in ordered { file.append(entry.bytes) }
    return file
  }

  /// A fingerprint of all that a file of these tensors holds, the checksum itself aside.
  package var checksum: String {
    var bare = self
    bare.metadata[SafeTensors.checksumKey] = nil
    var fingerprint = Fingerprint()
    fingerprint.add(bare.header)
    for (_, entry) in bare.orderedEntries { fingerprint.add(entry.bytes) }
    return fingerprint.text
  }

  private var orderedEntries: [(name: String, entry: Entry)] {
    entries.map { (name: $0.key, entry: $0.value) }.sorted { a, b in
      let (widthA, widthB) = (a.entry.elementType.byteCount, b.entry.elementType.byteCount)
      return widthA != widthB ? widthA > widthB : Array(a.name.utf8).lexicographicallyPrecedes(Array(b.name.utf8))
    }
  }

  private var header: Data {
    var header: [String: JSON] = [:]
    if !metadata.isEmpty { header["__metadata__"] = .object(metadata.mapValues(JSON.string)) }
    var offset = 0
    for (name, entry) in orderedEntries {
      precondition(name != "__metadata__", "a tensor may not be named __metadata__")
      let end = offset + entry.bytes.count
      header[name] = [
        "dtype": .string(entry.elementType.rawValue), "shape": .array(entry.shape.map(JSON.integer)),
        "data_offsets": [.integer(offset), .integer(end)],
      ]
      offset = end
    }
    var text = Data(JSON.object(header).text().utf8)
    text.append(contentsOf: [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8))
    return text
  }
}

// MARK: - Reading

extension SafeTensors {
  /// Reads a whole file. `name` stands for the file in errors.
  package init(parsing file: Data, name: String) throws(CheckpointError) {
    func malformed(_ reason: String) -> CheckpointError { .malformed(file: name, reason: reason) }
    guard file.count >= 8 else { throw malformed("it is shorter than 8 bytes") }
    let declared = file.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard declared <= UInt64(SafeTensors.maximumHeaderBytes), Int(declared) <= file.count - 8 else {
      throw malformed("the header claims \(declared) bytes")
    }
    let dataStart = 8 + Int(declared)
    let headerBytes = file.dropFirst(8).prefix(Int(declared))
    let parsed: JSON
    do throws(JSONSyntaxError) {
      parsed = try JSON.parse(headerBytes)
    } catch {
      throw malformed("the header is not strict JSON at byte \(error.offset): \(error.reason)")
    }
    guard case .object(var header) = parsed else { throw malformed("the header is not a JSON object") }

    metadata = [:]
    entries = [:]
    if let stored = header.removeValue(forKey: "__metadata__") {
      guard let members = stored.objectValue else { throw malformed("__metadata__ is not an object") }
      for (key, value) in members {
        guard let text = value.stringValue else { throw malformed("__metadata__ holds something that is not a text") }
        metadata[key] = text
      }
    }
    let dataCount = file.count - dataStart
    var ranges: [Range<Int>] = []
    for (tensor, description) in header {
      let (elementType, shape, range) = try SafeTensors.entry(tensor, description, dataCount: dataCount, file: name)
      ranges.append(range)
      let start = file.startIndex + dataStart
      // A slice: the entries share the file's bytes.
      entries[tensor] = Entry(elementType: elementType, shape: shape, bytes: file[start + range.lowerBound..<start + range.upperBound])
    }
    var covered = 0
    for range in ranges.sorted(by: { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }) {
      guard range.lowerBound == covered else { throw malformed("tensors overlap or leave a hole at byte \(covered)") }
      covered = range.upperBound
    }
    guard covered == dataCount else { throw malformed("\(dataCount - covered) bytes belong to no tensor") }
  }

  private static func entry(
    _ tensor: String, _ description: JSON, dataCount: Int, file: String
  ) throws(CheckpointError) -> (ElementType, [Int], Range<Int>) {
    func malformed(_ reason: String) -> CheckpointError { .malformed(file: file, reason: "tensor \(tensor): \(reason)") }
    guard let members = description.objectValue, Set(members.keys) == ["dtype", "shape", "data_offsets"] else {
      throw malformed("its entry must hold dtype, shape and data_offsets")
    }
    guard let typeName = members["dtype"]?.stringValue, let elementType = ElementType(rawValue: typeName) else {
      throw malformed("its element type is not one of \(ElementType.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard let extents = members["shape"]?.arrayValue, extents.count <= maximumRank else {
      throw malformed("its shape is not a list of at most \(maximumRank) extents")
    }
    var shape: [Int] = []
    var byteCount = elementType.byteCount
    for extent in extents {
      guard case .integer(let count) = extent, count >= 0 else { throw malformed("an extent is not a whole number") }
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: count)
      guard !overflow else { throw malformed("its shape is too large") }
      shape.append(count)
      byteCount = product
    }
    guard let offsets = members["data_offsets"]?.arrayValue, offsets.count == 2, case .integer(let begin) = offsets[0],
      case .integer(let end) = offsets[1], begin >= 0, begin <= end, end <= dataCount
    else { throw malformed("its offsets lie outside the data") }
    guard end - begin == byteCount else { throw malformed("its offsets span \(end - begin) bytes, its shape needs \(byteCount)") }
    return (elementType, shape, begin..<end)
  }

  package init(contentsOf url: URL) throws(CheckpointError) {
    let name = url.lastPathComponent
    let file: Data
    do { file = try Data(contentsOf: url) } catch {
      throw .unreadable(file: name, reason: AtomicFile.reason(of: error))
    }
    try self.init(parsing: file, name: name)
  }
}
