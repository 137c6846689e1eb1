package import ForgeGrad
package import ForgeTensor

/// `E (|∇ D(x̂)| − 1)²` on straight lines between real and generated images: keeps a critic 1-Lipschitz where it is used.
/// Source: Gulrajani et al. 2017 (WGAN-GP).
///
/// - Parameters:
///   - real, fake: `[N, …]`, constants.
///   - mixing: `[N]` in 0...1, how much of `real` each point takes.
///   - critic: gives one value per image.
/// - Returns: a scalar that can be differentiated again, to reach the critic's weights.
package func gradientPenalty(real: Tensor, fake: Tensor, mixing: Tensor, critic: (Variable) -> Variable) -> Variable {
  let count = real.shape[0]
  var extents = [Int](repeating: 1, count: real.shape.rank)
  extents[0] = count
  let share = Variable(mixing.reshaped(Shape(extents)))
  let point = Variable.parameter((share * Variable(real) + (1 - share) * Variable(fake)).value)
  let slope = gradient(of: sum(critic(point)), withRespectTo: [point], keepingGraph: true)[0]
  let norms = sqrt(sum(square(reshape(slope, [count, real.shape.count / count])), axes: [1]))
  return mean(square(norms - 1))
}
