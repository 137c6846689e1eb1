package import ForgeGrad
import ForgeTensor

/// `x > 0 ? x : slope · x` with a learned slope per channel. Source: He et al. 2015.
package struct PReLU {
  package let slopes: Parameter

  package init(_ scope: ParameterScope, channels: Int, start: Float = 0.25) {
    slopes = scope.weight("slopes", [channels], start: .constant(start))
  }

  package func callAsFunction(_ x: Variable, _ mode: Mode) -> Variable { prelu(x, slopes: slopes.read(mode)) }
}
