package import ForgeGrad
import ForgeTensor

/// `½ · E |∇ₓ D(x)|²` on real images: keeps the discriminator flat where the data lie. Source: Mescheder et al. 2018.
///
/// - Parameters:
///   - logits: `D(real)`, any shape whose values depend on one image each.
///   - real: the leaf `[N, …]` from which `logits` were computed.
/// - Returns: a scalar that can be differentiated again, to reach the discriminator's weights.
package func r1Penalty(logits: Variable, real: Variable) -> Variable {
  let slope = gradient(of: sum(logits), withRespectTo: [real], keepingGraph: true)[0]
  return sum(square(slope)) * (0.5 / Float(real.shape[0]))
}
