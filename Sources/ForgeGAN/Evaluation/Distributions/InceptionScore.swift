import Foundation

/// `exp` of the mean Kullback-Leibler divergence between each row's class probabilities and their mean (Salimans et al. 2016), mean over
/// `splits` parts, of which the first `count % splits` have one row more. From 1 to the number of classes; without meaning unless the
/// classifier knows the images.
///
/// - Parameter probabilities: one row per image, each summing to 1.
package func inceptionScore(_ probabilities: FeatureSet, splits: Int = 1) -> (mean: Double, deviation: Double) {
  precondition(splits > 0 && probabilities.count >= splits, "\(probabilities.count) rows in \(splits) parts")
  var scores: [Double] = []
  var first = 0
  for split in 0..<splits {
    let count = probabilities.count / splits + (split < probabilities.count % splits ? 1 : 0)
    let part = probabilities.rows(first..<first + count)
    let mean = part.mean
    var divergence = 0.0
    for row in 0..<count { for (p, q) in zip(part[row], mean) where p > 0 { divergence += p * log(p / q) } }
    scores.append(exp(divergence / Double(count)))
    first += count
  }
  let mean = scores.reduce(0, +) / Double(splits)
  return (mean, (scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(splits)).squareRoot())
}
