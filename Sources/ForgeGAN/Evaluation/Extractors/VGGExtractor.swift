package import ForgeGrad
package import Foundation

/// Features of a VGG network with weights from elsewhere: of each block's channels the mean over the image. What such a network was trained
/// on, photographs as a rule, decides what it sees.
package struct VGGExtractor: FeatureExtractor {
  package let name = "vgg"
  private let network: VGGNetwork

  package init(_ network: VGGNetwork) { self.network = network }

  package var width: Int { network.widths.reduce(0, +) }
  package var sizes: ClosedRange<Int> { max(16, network.smallestSide)...4096 }
  package var weights: Data { network.bytes }

  package func features(_ images: Variable) -> Variable { concatenate(maps(images).map { mean($0, axes: [1, 2]) }, axis: 1) }

  package func maps(_ images: Variable) -> [Variable] { network.blocks(of: images * 0.5 + 0.5) }
}
