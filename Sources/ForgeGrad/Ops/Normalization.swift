package import ForgeTensor

/// A normalized batch with the statistics that running averages need.
package struct BatchNormalized {
  package let y: Variable
  /// `[C]`.
  package let mean: Tensor
  /// `[C]`, over n, not n − 1.
  package let variance: Tensor
  /// Values per channel that the statistics were taken over.
  package let sampleCount: Int
}

/// Batch normalization with the batch's own statistics, then an affine map, then leaky ReLU when `activationSlope` is given or PReLU when
/// `slopes` are.
///
/// - Parameters:
///   - x: `[N, …, C]`.
///   - gamma, beta: `[C]`, or `[N, C]` for class-conditional ones; nil for none.
///   - slopes: `[C]` or `[1]`.
///
/// One fused kernel each way. When a gradient keeps its graph, the composite is recorded instead, so any order works.
package func batchNormalize(
  _ x: Variable, _ gamma: Variable? = nil, _ beta: Variable? = nil, epsilon: Float = 1e-5, activationSlope: Float? = nil,
  slopes: Variable? = nil
) -> Variable {
  batchNormalizeWithStatistics(x, gamma, beta, epsilon: epsilon, activationSlope: activationSlope, slopes: slopes).y
}

/// `batchNormalize` that also tells the batch's mean and variance.
package func batchNormalizeWithStatistics(
  _ x: Variable, _ gamma: Variable? = nil, _ beta: Variable? = nil, epsilon: Float = 1e-5, activationSlope: Float? = nil,
  slopes: Variable? = nil
) -> BatchNormalized {
  let channels = x.shape[-1]
  let rows = x.shape.count / channels
  let (y, statistics) = fused(x, gamma, beta, groups: 1, rows: rows, epsilon, activationSlope, slopes)
  let variance = square(reciprocal(statistics.inverseDeviation)) - epsilon
  return BatchNormalized(y: y, mean: statistics.mean.reshaped([channels]), variance: variance.reshaped([channels]), sampleCount: rows)
}

/// Instance normalization: statistics per sample and channel; parameters as for `batchNormalize`.
package func instanceNormalize(
  _ x: Variable, _ gamma: Variable? = nil, _ beta: Variable? = nil, epsilon: Float = 1e-5, activationSlope: Float? = nil,
  slopes: Variable? = nil
) -> Variable {
  fused(x, gamma, beta, groups: x.shape[0], rows: x.shape.count / x.shape[-1] / x.shape[0], epsilon, activationSlope, slopes).0
}

/// Normalization by given statistics (`[C]`): batch normalization at inference.
package func affineNormalize(
  _ x: Variable, _ gamma: Variable? = nil, _ beta: Variable? = nil, mean: Tensor, variance: Tensor, epsilon: Float = 1e-5
) -> Variable {
  let inverse = Variable(reciprocal(sqrt(variance + epsilon)))
  let scale = gamma.map { $0 * inverse } ?? inverse
  let shifted = (x - Variable(mean)) * scale
  return beta.map { shifted + $0 } ?? shifted
}

/// Group normalization: statistics per sample over the pixels and channels of each of `groups` groups. `gamma`, `beta`: `[C]`.
package func groupNormalize(_ x: Variable, groups: Int, _ gamma: Variable? = nil, _ beta: Variable? = nil, epsilon: Float = 1e-5)
  -> Variable
{
  let (n, c) = (x.shape[0], x.shape[-1])
  promise(c % groups == 0, "groupNormalize: \(c) channels in \(groups) groups")
  let grouped = reshape(x, [n, x.shape.count / (n * c), groups, c / groups])
  return affine(reshape(centered(grouped, over: [1, 3], epsilon), x.shape), gamma, beta)
}

/// Layer normalization over the last axis. `gamma`, `beta`: its extent.
package func layerNormalize(_ x: Variable, _ gamma: Variable? = nil, _ beta: Variable? = nil, epsilon: Float = 1e-5) -> Variable {
  affine(centered(x, over: [x.shape.rank - 1], epsilon), gamma, beta)
}

/// Each pixel's channels divided by their root mean square (Karras et al. 2018).
package func pixelNormalize(_ x: Variable, epsilon: Float = 1e-8) -> Variable {
  x / sqrt(mean(square(x), axes: [-1], keepingDimensions: true) + epsilon)
}

/// The plain composite behind batch and instance normalization: the fused kernels' oracle, and what second order differentiates.
package func composedNormalize(
  _ x: Variable, _ gamma: Variable?, _ beta: Variable?, slopes: Variable? = nil, _ geometry: NormalizationGeometry
) -> Variable {
  let grouped = reshape(x, [geometry.groups, geometry.rows, geometry.channels])
  var y = reshape(centered(grouped, over: [1], geometry.epsilon), x.shape)
  y = affine(y, gamma.map { perSample($0, x.shape, geometry) }, beta.map { perSample($0, x.shape, geometry) })
  if let slopes { return composedPReLU(y, slopes: slopes) }
  return geometry.activationSlope.map { leakyReLU(y, slope: $0) } ?? y
}

