import ForgeGAN
import ForgeNN
import Foundation

/// A model file of the published super-resolution network x4 with random weights, for measuring `scanforge upscale` as a whole process.
enum ModelMaker {
  static func write(to path: String) throws {
    guard !path.isEmpty else { throw BenchError.badValue(flag: "--output", value: "(nothing)", expected: "the name of a file") }
    let options = try SRGAN.Configuration(["network": "published", "factor": 4])
    let store = ParameterStore(seed: 1)
    _ = options.makeGenerator(store.root["generator"])
    let description = ModelDescription(model: "srgan", configuration: options.json, labelNames: [], seed: store.seed, attributes: [:])
    var file = CheckpointWriter(description: description.json)
    file.add(store.parameters)
    try file.write(to: URL(fileURLWithPath: path))
  }
}
