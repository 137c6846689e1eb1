package import ForgeNN
package import ForgeTensor

/// A figure that a training step reports: a loss, a logit.
package struct Measure: Sendable, Equatable {
  package var name: String
  package var value: Float

  package init(_ name: String, _ value: Float) {
    self.name = name
    self.value = value
  }
}

/// Images to look at while a model trains: `[N, H, W, 1]` in −1...1, to be laid out row by row.
package struct SampleSheet: Sendable {
  package var images: Tensor
  package var columns: Int
  /// What a column shows, when columns differ: a label, "bicubic".
  package var columnTitles: [String]
  package var step: Int

  package init(images: Tensor, columns: Int, columnTitles: [String], step: Int) {
    self.images = images
    self.columns = columns
    self.columnTitles = columnTitles
    self.step = step
  }
}

/// One of the models that ScanForge trains: its networks, its losses and what one step does. The loop, checkpoints, logs and resume
/// are the trainer's and the same for all.
///
/// A model keeps no state outside of `networks`, `averages` and `optimizers`, and draws random numbers from the moment alone, so that
/// its step is a function of that state and the step's number. Other numbers that steps change (an augmentation's strength) are buffers of
/// `networks`.
package protocol GenerativeModel: AnyObject {
  /// The name in `ModelRegistry`.
  var name: String { get }
  /// All options with their values, enough to build the networks again.
  var configuration: JSON { get }
  /// Class names by index; empty for a model without classes.
  var labelNames: [String] { get }
  /// What images are conditioned on beside their class.
  var conditions: ConditionTable { get }
  /// What the data were: a resumed training must find the same.
  var dataDescription: JSON { get }
  /// The networks that learn.
  var networks: ParameterStore { get }
  /// Slow copies of networks, stored beside them; empty when the model has none.
  var averages: [Parameter] { get }
  /// The optimizers by name.
  var optimizers: [(name: String, optimizer: Adam)] { get }
  /// What using the model needs, under the names that its loader expects.
  var inferenceParameters: [Parameter] { get }
  /// Images of one batch.
  var imagesPerBatch: Int { get }

  /// What a step reads from the data.
  associatedtype Batches: BatchSource
  /// Makes it, ahead of the step and on another thread.
  var batches: Batches { get }

  /// One training step; changes the networks.
  ///
  /// Each optimizer moves once by the gradient of the mean over all `parts` (`Adam.descend`), which are one batch unless gradients are
  /// accumulated; a part draws its random numbers from `moment.part(index, of: parts.count)`. A part is not to be kept: its memory is used
  /// again.
  func step(_ moment: TrainingMoment, _ parts: [Batches.Batch]) -> [Measure]
  /// What judges the model while it trains; made when the first look is due. Nil for a model that nothing looks at.
  func makeProbe() throws(ForgeGANError) -> (any TrainingProbe)?
  /// The same few samples each time it is asked.
  func sampleSheet(step: Int) -> SampleSheet
}

extension GenerativeModel {
  package var conditions: ConditionTable { .none }

  /// One training step with its batch made on the spot.
  package func step(_ moment: TrainingMoment) throws(ForgeGANError) -> [Measure] {
    var source = batches
    var batch = source.makeRoom()
    try source.fill(&batch, seed: moment.seed, step: moment.step)
    return step(moment, [batch])
  }

  package func makeProbe() throws(ForgeGANError) -> (any TrainingProbe)? { nil }

  /// Everything that a bit-exact continuation needs besides the step.
  package func save(to checkpoint: inout CheckpointWriter) {
    checkpoint.add(networks.parameters)
    checkpoint.add(averages, path: "average")
    for (name, optimizer) in optimizers { optimizer.save(to: &checkpoint, path: "optimizer/\(name)") }
  }

  package func restore(from checkpoint: CheckpointReader) throws(CheckpointError) {
    try checkpoint.restore(networks.parameters)
    try checkpoint.restore(averages, path: "average")
    for (name, optimizer) in optimizers { try optimizer.restore(from: checkpoint, path: "optimizer/\(name)") }
  }
}
