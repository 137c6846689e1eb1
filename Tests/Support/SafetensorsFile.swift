package import Foundation

/// A safetensors file as reference values need it: all numbers as `Double`, cases with their parameters from the metadata.
package struct SafetensorsFile {
  package struct Entry {
    package let shape: [Int]
    package let values: [Double]
  }

  private let data: Data
  private let header: [String: Any]
  private let start: Int
  /// Parameters of each case.
  package let cases: [String: [String: Any]]

  package enum Failure: Error { case malformed(String) }

  package init(_ url: URL) throws {
    data = try Data(contentsOf: url)
    guard data.count >= 8 else { throw Failure.malformed("shorter than its length field") }
    let length = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    guard length <= data.count - 8, let header = try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any] else {
      throw Failure.malformed("header")
    }
    self.header = header
    start = 8 + length
    let text = (header["__metadata__"] as? [String: String])?["cases"] ?? "{}"
    cases = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: [String: Any]] ?? [:]
  }

  /// Names of the tensors of `case`, without its prefix.
  package func names(of name: String) -> [String] {
    header.keys.filter { $0.hasPrefix(name + "/") }.map { String($0.dropFirst(name.count + 1)) }.sorted()
  }

  package func entry(_ name: String) throws -> Entry {
    guard let field = header[name] as? [String: Any], let shape = field["shape"] as? [Int], let type = field["dtype"] as? String,
      let offsets = field["data_offsets"] as? [Int]
    else { throw Failure.malformed("no tensor \(name)") }
    let bytes = data[(start + offsets[0])..<(start + offsets[1])]
    let values: [Double] = try bytes.withUnsafeBytes { raw in
      switch type {
      case "F32": stride(from: 0, to: raw.count, by: 4).map { Double(raw.loadUnaligned(fromByteOffset: $0, as: Float.self)) }
      case "F64": stride(from: 0, to: raw.count, by: 8).map { raw.loadUnaligned(fromByteOffset: $0, as: Double.self) }
      case "I64": stride(from: 0, to: raw.count, by: 8).map { Double(raw.loadUnaligned(fromByteOffset: $0, as: Int64.self)) }
      default: throw Failure.malformed("type \(type) of \(name)")
      }
    }
    return Entry(shape: shape, values: values)
  }
}
