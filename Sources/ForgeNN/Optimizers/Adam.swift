package import ForgeGrad
package import ForgeTensor

/// Adam with moments kept by parameter name; AdamW when `weightDecay` is set. Source: Kingma and Ba 2015; Loshchilov and Hutter 2019.
package final class Adam {
  package let parameters: [Parameter]
  package var learningRate: Float
  /// Multiplies every learning rate: below 1 after a training has been set back.
  package var rateScale: Float = 1
  package let beta1: Float
  package let beta2: Float
  package let epsilon: Float
  /// Decoupled from the gradient (AdamW).
  package let weightDecay: Float
  /// Added to the gradient (classic).
  package let l2: Float
  /// Updates done so far.
  package private(set) var step = 0
  private var first: [Tensor]
  private var second: [Tensor]

  /// - Parameter parameters: the weights to move; buffers among them are left out.
  package init(
    _ parameters: [Parameter], learningRate: Float, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8,
    weightDecay: Float = 0, l2: Float = 0
  ) {
    self.parameters = parameters.filter { $0.role == .weight }
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.l2 = l2
    first = self.parameters.map { Tensor.zeros($0.shape) }
    second = self.parameters.map { Tensor.zeros($0.shape) }
  }

  /// The leaves to differentiate, in the order in which `update` wants their gradients.
  package var variables: [Variable] { parameters.map(\.variable) }

  /// One step of all parameters.
  ///
  /// - Parameters:
  ///   - gradients: one per parameter, in the order of `variables`.
  ///   - average: moves too, by `decay` towards the values after the step; those of the optimizer's parameters in the same pass.
  package func update(_ gradients: [Tensor], averaging average: ExponentialMovingAverage? = nil, decay: Float = 0) {
    precondition(gradients.count == parameters.count, "Adam: \(gradients.count) gradients for \(parameters.count) parameters")
    step += 1
    let settings = AdamStep(
      learningRate: learningRate * rateScale, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, l2: l2, step: step)
    var pass = AdamPass(capacity: parameters.count)
    for (index, parameter) in parameters.enumerated() {
      parameter.update { pass.add(parameter: &$0, gradient: gradients[index], moment1: &first[index], moment2: &second[index]) }
      average?.average(of: parameter)?.update { pass.average(into: &$0) }
    }
    pass.run(settings, averageDecay: decay)
    average?.update(decay: decay, except: parameters)
  }

  /// The name of a parameter one of whose moments holds NaN or infinity: a gradient above 1e19 overflows its square.
  package var unsoundMoment: String? {
    func isSound(_ moment: Tensor) -> Bool { moment.withUnsafeBufferPointer { $0.allSatisfy(\.isFinite) } }
    return parameters.indices.first { !isSound(first[$0]) || !isSound(second[$0]) }.map { parameters[$0].name }
  }

  /// Goes back to the start: no moments, no steps.
  package func reset() {
    step = 0
    first = parameters.map { Tensor.zeros($0.shape) }
    second = parameters.map { Tensor.zeros($0.shape) }
  }

  /// Adds moments and step count as `<path>/first/<parameter>`, `<path>/second/<parameter>`, `<path>/step`.
  package func save(to checkpoint: inout CheckpointWriter, path: String) {
    checkpoint.add(counter: Int64(step), as: path + "/step")
    for (index, parameter) in parameters.enumerated() {
      checkpoint.add(first[index], as: "\(path)/first/\(parameter.name)", layout: parameter.layout)
      checkpoint.add(second[index], as: "\(path)/second/\(parameter.name)", layout: parameter.layout)
    }
  }

  package func restore(from checkpoint: CheckpointReader, path: String) throws(CheckpointError) {
    step = Int(try checkpoint.counter(path + "/step"))
    for (index, parameter) in parameters.enumerated() {
      first[index] = try checkpoint.tensor("\(path)/first/\(parameter.name)", shape: parameter.shape, layout: parameter.layout)
      second[index] = try checkpoint.tensor("\(path)/second/\(parameter.name)", shape: parameter.shape, layout: parameter.layout)
    }
  }
}
