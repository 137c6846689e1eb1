import ForgeGAN
import ForgeGrad
import ForgeNN
import ForgeTensor
import Foundation
import PixelMath
import TestSupport
import Testing

@Suite struct ConditionalGANTests {
  @Test func `the generator learns what a class looks like`() throws {
    // Distance of each class's mean generated image to its mean real image, before and after a short training.
    let images = Tiny.images()
    func distance(_ folder: ModelFolder) throws -> Float {
      let generator = try CGANGenerator(contentsOf: folder.url)
      var total: Float = 0
      for label in 0..<3 {
        let made = mean(try generator.generate(labels: [Int32](repeating: Int32(label), count: 12), seed: 1), axes: [0])
        let members = (0..<images.count).filter { images.labels[$0] == Int32(label) }
        total += mean(abs(made - mean(try images.batch(members), axes: [0]))).scalar
      }
      return total / 3
    }
    let options: JSON = ["batch": 12, "width": 8, "latent": 8, "generatorRate": 1e-3, "discriminatorRate": 2e-3, "averageDecay": 0.98]
    let (before, after) = try Tiny.withFolder { folder in
      let model = try Tiny.cgan(options)
      _ = try Trainer(plan: TrainingPlan(steps: 150, stopAfter: 1), seed: 5).train(model, into: folder)
      let before = try distance(folder)
      _ = try Trainer(plan: TrainingPlan(steps: 150), seed: 5).train(model, into: folder, resume: true)
      return (before, try distance(folder))
    }
    #expect(after < before / 2, "\(before) to \(after)")
  }

  @Test(arguments: [32, 64, 128])
  func `images have the size of the data and lie in -1...1`(size: Int) throws {
    let images = InMemoryImages(
      size: size, pixels: [Float](repeating: 0.5, count: 4 * size * size), labels: [0, 1, 0, 1], labelNames: ["a", "b"])
    let model = try ModelRegistry.entry("cgan").make(
      ModelRequest(options: ["batch": 2, "width": 4, "r1": 1.0, "r1Every": 1], data: .images(images), seed: 1))
    let measures = try model.step(TrainingMoment(seed: 1, step: 0, progress: 0))
    #expect(measures.map(\.name) == ["r1", "discriminator", "rightOnReal", "rightOnFake", "generator"])
    let sheet = model.sampleSheet(step: 1).images
    #expect(sheet.shape == [16, size, size, 1])
    #expect(sheet.values.allSatisfy { abs($0) <= 1 })
  }

  @Test func `unsuitable data are refused before training`() {
    let odd = InMemoryImages(size: 48, pixels: [Float](repeating: 0, count: 2 * 48 * 48), labels: [0, 0], labelNames: ["a"])
    #expect(throws: ForgeGANError.unsuitableData(model: "cgan", reason: "they have 48 pixels a side, it learns 32, 64, 128")) {
      try ModelRegistry.entry("cgan").make(ModelRequest(data: .images(odd), seed: 1))
    }
    #expect(throws: ForgeGANError.unsuitableData(model: "cgan", reason: "it needs labelled square images of one size")) {
      try ModelRegistry.entry("cgan").make(ModelRequest(data: .planes(Tiny.planes()), seed: 1))
    }
    #expect(throws: ForgeGANError.unsuitableData(model: "srgan", reason: "none holds a patch of 128x128 pixels")) {
      try ModelRegistry.entry("srgan").make(ModelRequest(options: ["patch": 64], data: .planes(Tiny.planes()), seed: 1))
    }
  }
}

@Suite struct ConditionalGANOptionTests {
  static let variants: [[String: JSON]] = [
    ["comparison": "none", "spectralNorm": true, "loss": "hinge", "r1": 0, "augmentChance": 1],
    ["comparison": "channel", "r1": 0.5, "r1Every": 2, "augmentTarget": 0.5, "augmentSpan": 1000],
    ["comparison": "channel", "spectralNorm": true, "loss": "hinge", "r1": 0],
    ["condition": ["ageBand", "sex"], "unknownShare": 0.4, "r1Every": 2],
    ["condition": "sex", "comparison": "none", "spectralNorm": true, "loss": "hinge", "r1": 0],
  ]

