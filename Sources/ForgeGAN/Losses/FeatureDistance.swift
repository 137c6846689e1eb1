package import ForgeGrad
import ForgeTensor

/// How far two sets of maps lie apart, whatever their scales: of each map the mean absolute difference over the mean magnitude of the true
/// one; the mean over the maps.
///
/// Source: Johnson et al. 2016 (feature reconstruction), with a scale taken from the truth, so that no network's weights need a factor.
package func featureDistance(_ made: [Variable], _ truth: [Variable]) -> Variable {
  precondition(!made.isEmpty && made.count == truth.count, "featureDistance: \(made.count) and \(truth.count) maps")
  var sum = Variable(0)
  for (mine, wanted) in zip(made, truth) {
    let wanted = wanted.detached()
    let scale = withoutRecording { mean(abs(wanted)).scalar }
    sum = sum + mean(abs(mine - wanted)) * (1 / max(scale, 1e-6))
  }
  return sum * (1 / Float(made.count))
}
