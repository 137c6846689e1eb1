internal import CForgeKernels

/// Settings of one Adam step.
package struct AdamStep: Sendable, Hashable {
  package var learningRate: Float
  package var beta1: Float
  package var beta2: Float
  package var epsilon: Float
  /// Decoupled weight decay (AdamW).
  package var weightDecay: Float
  /// Added to the gradient (classic Adam).
  package var l2: Float
  /// 1 at the first call.
  package var step: Int

  package init(
    learningRate: Float, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8, weightDecay: Float = 0, l2: Float = 0, step: Int
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.l2 = l2
    self.step = step
  }
}

/// One Adam step over many tensors in one pass: one fork and join of the threads, however many tensors there are.
///
/// Collects where the tensors lie, then runs. In between, the tensors must not be read, copied or written.
package struct AdamPass {
  private var parts: [fk_adam_part] = []
  /// Keeps the gradients' memory.
  private var gradients: [Tensor] = []

  /// - Parameter capacity: the number of tensors to come.
  package init(capacity: Int) {
    parts.reserveCapacity(capacity)
    gradients.reserveCapacity(capacity)
  }

  /// Adds a tensor, which changes in place when nobody else holds it.
  package mutating func add(parameter: inout Tensor, gradient: Tensor, moment1: inout Tensor, moment2: inout Tensor) {
    promise(
      parameter.shape == gradient.shape && parameter.shape == moment1.shape && parameter.shape == moment2.shape,
      "adam: parameter \(parameter.shape), gradient \(gradient.shape), moments \(moment1.shape), \(moment2.shape)")
    parameter.makeUnique()
    moment1.makeUnique()
    moment2.makeUnique()
    parts.append(
      fk_adam_part(
        n: parameter.count, gradient: gradient.pointer, parameter: parameter.pointer, moment1: moment1.pointer, moment2: moment2.pointer,
        average: nil))
    gradients.append(gradient)
  }

  /// Has the newest tensor averaged after its step.
  package mutating func average(into average: inout Tensor) {
    promise(average.count == parts[parts.count - 1].n, "adam: average \(average.shape) of a parameter of another size")
    average.makeUnique()
    parts[parts.count - 1].average = average.pointer
  }

  /// - Parameter averageDecay: of `average = decay · average + (1 − decay) · parameter`.
  package consuming func run(_ settings: AdamStep, averageDecay: Float = 0) {
    var kernel = fk_adam(
      learning_rate: settings.learningRate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon,
      weight_decay: settings.weightDecay, l2: settings.l2, step: Int64(settings.step), average_decay: averageDecay)
    require(KernelTable.current.slots.pointee.adam(&kernel, parts.count, parts), "adam of \(parts.count) tensors")
    withExtendedLifetime(gradients) {}
  }
}

/// `average = decay · average + (1 − decay) · value` of many tensors in one pass. Used like `AdamPass`.
package struct AveragePass {
  private var parts: [fk_average_part] = []
  private var values: [Tensor] = []

  package init(capacity: Int) {
    parts.reserveCapacity(capacity)
    values.reserveCapacity(capacity)
  }

  /// Adds a tensor, which changes in place when nobody else holds it.
  package mutating func add(_ average: inout Tensor, value: Tensor) {
    promise(average.shape == value.shape, "exponentialAverage: \(value.shape) into \(average.shape)")
    average.makeUnique()
    parts.append(fk_average_part(n: average.count, value: value.pointer, average: average.pointer))
    values.append(value)
  }

  package consuming func run(decay: Float) {
    require(KernelTable.current.slots.pointee.ema(decay, parts.count, parts), "exponentialAverage of \(parts.count) tensors")
    withExtendedLifetime(values) {}
  }
}

/// `average = decay · average + (1 − decay) · value`, in place when nobody else holds `average`.
package func exponentialAverage(_ average: inout Tensor, value: Tensor, decay: Float) {
  var pass = AveragePass(capacity: 1)
  pass.add(&average, value: value)
  pass.run(decay: decay)
}
