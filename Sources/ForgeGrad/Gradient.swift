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

/// Adds the gradients of `Σ y` with respect to each of `xs` to `sums`, in place where nobody else holds them.
///
/// A loss that is a sum of parts needs the graph of one part at a time: build a part, call this, build the next.
///
/// - Parameters:
///   - xs: leaves (parameters).
///   - sums: one per `xs`, of its shape.
package func addGradient(of y: Variable, withRespectTo xs: [Variable], to sums: inout [Variable]) {
  promise(sums.count == xs.count, "addGradient: \(sums.count) sums for \(xs.count) variables")
  for x in xs { promise(x.node?.opcode == .leaf, "addGradient: \(x.shape) is not a leaf") }
  var begun: [Variable?] = sums
  sums = []
  sums = Recording.$isOn.withValue(false) {
    let zeros = begun.map { $0!.shape }
    let gradients = pullback(y, xs, seed: Variable(Tensor.ones(y.shape)), begun: &begun, isReleasing: true)
    return zip(gradients, zeros).map { $0 ?? Variable(Tensor.zeros($1)) }
  }
}

/// The vector-Jacobian product behind `gradient`; nil where `y` does not depend on an `x`. Records when recording is on.
func pullback(_ y: Variable, _ xs: [Variable], seed: Variable, isReleasing: Bool) -> [Variable?] {
  var begun: [Variable?] = []
  return pullback(y, xs, seed: seed, begun: &begun, isReleasing: isReleasing)
}

/// - Parameter begun: what the cotangents of `xs`, which are leaves, begin with; empty for nothing. Taken out.
private func pullback(_ y: Variable, _ xs: [Variable], seed: Variable, begun: inout [Variable?], isReleasing: Bool) -> [Variable?] {
  defer { begun = [] }
  guard let root = y.node else { return begun.isEmpty ? xs.map { _ in nil } : begun }
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
  for i in begun.indices {
    if let target = targets[i] { cotangents.sums[target] = begun[i].take() }
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
  return targets.indices.map { i in targets[i].flatMap { cotangents.sums[$0] } ?? (begun.isEmpty ? nil : begun[i]) }
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

  var attributes: Attributes { node.attributes }
  func shape(_ i: Int) -> Shape { node.inputs[i].shape }

  /// Input `i`, saved by the row's `saves`.
  func x(_ i: Int) -> Variable { Variable(node.savedInput(i), node: node.inputs[i].node) }

  /// The result, saved by `.output`.
  var y: Variable {
    guard let value = node.output else { fatalError("\(node.opcode): the result was not saved") }
    return Variable(value, node: node)
  }
}
