package import ForgeTensor
internal import Synchronization

/// One line of the tape: an op, its attributes, what it read and what its derivative needs.
///
/// Nodes are numbered in the order of recording, so a graph's tape is its reachable nodes sorted by `serial` (see `tape(of:)`). They
/// refer to each other rather than to a place on one global tape: a graph then lives exactly as long as a variable reaches it, and
/// graphs that were begun apart can meet in one op.
package final class Node: @unchecked Sendable {
  /// An input as the tape sees it.
  package struct Operand {
    /// Where it came from; nil for a constant.
    package fileprivate(set) var node: Node?
    package let shape: Shape
    /// Kept for constants and where the derivative reads it and cannot make it again.
    package fileprivate(set) var value: Tensor?
    /// The derivative reads it, and asks `node` to make it again.
    fileprivate var isRemade = false
  }

  package let serial: UInt64
  package let opcode: Opcode
  package let attributes: Attributes
  package private(set) var inputs: [Operand]
  /// The op's result where its derivative reads it.
  private var output: Tensor?
  /// Further tensors of a fused op (statistics).
  private(set) var extras: [Tensor]
  /// Set once a plain backward pass has used the node up.
  private(set) var isReleased = false
  /// Operands elsewhere that rely on `remade`.
  private var dependents = 0

  private static let counter = Atomic<UInt64>(0)

  init(
    _ opcode: Opcode, inputs: [Variable] = [], attributes: Attributes = .none, output: Tensor? = nil, extras: [Tensor] = []
  ) {
    serial = Node.counter.wrappingAdd(1, ordering: .relaxed).newValue
    self.opcode = opcode
    self.attributes = attributes
    self.extras = extras
    let saves = OpCatalog.row(opcode).saves
    self.output = saves.contains(.output) && !(opcode == .leakyReLU && !extras.isEmpty) ? output : nil
    self.inputs = inputs.indices.map { i in
      let isPartnerNeeded = saves.contains(.partners) && inputs.indices.contains { $0 != i && inputs[$0].node != nil }
      let isRead = isPartnerNeeded || saves.contains(Saves(input: i))
      let isRemade = isRead && (inputs[i].node?.canRemake ?? false)
      if isRemade { inputs[i].node!.dependents += 1 }
      let isKept = inputs[i].node == nil || isRead && !isRemade
      return Operand(node: inputs[i].node, shape: inputs[i].shape, value: isKept ? inputs[i].value : nil, isRemade: isRemade)
    }
  }

  /// Whether the result can be made again. A leaky ReLU can when it holds the operands of the convolution that it came with.
  private var canRemake: Bool {
    OpCatalog.row(opcode).remake != nil && !isReleased && (opcode != .leakyReLU || !extras.isEmpty)
  }

  /// The result, which the op's row saves or makes again.
  func savedOutput() -> Tensor {
    if let output { return output }
    guard canRemake, let remake = OpCatalog.row(opcode).remake else { fatalError("\(opcode): the result was not saved") }
    return remake(self)
  }

  /// The value of input `i`, which the op's row saves or lets its maker make again.
  func savedInput(_ i: Int) -> Tensor {
    let operand = inputs[i]
    if let value = operand.value { return value }
    guard operand.isRemade, let maker = operand.node, let remake = OpCatalog.row(maker.opcode).remake else {
      fatalError("\(opcode): input \(i) was not saved")
    }
    if let output = maker.output { return output }
    let made = remake(maker)
    // The maker's derivative, which comes next, reads it too.
    if !maker.isReleased, OpCatalog.row(maker.opcode).saves.contains(.output) { maker.output = made }
    return made
  }

  /// Lets go of all saved values after a plain backward pass; the links stay, so that a later pass can tell it needs this node.
  func release() {
    guard opcode != .leaf else { return }
    isReleased = true
    output = nil
    // Another graph may still want the result, which these values make.
    guard dependents == 0 else { return }
    Node.forgetRemade(&inputs)
    for i in inputs.indices { inputs[i].value = nil }
    extras = []
  }

  private static func forgetRemade(_ inputs: inout [Operand]) {
    for i in inputs.indices where inputs[i].isRemade {
      inputs[i].isRemade = false
      inputs[i].node?.dependents -= 1
    }
  }

  /// Frees a chain of nodes one by one: freeing them through each other's `deinit` would need a stack as deep as the graph.
  deinit {
    var pending = inputs
    inputs = []
    Node.forgetRemade(&pending)
    while var operand = pending.popLast() {
      guard operand.node != nil, isKnownUniquelyReferenced(&operand.node) else { continue }
      var further = operand.node!.inputs
      operand.node!.inputs = []
      Node.forgetRemade(&further)
      pending.append(contentsOf: further)
    }
  }
}

/// The nodes that `y` was computed from, in the order of recording.
package func tape(of y: Variable) -> [Node] {
  guard let root = y.node else { return [] }
  var seen: Set<ObjectIdentifier> = [ObjectIdentifier(root)]
  var tape = [root]
  var next = 0
  while next < tape.count {
    for operand in tape[next].inputs {
      if let node = operand.node, seen.insert(ObjectIdentifier(node)).inserted { tape.append(node) }
    }
    next += 1
  }
  tape.sort { $0.serial < $1.serial }
  return tape
}
