package import ForgeGrad

/// A convolution to `outputs · factor²` channels whose sub-pixels are then laid out: `[N, H, W, inputs]` to
/// `[N, H·factor, W·factor, outputs]`. Source: Shi et al. 2016; start by Aitken et al. 2017.
package struct PixelShuffleUpsampler {
  package let conv: Convolution
  let factor: Int

  package init(
    _ scope: ParameterScope, inputs: Int, outputs: Int, factor: Int, kernel: Int = 3, start: Initializer = .he(slope: 0)
  ) {
    conv = Convolution(
      scope["conv"], inputs: inputs, outputs: outputs * factor * factor, kernel: kernel, start: .subpixel(factor: factor, start))
    self.factor = factor
  }

  package func callAsFunction(_ x: Variable, _ mode: Mode) -> Variable { pixelShuffle(conv(x, mode), factor) }
}
