package import ForgeTensor
package import Foundation

/// Collects tensors for a safetensors file in PyTorch's axis order.
package struct CheckpointWriter {
  /// The metadata key whose value describes the model, as canonical JSON.
  package static let descriptionKey = "scanforge"

  private var file: SafeTensors

  /// - Parameter description: what a reader must know to build the network; no times, paths or host names.
  package init(description: JSON) {
    file = SafeTensors(metadata: [CheckpointWriter.descriptionKey: description.text()])
  }

  /// Adds a tensor; the name must be new.
  package mutating func add(_ tensor: Tensor, as name: String, layout: ParameterLayout = .plain) {
    let stored = layout.permutation.map { transpose(tensor, $0) } ?? tensor
    add(SafeTensors.Entry(shape: stored.shape.dimensions, floats: stored.values), as: name)
  }

  package mutating func add(counter: Int64, as name: String) {
    add(SafeTensors.Entry(shape: [1], integers: [counter]), as: name)
  }

  package mutating func add(fraction: Double, as name: String) {
    add(SafeTensors.Entry(shape: [1], doubles: [fraction]), as: name)
  }

  /// Adds parameters under their own names, below `path` when there is one.
  package mutating func add(_ parameters: [Parameter], path: String = "") {
    for parameter in parameters {
      add(parameter.value, as: path.isEmpty ? parameter.name : "\(path)/\(parameter.name)", layout: parameter.layout)
    }
  }

  private mutating func add(_ entry: SafeTensors.Entry, as name: String) {
    precondition(file.entries.updateValue(entry, forKey: name) == nil, "two tensors are named \(name)")
  }

  /// The file's bytes, with a checksum; equal content gives equal bytes.
  package func serialized() -> Data {
    var sealed = file
    sealed.metadata[SafeTensors.checksumKey] = file.checksum
    return sealed.serialized()
  }

  package func write(to url: URL) throws(CheckpointError) { try AtomicFile.write(serialized(), to: url) }
}

extension ParameterLayout {
  /// Axis order that takes memory to disk; nil when it is the same.
  var permutation: [Int]? {
    switch self {
    case .plain: nil
    case .linear: [1, 0]
    case .convolution: [3, 2, 0, 1]
    }
  }

  /// Axis order that takes disk to memory.
  var inversePermutation: [Int]? {
    switch self {
    case .plain: nil
    case .linear: [1, 0]
    case .convolution: [2, 3, 1, 0]
    }
  }
}
