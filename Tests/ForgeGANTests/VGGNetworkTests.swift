import ForgeGAN
import ForgeGrad
import ForgeNN
import ForgeTensor
import Foundation
import TestSupport
import Testing

/// Weights of a small network with torchvision's names.
private func file(
  _ layers: [(number: Int, inputs: Int, outputs: Int)], metadata: [String: String] = [:], _ change: (inout SafeTensors) -> Void = { _ in }
) -> Data {
  var file = SafeTensors(metadata: metadata)
  let stream = RandomStream(seed: 3, named: "weights")
  for layer in layers {
    let count = layer.inputs * layer.outputs * 9
    let values = (0..<count).map { 0.3 * stream.bell(counter: UInt64(layer.number) << 32 + UInt64($0)) }
    file.entries["features.\(layer.number).weight"] = .init(shape: [layer.outputs, layer.inputs, 3, 3], floats: values)
    file.entries["features.\(layer.number).bias"] = .init(shape: [layer.outputs], floats: (0..<layer.outputs).map { 0.1 * Float($0) - 0.1 })
  }
  file.entries["classifier.0.weight"] = .init(shape: [2], floats: [1, 2])
  change(&file)
  return file.serialized()
}

private let layers = [(number: 0, inputs: 3, outputs: 4), (number: 2, inputs: 4, outputs: 4), (number: 5, inputs: 4, outputs: 6)]

