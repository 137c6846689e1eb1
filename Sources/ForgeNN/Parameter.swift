package import ForgeGrad
package import ForgeTensor

/// How a parameter's memory order relates to its order on disk, which is PyTorch's. Checkpoints alone permute.
package enum ParameterLayout: Sendable {
  /// The same order: vectors, embeddings.
  case plain
  /// Memory `[inputs, outputs]`, disk `[outputs, inputs]`.
  case linear
  /// Memory `[R, S, C / groups, K]`, disk `[K, C / groups, R, S]`. A transposed convolution's weight is the weight of the convolution
  /// whose data gradient it is (K = its inputs, C = its outputs), which gives PyTorch's `[I, O / groups, R, S]`.
  case convolution
}

/// A named tensor that training changes: a weight, which an optimizer moves, or a buffer, which a layer updates itself
/// (running statistics, the vectors of a power iteration).
package final class Parameter {
  package enum Role: Sendable { case weight, buffer }

  /// The path from the root scope: `generator/up2/conv/weight`.
  package let name: String
  package let role: Role
  package let layout: ParameterLayout
  package let shape: Shape
  private var leaf: Variable?

  package var value: Tensor {
    didSet {
      precondition(value.shape == shape, "parameter \(name): \(value.shape) does not replace \(shape)")
      leaf = nil
    }
  }

  init(name: String, role: Role, layout: ParameterLayout, value: Tensor) {
    self.name = name
    self.role = role
    self.layout = layout
    self.shape = value.shape
    self.value = value
  }

  /// The leaf that gradients are taken with respect to. The same one until the value changes.
  package var variable: Variable {
    if let leaf { return leaf }
    let made = Variable.parameter(value)
    leaf = made
    return made
  }

  /// Changes the value in place. The leaf goes first, so that the memory is copied only if a graph still holds it.
  package func update(_ body: (inout Tensor) -> Void) {
    leaf = nil
    body(&value)
  }

  /// The value as a constant: nothing is recorded for it.
  package var constant: Variable { Variable(value) }
}

/// Whether a network learns or is used.
package enum Mode: Sendable {
  /// Weights are leaves, norms use and record batch statistics, spectral norms iterate.
  case training
  /// As `training`, but weights are constants: gradients pass through to the input alone, and less is kept for them.
  case frozen
  /// Weights are constants, norms use running statistics, spectral norms keep their vectors. Each image's result is its own.
  case inference
}

extension Parameter {
  package func read(_ mode: Mode) -> Variable { mode == .training ? variable : constant }
}