  private func model(_ variant: [String: JSON]) throws -> any GenerativeModel {
    try Tiny.cgan(.object(Tiny.cganOptions.objectValue!.merging(variant) { $1 }))
  }

  @Test(arguments: variants)
  func `every variant resumes to the same bytes, with one thread and two`(variant: [String: JSON]) throws {
    let before = KernelTable.threads
    defer { KernelTable.threads = before }
    func files(stops: [Int], threads: Int) throws -> [Data] {
      KernelTable.threads = threads
      return try Tiny.withFolder { folder in
        for stop in stops {
          let trainer = Trainer(plan: try TrainingPlan(steps: 9, stopAfter: stop), seed: 5)
          _ = try trainer.train(model(variant), into: folder, resume: stop != stops[0])
        }
        return try [Data(contentsOf: folder.model), Data(contentsOf: folder.state)]
      }
    }
    let straight = try files(stops: [9], threads: 1)
    #expect(try files(stops: [9], threads: 2) == straight)
    #expect(try files(stops: [3, 6, 9], threads: 1) == straight)
  }

  @Test(arguments: variants)
  func `what is generated is what the averaged network makes`(variant: [String: JSON]) throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 6), seed: 5).train(model(variant), into: folder)
      let reader = try CheckpointReader(contentsOf: folder.model)
      let options = try ConditionalGAN.Configuration(#require(reader.description["configuration"]), isStored: true)
      let store = ParameterStore(seed: 0)
      let attributes = try ModelDescription(reader.description, file: "").conditions.attributes
      let network = ConditionalGenerator(store.root["generator"], .init(options, size: 32, classes: 3, attributes: attributes))
      try reader.restore(store.parameters)
      let conditions = Conditions(labels: [0, 2, 1, 1, 0], attributes: attributes.map { _ in [0, 1, 2, 0, 2] })
      let latent = RandomStream(seed: 4, named: "generate").normal([5, options.latent], counter: 0)
      let wanted = withoutRecording { network(Variable(latent), conditions, .inference).value }
      let made = try CGANGenerator(contentsOf: folder.url).generate(conditions, seed: 4)
      // Folding rounds anew: a few units of 2⁻²³ per layer.
      #expect(abs(made - wanted).values.max()! < 2e-5)
    }
  }

  @Test func `a model from before an option is read as it was made`() throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 3), seed: 5).train(model(Self.variants[0]), into: folder)
      let reader = try CheckpointReader(contentsOf: folder.model)
      let newer = ["comparison", "spectralNorm", "augmentChance", "augmentTarget", "augmentSpan"]
      var description = try #require(reader.description.objectValue)
      let configuration = try #require(description["configuration"]?.objectValue).filter { !newer.contains($0.key) }
      description["configuration"] = .object(configuration)
      let older = try ConditionalGAN.Configuration(.object(configuration), isStored: true)
      #expect(try older == ConditionalGAN.Configuration(#require(reader.description["configuration"]), isStored: true))
      #expect(try older != ConditionalGAN.Configuration(.object(configuration)))

      let store = ParameterStore(seed: 0)
      _ = ConditionalGenerator(store.root["generator"], .init(older, size: 32, classes: 3))
      try reader.restore(store.parameters)
      var writer = CheckpointWriter(description: .object(description))
      writer.add(store.parameters)
      let file = folder.url.appendingPathComponent("older.safetensors")
      try writer.write(to: file)
      let labels: [Int32] = [0, 1, 2, 0]
      let made = try [file, folder.url].map { try CGANGenerator(contentsOf: $0).generate(labels: labels, seed: 3) }
      #expect(made[0] == made[1])
    }
  }

  @Test func `the discriminator sees a generator that repeats itself`() throws {
    // A batch of one image per label, again and again, against the same images varied: with a comparison the logits differ by more than
    // the images' own.
    let options = try ConditionalGAN.Configuration(["width": 4, "comparison": "channel"])
    let plain = try ConditionalGAN.Configuration(["width": 4, "comparison": "none"])
    let labels: [Int32] = [0, 0, 0, 0]
    let one = RandomStream(seed: 1, stream: 1).normal([1, 32, 32, 1], counter: 0)
    let others = RandomStream(seed: 1, stream: 2).normal([3, 32, 32, 1], counter: 0)
    func firstLogit(_ options: ConditionalGAN.Configuration, with rest: Tensor) -> Float {
      let discriminator = ProjectionDiscriminator(ParameterStore(seed: 7).root["discriminator"], .init(options, size: 32, classes: 2))
      return discriminator(Variable(concatenate([one, rest], axis: 0)), Conditions(labels: labels), .inference).value.values[0]
    }
    #expect(firstLogit(plain, with: others) == firstLogit(plain, with: concatenate([one, one, one], axis: 0)))
    #expect(firstLogit(options, with: others) != firstLogit(options, with: concatenate([one, one, one], axis: 0)))
  }
}