private func centered(_ x: Variable, over axes: [Int], _ epsilon: Float) -> Variable {
  let difference = x - mean(x, axes: axes, keepingDimensions: true)
  let variance = mean(square(difference), axes: axes, keepingDimensions: true)
  return difference / sqrt(variance + epsilon)
}

private func affine(_ x: Variable, _ gamma: Variable?, _ beta: Variable?) -> Variable {
  let scaled = gamma.map { x * $0 } ?? x
  return beta.map { scaled + $0 } ?? scaled
}

/// `[N, C]` as `[N, 1, …, C]`; `[C]` as it is.
private func perSample(_ parameter: Variable, _ shape: Shape, _ geometry: NormalizationGeometry) -> Variable {
  guard geometry.rowsPerGamma != 0 else { return parameter }
  return reshape(parameter, Shape([shape[0]] + [Int](repeating: 1, count: shape.rank - 2) + [geometry.channels]))
}

private func fused(
  _ x: Variable, _ gamma: Variable?, _ beta: Variable?, groups: Int, rows: Int, _ epsilon: Float, _ activationSlope: Float?,
  _ slopes: Variable?
) -> (Variable, Normalized) {
  let channels = x.shape[-1]
  let isConditional = (gamma ?? beta).map { $0.shape.rank == 2 && $0.shape[0] > 1 } ?? false
  for parameter in [gamma, beta] {
    guard let parameter else { continue }
    promise(
      parameter.shape.count == (isConditional ? x.shape[0] * channels : channels),
      "normalize: parameter \(parameter.shape) for x \(x.shape)")
  }
  if let slopes { promise(slopes.shape.count == 1 || slopes.shape.count == channels, "normalize: slopes \(slopes.shape) for x \(x.shape)") }
  let geometry = NormalizationGeometry(
    groups: groups, rows: rows, channels: channels, rowsPerGamma: isConditional ? groups * rows / x.shape[0] : 0, epsilon: epsilon,
    activationSlope: activationSlope, slopeCount: slopes?.shape.count ?? 0)
  // The kernel knows gamma and beta together or not at all.
  let one = gamma ?? beta.map { Variable.ones($0.shape) }
  let zero = beta ?? gamma.map { Variable.zeros($0.shape) }
  let result = normalize(x.value, NormalizationParameters(gamma: one?.value, beta: zero?.value, slopes: slopes?.value), geometry)
  let inputs = [x] + [one, zero, slopes].compactMap { $0 }
  let y = OpCatalog.record(
    .normalize, inputs, .normalization(geometry), value: result.y, extras: [result.mean, result.inverseDeviation])
  return (y, result)
}

/// The inputs of a normalization after the first: gamma and beta if there are any, then slopes.
private struct NormalizationInputs {
  let geometry: NormalizationGeometry
  let hasAffine: Bool
  let slopes: Int?

  init(_ node: Node) {
    guard case .normalization(let geometry) = node.attributes else { fatalError("normalize without its geometry") }
    self.geometry = geometry
    hasAffine = node.inputs.count >= 3
    slopes = geometry.slopeCount > 0 ? node.inputs.count - 1 : nil
  }

  func parameters(_ node: Node) -> NormalizationParameters {
    NormalizationParameters(
      gamma: hasAffine ? node.savedInput(1) : nil, beta: hasAffine ? node.savedInput(2) : nil, slopes: slopes.map { node.savedInput($0) })
  }
}

@Sendable func remadeNormalize(_ node: Node) -> Tensor {
  let inputs = NormalizationInputs(node)
  return normalize(
    node.savedInput(0), inputs.parameters(node), mean: node.extras[0], inverseDeviation: node.extras[1], inputs.geometry)
}

@Sendable func normalizeVJP(_ b: Backward) -> [Variable?] {
  let places = NormalizationInputs(b.node)
  guard Recording.isOn else {
    let parts = normalizeGradient(
      b.takeG().takeValue(), x: b.x(0).value, places.parameters(b.node), mean: b.node.extras[0], inverseDeviation: b.node.extras[1],
      places.geometry)
    var gradients: [Variable?] = [Variable(parts.x)]
    if places.hasAffine { gradients += [parts.parameters.gamma.map { Variable($0) }, parts.parameters.beta.map { Variable($0) }] }
    if let slopes = places.slopes, let perChannel = parts.parameters.slopes {
      let shape = b.shape(slopes)
      gradients.append(Variable((shape.count == 1 ? sum(perChannel) : perChannel).reshaped(shape)))
    }
    return gradients
  }
  let inputs = b.needs.indices.map { identity(b.x($0)) }
  let y = composedNormalize(
    inputs[0], places.hasAffine ? inputs[1] : nil, places.hasAffine ? inputs[2] : nil, slopes: places.slopes.map { inputs[$0] },
    places.geometry)
  return pullback(y, inputs, seed: b.g, isReleasing: false)
}
