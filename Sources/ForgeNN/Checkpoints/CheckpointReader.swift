package import ForgeTensor
package import Foundation

/// Gives out the tensors of a checkpoint, each checked against what the network expects, and knows which nobody asked for.
package final class CheckpointReader {
  /// What the writer said of the model.
  package let description: JSON
  package let fileName: String
  private var file: SafeTensors
  private var unread: Set<String>

  package convenience init(contentsOf url: URL) throws(CheckpointError) {
    try self.init(SafeTensors(contentsOf: url), fileName: url.lastPathComponent)
  }

  /// A file without a checksum, from before there was one or from another program, is taken as it is.
  package init(_ file: SafeTensors, fileName: String) throws(CheckpointError) {
    if let stored = file.metadata[SafeTensors.checksumKey], stored != file.checksum { throw .altered(file: fileName) }
    guard let text = file.metadata[CheckpointWriter.descriptionKey] else {
      throw .wrongKind(file: fileName, reason: "the file does not say what model it holds")
    }
    do throws(JSONSyntaxError) {
      description = try JSON.parse(text)
    } catch {
      throw .malformed(file: fileName, reason: "the model's description is not strict JSON: \(error.reason)")
    }
    self.file = file
    self.fileName = fileName
    unread = Set(file.entries.keys)
  }

  /// A file that another program wrote and that describes no model.
  package init(foreign file: SafeTensors, fileName: String) {
    description = .null
    self.file = file
    self.fileName = fileName
    unread = Set(file.entries.keys)
  }

  /// A float32 tensor in memory order, of exactly this shape, all of it finite.
  package func tensor(_ name: String, shape: Shape, layout: ParameterLayout = .plain) throws(CheckpointError) -> Tensor {
    let entry = try take(name)
    guard let floats = entry.floats else {
      throw .wrongElementType(file: fileName, name: name, found: entry.elementType.rawValue, expected: "F32")
    }
    let stored = layout.permutation.map { order in order.map { shape[$0] } } ?? shape.dimensions
    guard entry.shape == stored else { throw .wrongShape(file: fileName, name: name, found: entry.shape, expected: stored) }
    guard floats.allSatisfy(\.isFinite) else { throw .notFinite(file: fileName, name: name) }
    let tensor = Tensor(Shape(stored), floats)
    return layout.inversePermutation.map { transpose(tensor, $0) } ?? tensor
  }

  package func counter(_ name: String) throws(CheckpointError) -> Int64 {
    let entry = try take(name)
    guard let values = entry.integers else {
      throw .wrongElementType(file: fileName, name: name, found: entry.elementType.rawValue, expected: "I64")
    }
    guard entry.shape == [1], values[0] >= 0 else { throw .wrongShape(file: fileName, name: name, found: entry.shape, expected: [1]) }
    return values[0]
  }

  /// A number in 0...1.
  package func fraction(_ name: String) throws(CheckpointError) -> Double {
    let entry = try take(name)
    guard let values = entry.doubles else {
      throw .wrongElementType(file: fileName, name: name, found: entry.elementType.rawValue, expected: "F64")
    }
    guard entry.shape == [1] else { throw .wrongShape(file: fileName, name: name, found: entry.shape, expected: [1]) }
    guard (0...1).contains(values[0]) else { throw .notFinite(file: fileName, name: name) }
    return values[0]
  }

  /// Fills parameters by name, below `path` when there is one. Nothing is changed when one of them fails.
  package func restore(_ parameters: [Parameter], path: String = "") throws(CheckpointError) {
    var values: [Tensor] = []
    for parameter in parameters {
      let name = path.isEmpty ? parameter.name : "\(path)/\(parameter.name)"
      values.append(try tensor(name, shape: parameter.shape, layout: parameter.layout))
    }
    for (parameter, value) in zip(parameters, values) { parameter.value = value }
  }

  /// Throws when the file holds a tensor that nobody has asked for; then lets go of its bytes.
  package func finish() throws(CheckpointError) {
    if let name = unread.min() { throw .unknownTensor(file: fileName, name: name) }
    file.entries = [:]
  }

  private func take(_ name: String) throws(CheckpointError) -> SafeTensors.Entry {
    guard let entry = file.entries[name] else { throw .missingTensor(file: fileName, name: name) }
    unread.remove(name)
    return entry
  }
}