@Suite struct CGANGeneratorTests {
  private func withGenerator(_ body: (CGANGenerator) throws -> Void) throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 3), seed: 5).train(Tiny.cgan(), into: folder)
      try body(CGANGenerator(contentsOf: folder.url))
    }
  }

  @Test func `an image depends on seed, index and label alone`() throws {
    try withGenerator { generator in
      let labels = (0..<70).map { Int32($0 % 3) }
      let all = try generator.generate(labels: labels, seed: 9)
      #expect(all.shape == [70, 32, 32, 1])
      func image(_ index: Int) -> Tensor { slice(all, Slicing(starts: [index, 0, 0, 0], sizes: [1, 32, 32, 1])) }
      for index in [0, 1, 31, 32, 33, 69] {
        #expect(try generator.generate(labels: [labels[index]], seed: 9, firstIndex: index) == image(index), "image \(index)")
      }
      let part = try generator.generate(labels: Array(labels[5..<18]), seed: 9, firstIndex: 5)
      #expect(part == slice(all, Slicing(starts: [5, 0, 0, 0], sizes: [13, 32, 32, 1])))
      #expect(try generator.generate(labels: [labels[0]], seed: 10) != image(0))
      #expect(try generator.generate(labels: [2], seed: 9) != image(0))
    }
  }

  @Test func `truncation keeps an image's independence and narrows the variety`() throws {
    try withGenerator { generator in
      let labels = [Int32](repeating: 1, count: 40)
      let wide = try generator.generate(labels: labels, seed: 2)
      let narrow = try generator.generate(labels: labels, seed: 2, truncation: 0.3)
      func spread(_ x: Tensor) -> Float { mean(square(x - mean(x, axes: [0], keepingDimensions: true))).scalar }
      #expect(spread(narrow) < spread(wide) / 2)
      #expect(
        try generator.generate(labels: [1], seed: 2, firstIndex: 17, truncation: 0.3)
          == slice(narrow, Slicing(starts: [17, 0, 0, 0], sizes: [1, 32, 32, 1])))
    }
  }

  @Test func `labels are found by name and checked`() throws {
    try withGenerator { generator in
      let bar = try generator.label(named: "bar")
      #expect(bar == 1)
      #expect(throws: ForgeGANError.unknownLabel("knee", known: ["disc", "bar", "slope"])) { try generator.label(named: "knee") }
      #expect(throws: ForgeGANError.unknownLabel("3", known: ["disc", "bar", "slope"])) { try generator.generate(labels: [3], seed: 1) }
    }
  }

  @Test func `a model of the other kind is refused`() throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 1), seed: 5).train(Tiny.srgan(), into: folder)
      #expect(throws: CheckpointError.wrongKind(file: "model.safetensors", reason: "srgan is not a generator of labelled images")) {
        try CGANGenerator(contentsOf: folder.url)
      }
      #expect(try SuperResolver(contentsOf: folder.model).factor == 2)
    }
  }
}

