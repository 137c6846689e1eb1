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

/// One Adam step in one pass over parameter, gradient and both moments, in place when nobody else holds them.
package func adam(_ settings: AdamStep, parameter: inout Tensor, gradient: Tensor, moment1: inout Tensor, moment2: inout Tensor) {
  promise(
    parameter.shape == gradient.shape && parameter.shape == moment1.shape && parameter.shape == moment2.shape,
    "adam: parameter \(parameter.shape), gradient \(gradient.shape), moments \(moment1.shape), \(moment2.shape)")
  parameter.makeUnique()
  moment1.makeUnique()
  moment2.makeUnique()
  var kernel = fk_adam(
    learning_rate: settings.learningRate, beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon,
    weight_decay: settings.weightDecay, l2: settings.l2, step: Int64(settings.step))
  require(
    KernelTable.current.slots.pointee.adam(&kernel, parameter.count, gradient.pointer, parameter.pointer, moment1.pointer, moment2.pointer),
    "adam \(parameter.shape)")
}

/// `average = decay · average + (1 − decay) · value`, in place when nobody else holds `average`.
package func exponentialAverage(_ average: inout Tensor, value: Tensor, decay: Float) {
  promise(average.shape == value.shape, "exponentialAverage: \(value.shape) into \(average.shape)")
  average.makeUnique()
  require(
    KernelTable.current.slots.pointee.ema(average.count, decay, value.pointer, average.pointer), "exponentialAverage \(average.shape)")
}
