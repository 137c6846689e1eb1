internal import CForgeKernels

/// What one fused normalization does: groups of rows of an array whose last axis is channels, statistics per group and channel.
package struct NormalizationGeometry: Hashable, Sendable {
  /// 1 for batch norm, N for instance norm.
  package var groups: Int
  /// Rows per group.
  package var rows: Int
  package var channels: Int
  /// Consecutive rows that one row of gamma and beta serves; 0 when there is one row for all.
  package var rowsPerGamma: Int
  package var epsilon: Float
  /// Leaky ReLU after the affine map; nil for none.
  package var activationSlope: Float?
  /// PReLU after the affine map: the number of its slopes, 1 or `channels`; 0 for none.
  package var slopeCount: Int

  package init(
    groups: Int, rows: Int, channels: Int, rowsPerGamma: Int = 0, epsilon: Float, activationSlope: Float? = nil, slopeCount: Int = 0
  ) {
    promise(slopeCount == 0 || activationSlope == nil, "normalize: leaky ReLU and PReLU at once")
    self.groups = groups
    self.rows = rows
    self.channels = channels
    self.rowsPerGamma = rowsPerGamma
    self.epsilon = epsilon
    self.activationSlope = activationSlope
    self.slopeCount = slopeCount
  }

  var kernel: fk_norm_geometry {
    fk_norm_geometry(
      groups: Int64(groups), rows: Int64(rows), channels: Int64(channels), rows_per_gamma: Int64(rowsPerGamma), epsilon: epsilon,
      activation: slopeCount > 0 ? FK_ACT_PRELU : activationSlope == nil ? FK_ACT_NONE : FK_ACT_LEAKY_RELU, slope: activationSlope ?? 0,
      slope_count: Int64(slopeCount))
  }
}

/// Result and per-group statistics `[groups, channels]` of a fused normalization.
package struct Normalized: Sendable {
  package let y: Tensor
  package let mean: Tensor
  /// `1 / sqrt(variance + epsilon)`, variance over n, not n − 1.
  package let inverseDeviation: Tensor
}

/// What a normalization reads beside its input: scale and shift together or not at all, the slopes with PReLU alone.
package struct NormalizationParameters: Sendable {
  package var gamma: Tensor?
  package var beta: Tensor?
  package var slopes: Tensor?

  package init(gamma: Tensor? = nil, beta: Tensor? = nil, slopes: Tensor? = nil) {
    self.gamma = gamma
    self.beta = beta
    self.slopes = slopes
  }
}

/// `y = act((x − mean) · inverseDeviation · gamma + beta)` in one kernel.
package func normalize(_ x: Tensor, _ parameters: NormalizationParameters, _ geometry: NormalizationGeometry) -> Normalized {
  var kernel = geometry.kernel
  let slots = KernelTable.current.slots
  let bytes = slots.pointee.norm_workspace(&kernel)
  let workspace = Buffer(count: (bytes + 3) / 4)
  let y = Tensor(uninitialized: x.shape)
  let mean = Tensor(uninitialized: [geometry.groups, geometry.channels])
  let inverseDeviation = Tensor(uninitialized: mean.shape)
  require(
    slots.pointee.norm_forward(
      &kernel, x.pointer, parameters.gamma?.pointer, parameters.beta?.pointer, parameters.slopes?.pointer, y.pointer, mean.pointer,
      inverseDeviation.pointer, workspace.pointer, bytes),
    "normalize \(x.shape)")
  withExtendedLifetime((workspace, parameters)) {}
  return Normalized(y: y, mean: mean, inverseDeviation: inverseDeviation)
}

/// The result of `normalize` again, from its statistics: the same bytes.
package func normalize(
  _ x: Tensor, _ parameters: NormalizationParameters, mean: Tensor, inverseDeviation: Tensor, _ geometry: NormalizationGeometry
) -> Tensor {
  var kernel = geometry.kernel
  let y = Tensor(uninitialized: x.shape)
  require(
    KernelTable.current.slots.pointee.norm_apply(
      &kernel, x.pointer, parameters.gamma?.pointer, parameters.beta?.pointer, parameters.slopes?.pointer, mean.pointer,
      inverseDeviation.pointer, y.pointer),
    "normalize \(x.shape)")
  withExtendedLifetime((parameters, mean, inverseDeviation)) {}
  return y
}

/// Gradients of `normalize` in `x` and its parameters; the slopes' one has a value per channel, whatever their number. Writes over `g` when
/// nobody else holds it.
package func normalizeGradient(
  _ g: consuming Tensor, x: Tensor, _ parameters: NormalizationParameters, mean: Tensor, inverseDeviation: Tensor,
  _ geometry: NormalizationGeometry
) -> (x: Tensor, parameters: NormalizationParameters) {
  var kernel = geometry.kernel
  let slots = KernelTable.current.slots
  let bytes = slots.pointee.norm_workspace(&kernel)
  let workspace = Buffer(count: (bytes + 3) / 4)
  var g = g
  let dx = g.isUnique() ? g : Tensor(uninitialized: x.shape)
  let gradients = NormalizationParameters(
    gamma: parameters.gamma.map { Tensor(uninitialized: $0.shape) }, beta: parameters.beta.map { Tensor(uninitialized: $0.shape) },
    slopes: parameters.slopes.map { _ in Tensor(uninitialized: [geometry.channels]) })
  require(
    slots.pointee.norm_backward(
      &kernel, x.pointer, parameters.gamma?.pointer, parameters.beta?.pointer, parameters.slopes?.pointer, mean.pointer,
      inverseDeviation.pointer, g.pointer, dx.pointer, gradients.gamma?.pointer, gradients.beta?.pointer, gradients.slopes?.pointer,
      workspace.pointer, bytes),
    "normalize gradient \(x.shape)")
  withExtendedLifetime((workspace, parameters, mean, inverseDeviation, g)) {}
  return (dx, gradients)
}