struct VGGNetworkTests {
  /// The same by plain loops.
  private static func naive(_ image: [Float], _ side: Int, _ data: Data) throws -> [Float] {
    let file = try SafeTensors(parsing: data, name: "w")
    let (mean, deviation): ([Float], [Float]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    var (maps, size) = ((0..<3).map { c in image.map { ($0 - mean[c]) / deviation[c] } }, side)
    for (index, layer) in layers.enumerated() {
      if index == 2 {
        maps = maps.map { map in
          (0..<size * size / 4).map { place in
            let (row, column) = (2 * (place / (size / 2)), 2 * (place % (size / 2)))
            return [map[row * size + column], map[row * size + column + 1], map[(row + 1) * size + column], map[(row + 1) * size + column + 1]].max()!
          }
        }
        size /= 2
      }
      let weights = file.entries["features.\(layer.number).weight"]!.floats!
      let bias = file.entries["features.\(layer.number).bias"]!.floats!
      maps = (0..<layer.outputs).map { output in
        (0..<size * size).map { place in
          var sum = bias[output]
          for input in 0..<layer.inputs {
            for tap in 0..<9 {
              let (row, column) = (place / size + tap / 3 - 1, place % size + tap % 3 - 1)
              guard (0..<size).contains(row), (0..<size).contains(column) else { continue }
              sum += weights[(output * layer.inputs + input) * 9 + tap] * maps[input][row * size + column]
            }
          }
          return max(0, sum)
        }
      }
    }
    return maps.map { $0.reduce(0, +) / Float($0.count) }
  }

  @Test func `features are those of plain loops`() throws {
    let data = file(layers)
    let network = try VGGNetwork(data, fileName: "w")
    #expect(network.widths == [4, 6])
    let stream = RandomStream(seed: 1, named: "image")
    let image = (0..<256).map { Float(stream.real(counter: UInt64($0))) }
    let extractor = VGGExtractor(network)
    let features = extractor.features(Variable(Tensor([1, 16, 16, 1], image.map { $0 * 2 - 1 }))).value.values
    #expect(features.count == 10)
    for (found, expected) in zip(features[4...], try VGGNetworkTests.naive(image, 16, data)) { #expect(abs(found - expected) < 2e-4 * max(1, expected)) }
  }

  @Test func `a grey network with its own normalization`() throws {
    let data = file([(0, 1, 2)], metadata: ["mean": "0.5", "std": "2"]) {
      $0.entries["features.0.weight"] = .init(shape: [2, 1, 3, 3], floats: [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0])
      $0.entries["features.0.bias"] = .init(shape: [2], floats: [0, 1])
    }
    let maps = try VGGNetwork(data, fileName: "w").blocks(of: Variable(Tensor([1, 1, 2, 1], [1, 0])))
    #expect(maps.map(\.value.values) == [[0.25, 0.75, 0, 1.25]])
  }

  static let broken: [(String, @Sendable (inout SafeTensors) -> Void)] = [
    ("no tensor features.N.weight", { $0.entries = [:] }),
    ("no kernel of 3 x 3", { $0.entries["features.2.weight"] = .init(shape: [4], floats: [1, 1, 1, 1]) }),
    ("does not follow", { $0.entries["features.2.weight"] = .init(shape: [4, 5, 3, 3], floats: [Float](repeating: 0, count: 180)) }),
    ("does not follow", { $0.entries["features.2.weight"] = nil }),
    ("takes 2 channels", { $0.entries["features.0.weight"] = .init(shape: [4, 2, 3, 3], floats: [Float](repeating: 0, count: 72)) }),
    ("3 numbers", { $0.metadata["mean"] = "0.5" }), ("not above 0", { $0.metadata["std"] = "1,0,1" }),
    ("features.5.bias", { $0.entries["features.5.bias"] = nil }),
    ("NaN", { $0.entries["features.5.bias"] = .init(shape: [6], floats: [0, 0, 0, 0, 0, .nan]) }),
  ]

  @Test(arguments: broken.indices)
  func `a file that is no such network is refused with the reason`(index: Int) throws {
    let (reason, change) = VGGNetworkTests.broken[index]
    let error = #expect(throws: CheckpointError.self) { try VGGNetwork(file(layers, change), fileName: "w.safetensors") }
    #expect("\(try #require(error))".contains(reason), "\(error!)")
  }

  @Test func `the distance of features has no scale, is 0 for the same, and its slope is right`() throws {
    let network = try VGGNetwork(file(layers), fileName: "w")
    let stream = RandomStream(seed: 2, named: "images")
    let (a, b) = (stream.uniform([2, 8, 8, 1], counter: 0), stream.uniform([2, 8, 8, 1], counter: 1000))
    let truth = network.blocks(of: Variable(b))
    #expect(featureDistance(truth, truth).scalar == 0)
    let scaled = featureDistance(network.blocks(of: Variable(a)).map { $0 * 8 }, truth.map { $0 * 8 }).scalar
    let plain = featureDistance(network.blocks(of: Variable(a)), truth).scalar
    #expect(plain > 0.05 && abs(scaled - plain) < 1e-5 * plain)
    let leaf = Variable.parameter(a)
    let slope = gradient(of: featureDistance(network.blocks(of: leaf), truth), withRespectTo: [leaf])[0].value
    let direction = slope * (1 / max(1e-12, (slope * slope).values.reduce(0, +).squareRoot()))
    let step: Float = 1e-3
    let (up, down) = (
      featureDistance(network.blocks(of: Variable(a + direction * step)), truth).scalar,
      featureDistance(network.blocks(of: Variable(a - direction * step)), truth).scalar
    )
    let expected = (slope * direction).values.reduce(0, +)
    #expect(abs((up - down) / (2 * step) - expected) < 0.03 * abs(expected))
  }

  @Test func `the adversarial phase takes a feature network and remembers it`() throws {
    try Tiny.withFolder { folder in
      let place = folder.url.appendingPathComponent("vgg.safetensors")
      try file(layers).write(to: place)
      let model = try Tiny.srgan(["phase": "adversarial", "featureNetwork": .string(place.path)])
      let measures = try model.step(TrainingMoment(seed: 5, step: 0, progress: 0))
      #expect(measures.map(\.name).contains("network"))
      #expect(model.configuration["featureNetwork"]?.stringValue == (try VGGNetwork(contentsOf: place)).fingerprint)
      // A stored configuration is read without the file.
      #expect(try SRGAN.Configuration(model.configuration).featureNetwork?.isEmpty == false)
      #expect(throws: CheckpointError.self) { try Tiny.srgan(["phase": "adversarial", "featureNetwork": "nowhere.safetensors"]) }
    }
  }

  @Test func `the reference network gives the reference features`() throws {
    // The weights come with a package that is not part of this project: see Benchmarks/weights.
    guard let path = ProcessInfo.processInfo.environment["SCANFORGE_VGG16"] else {
      print("skipped: SCANFORGE_VGG16 names no weights")
      return
    }
    guard let reference = TestData.shared("reference/vgg16_features.json", for: "features of VGG16") else { return }
    let layers = try #require(JSON.parse(String(contentsOf: reference, encoding: .utf8))["layers"]?.objectValue)
    let network = try VGGNetwork(contentsOf: URL(fileURLWithPath: path))
    let pixels = (0..<64 * 80).map { place in
      let (y, x) = (place / 80, place % 80)
      return Float(((3 * x * x + 5 * y * y + 2 * x * y) >> 4) & 255) / 255
    }
    let maps = network.blocks(of: Variable(Tensor([1, 64, 80, 1], pixels)))
    for (name, map) in zip(["relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3"], maps) {
      let expected = try #require(layers[name])
      let values = map.value.values.map(Double.init)
      let mean = values.reduce(0, +) / Double(values.count)
      #expect(abs(mean - (expected["mean"]?.doubleValue ?? .nan)) < 2e-5 * mean, "\(name)")
      #expect(abs((values.max() ?? 0) / (expected["max"]?.doubleValue ?? .nan) - 1) < 2e-5, "\(name)")
    }
  }
}
