package import ForgeGrad
import ForgeTensor

/// Takes from enlarged images what repeats with the small image's pixels: a checkerboard.
///
/// A pixel shuffle can lay a pattern of `factor` x `factor` pixels over whole areas, and adversarial and feature losses reward it, since it looks
/// like texture. Seen through this filter no image has one, so these losses cannot ask for it, while the content loss sees the images as they
/// are and takes away what is not there. The network need not be filtered for that (`SRResNet.Architecture.smoothing`), which
/// makes edges that are one pixel sharp ring.
package struct LatticeFilter {
  private let factor: Int
  private let kernel: Variable

  /// Side of the square of small pixels over which a pattern must repeat to be seen as one.
  private static let side = 5

  package init(factor: Int) {
    self.factor = factor
    let (side, count) = (LatticeFilter.side, factor * factor)
    // From each sub-pixel its difference to the mean of all sub-pixels, on average over the square.
    let share = 1 / Float(side * side)
    let values = (0..<side * side).flatMap { tap in
      (0..<count * count).map { pair -> Float in
        let own: Float = pair / count == pair % count ? 1 : 0
        return (tap == side * side / 2 ? own : 0) - share * (own - 1 / Float(count))
      }
    }
    kernel = Variable(Tensor([side, side, count, count], values))
  }

  /// - Parameters:
  ///   - image: `[N, H·factor, W·factor, 1]`.
  ///   - enlarged: what a pattern is looked for on top of: the bicubic enlargement, which has none. Of `image`'s shape.
  /// - Returns: `image` without its pattern.
  package func callAsFunction(_ image: Variable, over enlarged: Variable) -> Variable {
    let subpixels = pixelUnshuffle(image - enlarged, factor)
    let padding = LatticeFilter.side / 2
    return enlarged + pixelShuffle(convolution(subpixels, kernel, padding: (padding, padding)), factor)
  }
}
