package import ForgeGrad
import ForgeTensor

/// Mean of −log softmax at the true class, with `smoothing` of the target spread over all classes.
///
/// - Parameters:
///   - logits: `[N, classes]`.
///   - labels: N class indexes in `0..<classes`.
/// - Returns: a scalar. Source of smoothing: Szegedy et al. 2016.
package func crossEntropy(_ logits: Variable, labels: [Int32], smoothing: Float = 0) -> Variable {
  let count = logits.shape[0]
  let classes = logits.shape[1]
  precondition(labels.count == count, "crossEntropy: \(labels.count) labels for \(count) rows")
  precondition(labels.allSatisfy { 0 <= $0 && $0 < classes }, "crossEntropy: a label is outside 0..<\(classes)")
  var target = [Float](repeating: smoothing / Float(classes), count: count * classes)
  for (row, label) in labels.enumerated() { target[row * classes + Int(label)] += 1 - smoothing }
  let weights = Variable(Tensor([count, classes], target))
  return -sum(weights * logSoftmax(logits)) / Float(count)
}