@Suite struct SRGANTests {
  @Test(arguments: [2, 3, 4])
  func `content training lowers the loss and beats bicubic on what it saw`(factor: Int) throws {
    try Tiny.withFolder { folder in
      let model = try Tiny.srgan(
        ["factor": .integer(factor), "phase": "content", "width": 12, "blocks": 2, "batch": 4, "averageDecay": 0.98, "rate": 4e-3])
      let log = folder.url.appendingPathComponent("log.jsonl")
      _ = try Trainer(plan: TrainingPlan(steps: 500), seed: 5).train(model, into: folder, log: log)
      let losses = try String(contentsOf: log, encoding: .utf8).split(separator: "\n").map {
        try JSON.parse(String($0))["losses"]?["content"]?.doubleValue ?? .nan
      }
      let (first, last) = (losses.prefix(15).reduce(0, +), losses.suffix(15).reduce(0, +))
      #expect(last < 0.88 * first, "\(first / 15) to \(last / 15)")
      let score = try SuperResolutionScore(of: SuperResolver(contentsOf: folder.url), on: Tiny.planes())
      #expect(score.count == 3)
      #expect(score.gain > 1, "\(score)")
    }
  }

  @Test func `an adversarial training can begin with a content-trained generator`() throws {
    try Tiny.withFolder { folder in
      let content = try Tiny.srgan(["phase": "content"])
      _ = try Trainer(plan: TrainingPlan(steps: 20), seed: 5).train(content, into: folder)
      let start = try CheckpointReader(contentsOf: folder.model)
      let options = Tiny.srganOptions.objectValue!.merging(["phase": "adversarial"]) { $1 }
      let model = try ModelRegistry.entry("srgan").make(
        ModelRequest(options: .object(options), data: .planes(Tiny.planes()), seed: 5, start: start))
      for (mine, given) in zip(model.inferenceParameters, content.inferenceParameters) { #expect(mine.value == given.value) }
      let measures = try model.step(TrainingMoment(seed: 5, step: 0, progress: 0))
      #expect(measures.map(\.name) == ["discriminator", "content", "pattern", "adversarial", "features"])
      #expect(model.inferenceParameters[0].value != content.inferenceParameters[0].value)
    }
  }

  @Test func `before its first step the network is bicubic`() throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 1), seed: 5, isCancelled: { true }).train(Tiny.srgan(), into: folder)
      let resolver = try SuperResolver(contentsOf: folder.url)
      resolver.refinement = .init()
      let plane = Tiny.planes().plane(0).plane
      #expect(try resolver.upscale(plane, range: 4095) == plane.resampled(rows: plane.rows * 2, columns: plane.columns * 2))
    }
  }

  @Test(arguments: [false, true])
  func `refined images agree with their input, in one band and in several`(isEnsemble: Bool) throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 40), seed: 5).train(Tiny.srgan(["phase": "content", "backProjections": 12]), into: folder)
      let resolver = try SuperResolver(contentsOf: folder.url)
      #expect(resolver.refinement == .init(backProjections: 12))
      resolver.refinement.isEnsemble = isEnsemble
      let item = Tiny.planes(count: 1, rows: 300, columns: 40).plane(0)
      func agreement(_ image: Plane) -> Double { psnr(item.plane, image.resampled(rows: 300, columns: 40), range: Double(item.range)) }
      let refined = try resolver.upscale(item.plane, range: item.range)
      #expect(agreement(refined) > 55)
      let banded = try resolver.upscale(item.plane, range: item.range, bandPixels: 1)
      #expect(psnr(refined, banded, range: Double(item.range)) > 90)
      if isEnsemble {
        let turn = Turn(flipsRows: true, flipsColumns: false, transposes: true)
        let turned = try resolver.upscale(item.plane.turned(by: turn), range: item.range).turned(by: turn.inverse)
        #expect(psnr(refined, turned, range: Double(item.range)) > 100)
      }
      resolver.refinement = .init()
      #expect(agreement(try resolver.upscale(item.plane, range: item.range)) < agreement(refined) - 6)
    }
  }

  @Test func `a model from before refinement has none`() throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 1), seed: 5).train(Tiny.srgan(), into: folder)
      let checkpoint = try CheckpointReader(contentsOf: folder.model)
      var members = try #require(checkpoint.description.objectValue)
      var options = try #require(members["configuration"]?.objectValue)
      options["backProjections"] = nil
      options["smoothing"] = nil
      members["configuration"] = .object(options)
      var old = CheckpointWriter(description: .object(members))
      old.add(try Tiny.srgan().inferenceParameters)
      try old.write(to: folder.model)
      #expect(try SuperResolver(contentsOf: folder.url).refinement.isNone)
    }
  }

  @Test func `a model from before smoothing had a side smooths its whole pixel shuffle or nothing`() throws {
    let stored: [(JSON, Int)] = [(["factor": 4, "smoothShuffle": true], 4), (["factor": 3, "smoothShuffle": false], 1), (["factor": 4], 1), (["factor": 4, "smoothing": 2], 2)]
    for (options, side) in stored { #expect(try SRGAN.Configuration(options, isStored: true).smoothing == side) }
    #expect(throws: ForgeGANError.self) { try SRGAN.Configuration(["smoothShuffle": true]) }
    #expect(throws: ForgeGANError.self) { try SRGAN.Configuration(["factor": 2, "smoothing": 3]) }
  }

  @Test(arguments: [2, 3, 4])
  func `on an even image no checkerboard can come out, whatever the weights`(factor: Int) throws {
    func patterns(smoothing: Int) -> Float {
      let store = ParameterStore(seed: 9)
      let network = SRResNet(store.root, .init(factor: factor, width: 6, blocks: 1, smoothing: smoothing))
      let stream = RandomStream(seed: 2, named: "weights")
      for (index, parameter) in store.parameters.enumerated() { parameter.value = stream.normal(parameter.shape, counter: UInt64(index) << 32) }
      let side = 24
      let detail = network(Variable(Tensor([1, side, side, 1], [Float](repeating: 0.5, count: side * side))), .inference).value
      // Away from the border, which the networks see.
      let (first, last) = (8 * factor, 16 * factor)
      let inner = (first..<last).flatMap { row in (first..<last).map { detail.values[row * side * factor + $0] } }
      return inner.max()! - inner.min()!
    }
    #expect(patterns(smoothing: factor) < 1e-4)
    #expect(patterns(smoothing: 1) > 0.01)
  }

  @Test func `strips give the bytes of the whole image`() throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 6), seed: 5).train(Tiny.srgan(["phase": "content"]), into: folder)
      let resolver = try SuperResolver(contentsOf: folder.url)
      let item = Tiny.planes(count: 1, rows: 47, columns: 170).plane(0)
      let whole = try resolver.upscale(item.plane, range: item.range)
      resolver.budget = .init(bytes: 1)
      #expect(try resolver.upscale(item.plane, range: item.range) == whole)
      #expect(whole != item.plane.resampled(rows: 94, columns: 340))
    }
  }

  @Test func `pieces cover every pixel of the result once`() throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 6), seed: 5).train(Tiny.srgan(["phase": "content"]), into: folder)
      let resolver = try SuperResolver(contentsOf: folder.url)
      resolver.budget = .init(bytes: 1)
      let item = Tiny.planes(count: 1, rows: 40, columns: 133).plane(0)
      let whole = try resolver.upscale(item.plane, range: item.range)
      var seen = [Int](repeating: 0, count: whole.values.count)
      try resolver.upscale(PlaneRows(item.plane), range: item.range) { row, column, piece in
        for (index, value) in piece.enumerated() {
          seen[row * whole.columns + column + index] += 1
          #expect(value == whole[row, column + index])
        }
      }
      #expect(seen.allSatisfy { $0 == 1 })
    }
  }

  @Test func `flat, empty-range and unsound planes have an answer`() throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 2), seed: 5).train(Tiny.srgan(), into: folder)
      let resolver = try SuperResolver(contentsOf: folder.url)
      let black = Plane(rows: 5, columns: 4, values: [Float](repeating: 0, count: 20))
      #expect(try resolver.upscale(black, range: 0).values == [Float](repeating: 0, count: 80))
      let one = try resolver.upscale(Plane(rows: 1, columns: 1, values: [7]), range: 10)
      #expect(one.rows == 2 && one.columns == 2 && one.values.allSatisfy(\.isFinite))
      #expect(throws: ForgeGANError.unsuitablePlane(reason: "it holds NaN or infinite values")) {
        try resolver.upscale(Plane(rows: 1, columns: 2, values: [1, .nan]), range: 10)
      }
    }
  }
}

