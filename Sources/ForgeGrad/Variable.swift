package import ForgeTensor

/// A tensor that may remember how it was computed, so that `gradient(of:withRespectTo:)` can differentiate through it.
///
/// Without a node it is a constant. A graph lives as long as a variable reaches it; several may live at once. One graph is built and
/// walked by one thread at a time.
package struct Variable: Sendable {
  /// The number itself. An optimizer may replace a parameter's value; the graph is untouched by that.
  package var value: Tensor
  /// How the value was computed; nil for a constant.
  package let node: Node?

  /// A constant.
  package init(_ value: Tensor) {
    self.value = value
    node = nil
  }

  /// A constant number, shape `[]`.
  package init(_ value: Float) { self.init(Tensor(value)) }

  /// A leaf of a graph when `requiresGradient`, else a constant.
  package init(_ value: Tensor, requiresGradient: Bool) { self.init(value, node: requiresGradient ? Node(.leaf) : nil) }

  init(_ value: Tensor, node: Node?) {
    self.value = value
    self.node = node
  }

  /// A leaf: gradients with respect to it can be asked for.
  package static func parameter(_ value: Tensor) -> Variable { Variable(value, requiresGradient: true) }

  package static func zeros(_ shape: Shape) -> Variable { Variable(Tensor.zeros(shape)) }
  package static func ones(_ shape: Shape) -> Variable { Variable(Tensor.ones(shape)) }

  package var shape: Shape { value.shape }

  /// The only element.
  package var scalar: Float { value.scalar }

  /// Whether gradients flow through it.
  package var requiresGradient: Bool { node != nil }

  /// The same value as a constant.
  package func detached() -> Variable { Variable(value) }

  /// The value, leaving nothing behind: an op may then write over memory that nobody else holds.
  consuming func takeValue() -> Tensor {
    var taken = Variable.nothing
    swap(&taken, &value)
    return taken
  }

  private static let nothing = Tensor([0], [])
}

/// Whether ops remember how they computed their result.
enum Recording {
  @TaskLocal static var isOn = true
}

/// Runs `body` with recording off: results are constants and no intermediate value is kept.
package func withoutRecording<Result>(_ body: () throws -> Result) rethrows -> Result {
  try Recording.$isOn.withValue(false, operation: body)
}
