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
  var gathered = xs.map { _ in Gathered() }
  pullback(y, xs, seed: seed, into: &gathered, isReleasing: isReleasing)
  return gathered.indices.map { gathered[$0].take() }
}

/// - Parameter gathered: what the cotangents of `xs` have already, to which more is added; nothing for an `x` that is not a leaf.
func pullback(_ y: Variable, _ xs: [Variable], seed: Variable, into gathered: inout [Gathered], isReleasing: Bool) {
  guard let root = y.node else { return }
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

  let cotangents = Cotangents(count: nodes.count)
  for case (let i, let target?) in targets.enumerated() where nodes[target].opcode == .leaf {
    cotangents.sums[target] = gathered[i].sum.take()
    cotangents.products[target] = gathered[i].products.take() ?? []
  }
  cotangents.sums[place[ObjectIdentifier(root)]!] = seed
  for i in stride(from: nodes.count - 1, through: 0, by: -1) {
    let node = nodes.removeLast()
    guard matters[i], cotangents.sums[i] != nil else { continue }
    promise(
      !node.isReleased,
      "gradient: an earlier pass has used this graph up (\(node.opcode)); pass consuming: false or keepingGraph: true to it")
    let sources = node.inputs.map { operand in operand.node.map { place[ObjectIdentifier($0)]! } }
    let needs = sources.map { source in source.map { matters[$0] } ?? false }
    guard needs.contains(true) else { continue }
    cotangents.current = isTarget[i] ? cotangents.sums[i] : cotangents.sums[i].take()
    var parts = OpCatalog.row(node.opcode).vjp(Backward(node: node, needs: needs, sources: sources, cotangents: cotangents))
    cotangents.current = nil
    for j in parts.indices where needs[j] {
      guard let source = sources[j], let part = parts[j] else { continue }
      promise(
        part.shape == node.inputs[j].shape, "gradient of \(node.opcode): \(part.shape) for input \(j) of shape \(node.inputs[j].shape)")
      parts[j] = nil
      add(part, to: &cotangents.sums[source])
    }
    if isReleasing { node.release() }
  }
  for case (let i, let target?) in targets.enumerated() {
    gathered[i].sum = cotangents.sums[target]
    gathered[i].products = cotangents.products[target]
  }
}

/// `sum += part`, in place when recording is off and nobody else holds `sum`.
private func add(_ part: Variable, to sum: inout Variable?) {
  guard let old = sum.take() else {
    sum = part
    return
  }
  sum = old + part
}

/// What the nodes of a walk have gathered so far, and what the node at hand has.
final class Cotangents {
  /// By place on the tape.
  var sums: [Variable?]
  /// By place on the tape, of leaves: what is to be added to the sum in the end.
  var products: [Int: [WeightProduct]] = [:]
  var current: Variable?

  init(count: Int) { sums = [Variable?](repeating: nil, count: count) }
}

/// What a row of the op table sees of one node during the backward pass.
package struct Backward {
  let node: Node
  /// Which inputs' cotangents are wanted; the others may be nil.
  let needs: [Bool]
  fileprivate let sources: [Int?]
  fileprivate let cotangents: Cotangents

  /// Cotangent of the node's result.
  var g: Variable {
    guard let g = cotangents.current else { fatalError("\(node.opcode): the cotangent was taken") }
    return g
  }

  /// The cotangent, for an op that reads it last and may write over it.
  func takeG() -> Variable {
    guard let g = cotangents.current.take() else { fatalError("\(node.opcode): the cotangent was taken") }
    return g
  }

  /// What input `i` has gathered from others, for an op that adds to it by itself: the part that it returns then contains it.
  /// Nil while recording, and where there is nothing yet.
  func takeSum(_ i: Int) -> Tensor? {
    guard !Recording.isOn, let source = sources[i] else { return nil }
    return cotangents.sums[source].take()?.takeValue()
  }

  /// Leaves `product` as input `i`'s share to be computed when the gradient is asked for. False where it has to be computed here: while
  /// recording, for the result of an op, which reads it next, and where the factors would need as much memory.
  func postpones(_ product: WeightProduct, for i: Int) -> Bool {
    guard !Recording.isOn, product.isWorthKeeping, let source = sources[i], node.inputs[i].node?.opcode == .leaf else { return false }
    cotangents.products[source, default: []].append(product)
    return true
  }

  var attributes: Attributes { node.attributes }
  func shape(_ i: Int) -> Shape { node.inputs[i].shape }

  /// Input `i`, saved by the row's `saves`.
  func x(_ i: Int) -> Variable { Variable(node.savedInput(i), node: node.inputs[i].node) }

  /// The result, saved by `.output`.
  var y: Variable { Variable(node.savedOutput(), node: node) }
}