@Suite struct SuperResolutionPatchesTests {
  @Test func `a patch, its enlargement and its truth show the same place`() throws {
    let source = Tiny.planes(count: 1, rows: 41, columns: 37)
    let item = source.plane(0)
    let (factor, side) = (2, 8)
    let patches = SuperResolutionPatches(source, factor: factor, patch: side)
    let large = item.plane.croppedToMultiple(of: factor)
    let small = Degradation().small(of: large, factor: factor, maximum: item.maximum, share: 1)
    let enlarged = small.resampled(rows: large.rows, columns: large.columns)
    #expect(large.rows == 40 && large.columns == 36)
    let count = 12
    let batch = patches.batch(count: count, stream: RandomStream(seed: 8, stream: 1), counter: 0)

    /// All eight symmetric views of a square crop.
    func views(_ plane: Plane, _ row: Int, _ column: Int, _ side: Int) -> [[Float]] {
      let crop = plane.cropped(row: row, column: column, rows: side, columns: side).values
      return (0..<8).map { turn in
        (0..<side * side).map { index in
          let (y, x) = turn & 4 != 0 ? (index % side, index / side) : (index / side, index % side)
          return crop[(turn & 1 != 0 ? side - 1 - y : y) * side + (turn & 2 != 0 ? side - 1 - x : x)] / item.range
        }
      }
    }
    func near(_ a: [Float], _ b: ArraySlice<Float>) -> Bool { zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 } }
    let (smallArea, largeArea) = (side * side, side * side * factor * factor)
    let (smalls, larges, enlargements) = (batch.small.values, batch.large.values, batch.enlarged.values)
    for index in 0..<count {
      let wanted = smalls[index * smallArea..<(index + 1) * smallArea]
      var isFound = false
      search: for row in 0...small.rows - side {
        for column in 0...small.columns - side {
          for (turn, view) in views(small, row, column, side).enumerated() where near(view, wanted) {
            let truth = views(large, row * factor, column * factor, side * factor)[turn]
            let cubic = views(enlarged, row * factor, column * factor, side * factor)[turn]
            isFound =
              near(truth, larges[index * largeArea..<(index + 1) * largeArea])
              && near(cubic, enlargements[index * largeArea..<(index + 1) * largeArea])
            if isFound { break search }
          }
        }
      }
      #expect(isFound, "patch \(index)")
    }
  }

  @Test func `small images are whole numbers within the range`() {
    let bright = Plane(rows: 8, columns: 8, values: (0..<64).map { $0 % 8 < 4 ? 0 : 255 })
    let small = Degradation().small(of: bright, factor: 2, maximum: 255, share: 1)
    #expect(small.values.allSatisfy { $0 == $0.rounded() && (0...255).contains($0) })
  }
}
