import ForgeGAN
import ForgeGrad
import ForgeNN
import ForgeTensor
import Foundation

/// The smallest model that the training loop can train: a linear layer that learns a fixed map, with failures on demand.
final class LineModel: GenerativeModel {
  /// Batch b of size n holds the items `b·n ..< (b + 1)·n` of an endless list.
  struct Batches: BatchSource {
    let count: Int

    func makeRoom() -> Tensor { Tensor(blank: [count, 3]) }

    func fill(_ room: inout Tensor, seed: UInt64, step: Int) {
      for place in 0..<count {
        let item = step * count + place
        for column in 0..<3 {
          room.withUnsafeMutableBufferPointer { $0[place * 3 + column] = Float((item * 7 + column * 5) % 11) / 11 - 0.4 }
        }
      }
    }
  }

  /// Always the same look.
  struct Probe: TrainingProbe {
    let result: (Double) -> ProbeResult

    func criterion(hash: (Data) -> String) -> JSON { ["figure": "distance"] }
    func measure(progress: Double) -> ProbeResult { result(progress) }
  }

  let name = "line"
  let configuration: JSON = [:]
  let labelNames: [String] = []
  let dataDescription: JSON = [:]
  let networks: ParameterStore
  let averages: [Parameter] = []
  var optimizers: [(name: String, optimizer: Adam)] { [("line", optimizer)] }
  var inferenceParameters: [Parameter] { networks.parameters }
  var imagesPerBatch: Int { batches.count }
  let batches: Batches
  /// Whether the loss of this step is to be NaN.
  var fails: (TrainingMoment) -> Bool = { _ in false }
  /// Whether random numbers enter the loss.
  var hasNoise = true
  /// Multiplies the gradient.
  var gain: Float = 1
  /// Adds to the figures of a look.
  var figures: (_ weight: Double) -> [String: Double] = { _ in [:] }
  /// The figures of the last look, where they are others.
  var figuresAtEnd: [String: Double]?
  private let layer: Linear
  private let optimizer: Adam

  init(batch: Int = 2, rate: Float = 0.01) {
    networks = ParameterStore(seed: 3)
    layer = Linear(networks.root["line"], inputs: 3, outputs: 1)
    optimizer = Adam(networks.parameters, learningRate: rate)
    batches = Batches(count: batch)
  }

  func step(_ moment: TrainingMoment, _ parts: [Tensor]) -> [Measure] {
    var loss: Float = 0
    optimizer.descend(parts: parts.count) { index in
      let moment = moment.part(index, of: parts.count)
      let x = Variable(parts[index])
      let wanted = reshape(sum(x * Variable(Tensor([3], [1, -2, 0.5])), axes: [1]), [x.shape[0], 1])
      let noise: Float = hasNoise ? moment.uniform([1], for: "noise").values[0] * 0.01 : 0
      let error = mean(square(layer(x, .training) - wanted - noise))
      loss += error.scalar / Float(parts.count)
      return error * gain
    }
    return [Measure("error", fails(moment) ? .nan : loss)]
  }

  func sampleSheet(step: Int) -> SampleSheet { SampleSheet(images: Tensor.zeros([1, 4, 4, 1]), columns: 1, columnTitles: [], step: step) }

  /// Scores by the distance of the weights to the truth.
  func makeProbe() -> (any TrainingProbe)? {
    Probe { [networks, figures, figuresAtEnd] progress in
      let weights = networks.parameters[0].value.values
      let distance = zip(weights, [1, -2, 0.5]).map { abs(Double($0) - $1) }.reduce(0, +)
      let own = (progress < 1 ? nil : figuresAtEnd) ?? figures(Double(weights[0]))
      return ProbeResult(score: distance, figures: own.merging(["distance": distance]) { $1 })
    }
  }
}
