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

  package init(groups: Int, rows: Int, channels: Int, rowsPerGamma: Int = 0, epsilon: Float, activationSlope: Float? = nil) {
    self.groups = groups
    self.rows = rows
    self.channels = channels
    self.rowsPerGamma = rowsPerGamma
    self.epsilon = epsilon
    self.activationSlope = activationSlope
  }

  var kernel: fk_norm_geometry {
    fk_norm_geometry(
      groups: Int64(groups), rows: Int64(rows), channels: Int64(channels), rows_per_gamma: Int64(rowsPerGamma), epsilon: epsilon,
      activation: activationSlope == nil ? FK_ACT_NONE : FK_ACT_LEAKY_RELU, slope: activationSlope ?? 0)
  }
}

/// Result and per-group statistics `[groups, channels]` of a fused normalization.
package struct Normalized: Sendable {
  package let y: Tensor
  package let mean: Tensor
  /// `1 / sqrt(variance + epsilon)`, variance over n, not n − 1.
  package let inverseDeviation: Tensor
}

/// `y = act((x − mean) · inverseDeviation · gamma + beta)` in one kernel.
package func normalize(_ x: Tensor, gamma: Tensor?, beta: Tensor?, _ geometry: NormalizationGeometry) -> Normalized {
  var kernel = geometry.kernel
  let slots = KernelTable.current.slots
  let bytes = slots.pointee.norm_workspace(&kernel)
  let workspace = Buffer(count: (bytes + 3) / 4)
  let y = Tensor(uninitialized: x.shape)
  let mean = Tensor(uninitialized: [geometry.groups, geometry.channels])
  let inverseDeviation = Tensor(uninitialized: mean.shape)
  require(
    slots.pointee.norm_forward(
      &kernel, x.pointer, gamma?.pointer, beta?.pointer, y.pointer, mean.pointer, inverseDeviation.pointer, workspace.pointer, bytes),
    "normalize \(x.shape)")
  withExtendedLifetime((workspace, gamma, beta)) {}
  return Normalized(y: y, mean: mean, inverseDeviation: inverseDeviation)
}

/// Gradients of `normalize` in `x`, gamma and beta; the last two are nil when there is no gamma.
package func normalizeGradient(
  _ g: Tensor, x: Tensor, gamma: Tensor?, beta: Tensor?, mean: Tensor, inverseDeviation: Tensor, _ geometry: NormalizationGeometry
) -> (x: Tensor, gamma: Tensor?, beta: Tensor?) {
  var kernel = geometry.kernel
  let slots = KernelTable.current.slots
  let bytes = slots.pointee.norm_workspace(&kernel)
  let workspace = Buffer(count: (bytes + 3) / 4)
  let dx = Tensor(uninitialized: x.shape)
  let dgamma = gamma.map { Tensor(uninitialized: $0.shape) }
  let dbeta = beta.map { Tensor(uninitialized: $0.shape) }
  require(
    slots.pointee.norm_backward(
      &kernel, x.pointer, gamma?.pointer, beta?.pointer, mean.pointer, inverseDeviation.pointer, g.pointer, dx.pointer, dgamma?.pointer,
      dbeta?.pointer, workspace.pointer, bytes),
    "normalize gradient \(x.shape)")
  withExtendedLifetime((workspace, gamma, beta, mean, inverseDeviation, g)) {}
  return (dx, dgamma, dbeta)
}
