package import ForgeNN
package import ForgeTensor

/// How often images are augmented, kept where the discriminator does not learn the training images by heart.
///
/// `r = E sign D(real)` is near 0 while the discriminator cannot tell and near 1 once it knows every real image. Every few steps the
/// probability goes up when r is above the target, else down. Source: Karras et al. 2020 (ADA).
///
/// Its state lies in buffers of the model's own store, so checkpoints hold it.
package struct AdaptiveProbability {
  /// Steps between two changes.
  package static let interval = 4

  private let buffer: Parameter
  /// Sum of r over the steps since the last change.
  private let signs: Parameter
  /// The r to be kept.
  package let target: Float
  /// Images that take the probability from 0 to 1 at the fastest.
  package let span: Int

  /// In 0...1; begins at 0.
  package var probability: Float { buffer.value.scalar }

  package init(_ scope: ParameterScope, target: Float, span: Int) {
    buffer = scope.buffer("probability", [], start: .zeros)
    signs = scope.buffer("signs", [], start: .zeros)
    self.target = target
    self.span = span
  }

  /// Takes in what the discriminator said of the real images of a step.
  package func record(real: Tensor, step: Int) {
    let said = real.values
    let balance = said.reduce(0) { $0 + ($1 > 0 ? 1 : $1 < 0 ? -1 : 0) }
    let sum = signs.value.scalar + Float(balance) / Float(said.count)
    let isDue = (step + 1) % AdaptiveProbability.interval == 0
    signs.value = Tensor(isDue ? 0 : sum)
    guard isDue else { return }
    let change = Float(AdaptiveProbability.interval * said.count) / Float(span)
    let isOverfitted = sum / Float(AdaptiveProbability.interval) > target
    buffer.value = Tensor(min(1, max(0, probability + (isOverfitted ? change : -change))))
  }
}
