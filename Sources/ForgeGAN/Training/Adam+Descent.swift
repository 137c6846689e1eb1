package import ForgeGrad
package import ForgeNN
import ForgeTensor

extension Adam {
  /// One step down the gradient of the mean of `parts` objectives: a batch worked through in parts, in the memory of one.
  ///
  /// Gradients are added up in the order of the parts, each divided by their number first. Where an objective is a mean over its images and
  /// no image's result depends on the others, that is the gradient of the whole batch but for rounding; batch norms see their part alone.
  ///
  /// - Parameters:
  ///   - average: moves too, as in `update`.
  ///   - objective: a scalar for the part with that index; called in order, its graph is gone before the next is made.
  package func descend(
    parts: Int = 1, averaging average: ExponentialMovingAverage? = nil, decay: Float = 0, _ objective: (Int) -> Variable
  ) {
    var sums = part(0, of: parts, objective)
    for index in 1..<max(1, parts) {
      for (place, more) in part(index, of: parts, objective).enumerated() { sums[place] = sums[place] + more }
    }
    update(sums, averaging: average, decay: decay)
  }

  private func part(_ index: Int, of parts: Int, _ objective: (Int) -> Variable) -> [Tensor] {
    let whole = objective(index)
    return gradient(of: parts == 1 ? whole : whole * (1 / Float(parts)), withRespectTo: variables).map(\.value)
  }
}
