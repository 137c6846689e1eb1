package import ForgeGrad
package import ForgeNN
import ForgeTensor
package import Foundation

/// The convolutions of a VGG network with weights from elsewhere: 3x3 kernels with ReLU, 2x2 maxima between blocks.
/// Source: Simonyan and Zisserman 2015.
///
/// Weights come as safetensors with torchvision's names, `features.N.weight` `[O, I, 3, 3]` and `features.N.bias` `[O]` in F32, for grey or
/// RGB; the numbers tell where a block ends (`N` goes up by 2 within a block and by 3 after its last convolution). Any widths and any number
/// of blocks do, so one's own network does too; other tensors are not read. Metadata `mean` and `std`, three numbers each (one for grey), say
/// what is subtracted and divided by when the input lies in 0...1; ImageNet's are taken when they are missing.
package final class VGGNetwork: @unchecked Sendable {
  /// SHA-256 of nothing but these bytes names the weights.
  package let bytes: Data
  private let store: ParameterStore
  private let blocks: [[Convolution]]
  private let channels: Int
  private let mean: [Float]
  private let deviation: [Float]

  /// Channels of each block's result.
  package let widths: [Int]

  package convenience init(contentsOf url: URL) throws(CheckpointError) {
    let name = url.lastPathComponent
    let bytes: Data
    do { bytes = try Data(contentsOf: url) } catch { throw .unreadable(file: name, reason: "the file system refused") }
    try self.init(bytes, fileName: name)
  }

  package init(_ bytes: Data, fileName: String) throws(CheckpointError) {
    let file = try SafeTensors(parsing: bytes, name: fileName)
    let kernels = try VGGNetwork.kernels(in: file, fileName)
    let store = ParameterStore(seed: 0, isBlank: true)
    var blocks: [[Convolution]] = [[]]
    for (index, kernel) in kernels.enumerated() {
      let convolution = Convolution(
        store.root["features\(kernel.number)"], inputs: kernel.inputs, outputs: kernel.outputs, kernel: 3, start: .zeros, slope: 0)
      blocks[blocks.count - 1].append(convolution)
      if index + 1 < kernels.count, kernels[index + 1].number - kernel.number == 3 { blocks.append([]) }
    }
    let reader = CheckpointReader(foreign: file, fileName: fileName)
    for (kernel, convolution) in zip(kernels, blocks.joined()) {
      convolution.weight.value = try reader.tensor(
        "features.\(kernel.number).weight", shape: convolution.weight.shape, layout: convolution.weight.layout)
      guard let bias = convolution.bias else { continue }
      bias.value = try reader.tensor("features.\(kernel.number).bias", shape: bias.shape)
    }
    channels = kernels[0].inputs
    mean = try VGGNetwork.numbers(file.metadata["mean"], channels, imageNet: [0.485, 0.456, 0.406], fileName)
    deviation = try VGGNetwork.numbers(file.metadata["std"], channels, imageNet: [0.229, 0.224, 0.225], fileName)
    guard deviation.allSatisfy({ $0 > 0 }) else { throw .wrongKind(file: fileName, reason: "its standard deviations are not above 0") }
    widths = blocks.map { $0[$0.count - 1].weight.shape[3] }
    (self.bytes, self.store, self.blocks) = (bytes, store, blocks)
  }

  /// The smallest side of an image that all blocks can halve.
  package var smallestSide: Int { 1 << (blocks.count - 1) }

  /// What each block makes of grey images `[N, H, W, 1]` in 0...1, after its last ReLU and before the maxima.
  package func blocks(of images: Variable) -> [Variable] {
    var x = images
    if channels > 1 { x = concatenate([Variable](repeating: images, count: channels), axis: 3) }
    x = (x - Variable(Tensor([1, 1, 1, channels], mean))) / Variable(Tensor([1, 1, 1, channels], deviation))
    return blocks.enumerated().map { index, block in
      if index > 0 { x = maxPool(x, size: 2) }
      for convolution in block { x = convolution(x, .frozen) }
      return x
    }
  }

  private struct Kernel {
    let number: Int
    let outputs: Int
    let inputs: Int
  }

  private static func kernels(in file: SafeTensors, _ name: String) throws(CheckpointError) -> [Kernel] {
    func wrong(_ reason: String) -> CheckpointError { .wrongKind(file: name, reason: reason) }
    var kernels: [Kernel] = []
    for (name, entry) in file.entries {
      let parts = name.split(separator: ".")
      guard parts.count == 3, parts[0] == "features", parts[2] == "weight", let number = Int(parts[1]), (0..<10_000).contains(number) else { continue }
      guard entry.shape.count == 4, entry.shape[2...] == [3, 3], entry.shape[0] > 0, entry.shape[1] > 0 else {
        throw wrong("features.\(number).weight is no kernel of 3 x 3 (networks with batch norms are not read)")
      }
      kernels.append(Kernel(number: number, outputs: entry.shape[0], inputs: entry.shape[1]))
    }
    kernels.sort { $0.number < $1.number }
    guard let first = kernels.first else { throw wrong("it has no tensor features.N.weight, as a VGG network of torchvision has") }
    guard [1, 3].contains(first.inputs) else { throw wrong("its first convolution takes \(first.inputs) channels, not 1 or 3") }
    for (before, after) in zip(kernels, kernels.dropFirst()) {
      guard after.inputs == before.outputs, [2, 3].contains(after.number - before.number) else {
        throw wrong("features.\(after.number) does not follow features.\(before.number)")
      }
    }
    return kernels
  }

  private static func numbers(_ text: String?, _ count: Int, imageNet: [Float], _ name: String) throws(CheckpointError) -> [Float] {
    guard let text else { return count == 3 ? imageNet : [imageNet.reduce(0, +) / 3] }
    let numbers = text.split(separator: ",").compactMap { Float($0.filter { $0 != " " }) }
    guard numbers.count == count, numbers.allSatisfy(\.isFinite) else {
      throw .wrongKind(file: name, reason: "its metadata mean and std must be \(count) numbers each")
    }
    return numbers
  }
}
