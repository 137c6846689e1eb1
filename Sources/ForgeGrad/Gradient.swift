package import ForgeTensor

/// Gradients of `Σ seed · y` with respect to each of `xs`, by one walk over the tape in reverse.
///
/// - Parameters:
///   - y: any shape; a loss has one element.
///   - xs: leaves or results of ops.
///   - seed: `y`'s shape; ones when nil, so a `y` of many elements is summed.
///   - keepingGraph: records the backward pass itself, so that the gradients can be differentiated again, and leaves `y`'s graph
///     usable. When false the gradients are constants.
///   - consuming: with `keepingGraph` false, frees each node's saved values once the walk has passed it; a second pass over the same
///     nodes then traps. Pass false to differentiate parts of one graph twice.
/// - Returns: one gradient per `xs`, of its shape; zeros where `y` does not depend on it.
package func gradient(
  of y: Variable, withRespectTo xs: [Variable], seed: Tensor? = nil, keepingGraph: Bool = false, consuming: Bool = true
) -> [Variable] {
  promise(seed == nil || seed!.shape == y.shape, "gradient: seed \(seed!.shape) for y \(y.shape)")
  let gradients = Recording.$isOn.withValue(keepingGraph) {
    pullback(y, xs, seed: Variable(seed ?? Tensor.ones(y.shape)), isReleasing: !keepingGraph && consuming)
  }
  return zip(xs, gradients).map { x, gradient in gradient ?? Variable(Tensor.zeros(x.shape)) }
}

/// The vector-Jacobian product behind `gradient`; nil where `y` does not depend on an `x`. Records when recording is on.
func pullback(_ y: Variable, _ xs: [Variable], seed: Variable, isReleasing: Bool) -> [Variable?] {
  guard let root = y.node else { return xs.map { _ in nil } }
  var nodes = tape(of: y)
  var place: [ObjectIdentifier: Int] = [:]
  place.reserveCapacity(nodes.count)
  for (i, node) in nodes.enumerated() { place[ObjectIdentifier(node)] = i }
  let targets = xs.map { x in x.node.flatMap { place[ObjectIdentifier($0)] } }

  // Only nodes that lead to an x matter.
  var isTarget = [Bool](repeating: false, count: nodes.count)
  for case let target? in targets { isTarget[target] = true }
  var matters = isTarget
  for (i, node) in nodes.enumerated() where !matters[i] {
    matters[i] = node.inputs.contains { operand in operand.node.map { matters[place[ObjectIdentifier($0)]!] } ?? false }
  }

  var cotangents = [Variable?](repeating: nil, count: nodes.count)
  cotangents[place[ObjectIdentifier(root)]!] = seed
  for i in stride(from: nodes.count - 1, through: 0, by: -1) {
    let node = nodes.removeLast()
    guard matters[i], let g = cotangents[i] else { continue }
    promise(
      !node.isReleased,
      "gradient: an earlier pass has used this graph up (\(node.opcode)); pass consuming: false or keepingGraph: true to it")
    let needs = node.inputs.map { operand in operand.node.map { matters[place[ObjectIdentifier($0)]!] } ?? false }
    if !isTarget[i] { cotangents[i] = nil }
    guard needs.contains(true) else { continue }
    var parts = OpCatalog.row(node.opcode).vjp(Backward(node: node, g: g, needs: needs))
    for (j, operand) in node.inputs.enumerated() where needs[j] {
      guard let source = operand.node, let part = parts[j] else { continue }
      promise(part.shape == operand.shape, "gradient of \(node.opcode): \(part.shape) for input \(j) of shape \(operand.shape)")
      parts[j] = nil
      add(part, to: &cotangents[place[ObjectIdentifier(source)]!])
    }
    if isReleasing { node.release() }
  }
  return targets.map { target in target.flatMap { cotangents[$0] } }
}

/// `sum += part`, in place when recording is off and nobody else holds `sum`.
private func add(_ part: Variable, to sum: inout Variable?) {
  guard let old = sum.take() else {
    sum = part
    return
  }
  sum = old + part
}

/// What a row of the op table sees of one node during the backward pass.
package struct Backward {
  let node: Node
  /// Cotangent of the node's result.
  let g: Variable
  /// Which inputs' cotangents are wanted; the others may be nil.
  let needs: [Bool]

  var attributes: Attributes { node.attributes }
  func shape(_ i: Int) -> Shape { node.inputs[i].shape }

  /// Input `i`, saved by the row's `saves`.
  func x(_ i: Int) -> Variable {
    guard let value = node.inputs[i].value else { fatalError("\(node.opcode): input \(i) was not saved") }
    return Variable(value, node: node.inputs[i].node)
  }

  /// The result, saved by `.output`.
  var y: Variable {
    guard let value = node.output else { fatalError("\(node.opcode): the result was not saved") }
    return Variable(value, node: node)
  }
}
