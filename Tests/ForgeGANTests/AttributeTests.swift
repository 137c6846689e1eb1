import Diagnostics
import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import Testing

/// Conditioning on attributes beside the label.
@Suite struct AttributeTests {
  private static let options: JSON = ["batch": 4, "width": 4, "latent": 8, "labelWidth": 4, "condition": ["sex", "ageBand"]]

  private func withGenerator(_ body: (CGANGenerator) throws -> Void) throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 3), seed: 5).train(Tiny.cgan(Self.options), into: folder)
      try body(CGANGenerator(contentsOf: folder.url))
    }
  }

  @Test func `values are those that occur, in byte order, and 0 is unknown`() {
    let column = AttributeColumn("sex", ["M", nil, "F", "M"])
    #expect(column.attribute == ImageAttribute(name: "sex", values: ["F", "M"]))
    #expect(column.indexes == [2, 0, 1, 2])
  }

  @Test func `attributes are lost together with one half of the share, and each by itself with the other`() {
    let (count, share) = (20_000, 0.4)
    let ones = [Int32](repeating: 1, count: count)
    let conditions = Conditions(labels: ones, attributes: [ones, ones])
    let draws = RandomStream(seed: 1, named: "draws").uniform([3 * count], counter: 0).values
    let lost = conditions.forgetting(share, draws: draws)
    #expect(lost.labels == ones)
    func part(_ holds: (Int) -> Bool) -> Double { Double((0..<count).count(where: holds)) / Double(count) }
    // Four standard deviations of a share of 20,000 are at most 0.014.
    #expect(abs(part { lost.attributes[0][$0] == 0 } - (0.2 + 0.8 * 0.2)) < 0.014)
    #expect(abs(part { lost.attributes[0][$0] == 0 && lost.attributes[1][$0] == 0 } - (0.2 + 0.8 * 0.04)) < 0.014)
    #expect(conditions.forgetting(0, draws: draws) == conditions)
  }

  private static let table = ConditionTable(
    labels: [0, 0, 0, 0, 1], [AttributeColumn("sex", ["F", "F", "M", nil, "M"]), AttributeColumn("ageBand", ["000-009", "010-019", "010-019", "090+", nil])])

  @Test func `what is left open is drawn as it was in the training set`() {
    func drawn(_ label: Int32, _ sex: Int32, _ age: Int32) -> [[Int32]: Int] {
      func all(_ value: Int32) -> [Int32] { [Int32](repeating: value, count: 4000) }
      let result = Self.table.completed(Conditions(labels: all(label), attributes: [all(sex), all(age)]), seed: 3)
      return Dictionary((0..<4000).map { ([result.attributes[0][$0], result.attributes[1][$0]], 1) }, uniquingKeysWith: +)
    }
    // Values: sex F, M; ageBand 000-009, 010-019, 090+. Four standard deviations of a quarter of 4000 are 110, of a half 127.
    let open = drawn(0, 0, 0)
    #expect(Set(open.keys) == [[1, 1], [1, 2], [2, 2], [0, 3]] && open.values.allSatisfy { abs($0 - 1000) < 110 }, "\(open)")
    let women = drawn(0, 1, 0)
    #expect(Set(women.keys) == [[1, 1], [1, 2]] && women.values.allSatisfy { abs($0 - 2000) < 127 }, "\(women)")
    #expect(drawn(0, 2, 2) == [[2, 2]: 4000])
    #expect(drawn(1, 0, 0) == [[2, 0]: 4000])
    // Nobody of label 1 is a woman.
    #expect(drawn(1, 1, 0) == [[1, 0]: 4000])
    let conditions = Conditions(labels: [0, 0, 1, 1], attributes: [[1, 1, 2, 1], [1, 3, 0, 0]])
    #expect(Self.table.unseen(in: conditions) == 2 && ConditionTable.none.unseen(in: Conditions(labels: [0])) == 0)
  }

  @Test func `a draw depends on the image's own conditions and index`() {
    let open = Conditions(labels: [0, 0, 1, 0, 0, 0], attributes: [[0, 1, 0, 0, 2, 0], [0, 0, 0, 2, 0, 0]])
    let all = Self.table.completed(open, seed: 7)
    for index in 0..<6 { #expect(Self.table.completed(open.at([index]), seed: 7, firstIndex: index) == all.at([index])) }
  }

  @Test func `images show what they are asked for, and a mix where nothing is asked`() throws {
    let options: JSON = [
      "batch": 16, "width": 8, "latent": 8, "generatorRate": 1e-3, "discriminatorRate": 2e-3, "averageDecay": 0.98,
      "condition": ["sex", "ageBand"],
    ]
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 300), seed: 5).train(Tiny.cgan(options, images: Tiny.people()), into: folder)
      let generator = try CGANGenerator(contentsOf: folder.url)
      // What an image shows: whether its right side is brighter than its left, and the light of its upper edge.
      func looks(_ sex: Int32, _ age: Int32) throws -> (male: Double, ground: Float) {
        let count = 40
        func all(_ value: Int32) -> [Int32] { [Int32](repeating: value, count: count) }
        let open = Conditions(labels: all(0), attributes: [all(sex), all(age)])
        let images = try generator.generate(generator.description.conditions.completed(open, seed: 1), seed: 1)
        func light(_ rows: Range<Int>, _ columns: Range<Int>) -> [Float] {
          mean(slice(images, Slicing(starts: [0, rows.lowerBound, columns.lowerBound, 0], sizes: [count, rows.count, columns.count, 1])), axes: [1, 2, 3]).values
        }
        let (left, right) = (light(12..<20, 5..<13), light(12..<20, 19..<27))
        return (Double(zip(left, right).count { $0 < $1 }) / Double(count), mean(Tensor([count], light(0..<6, 0..<32))).scalar)
      }
      let (female, male, mix) = (try looks(1, 0).male, try looks(2, 0).male, try looks(0, 0).male)
      #expect(female < 0.1 && male > 0.9 && (0.2...0.8).contains(mix), "male: \(female), \(male), \(mix) of a mix")
      let (young, old) = (try looks(0, 1).ground, try looks(0, 2).ground)
      #expect(abs(young + 0.8) < 0.25 && abs(old) < 0.25, "ground: \(young), \(old)")
      let both = try looks(2, 2)
      #expect(both.male > 0.9 && abs(both.ground) < 0.25, "an old man: \(both)")
    }
  }

  @Test func `an image depends on seed, index and conditions alone, whatever was asked before`() throws {
    try withGenerator { generator in
      // All 3 · 3 · 4 combinations, more than are prepared at once, each twice.
      let all = Conditions(
        labels: (0..<72).map { Int32($0 % 3) }, attributes: [(0..<72).map { Int32($0 / 3 % 3) }, (0..<72).map { Int32($0 / 9 % 4) }])
      let whole = try generator.generate(all, seed: 9)
      func image(_ index: Int) -> Tensor { slice(whole, Slicing(starts: [index, 0, 0, 0], sizes: [1, 32, 32, 1])) }
      try withGenerator { other in
        for index in [71, 3, 40, 8, 35, 0] {
          let alone = try other.generate(all.at([index]), seed: 9, firstIndex: index)
          #expect(alone == image(index), "image \(index)")
        }
        let unknown = try other.generate(labels: [0, 1, 2], seed: 9)
        #expect(unknown == slice(whole, Slicing(starts: [0, 0, 0, 0], sizes: [3, 32, 32, 1])))
      }
      #expect(image(0) != image(36))
    }
  }

  @Test func `what a model does not know is refused with what it knows`() throws {
    try withGenerator { generator in
      #expect(generator.attributes.map(\.name) == ["sex", "ageBand"])
      let place = try generator.attribute(named: "ageBand")
      #expect(place == 1)
      #expect(throws: ForgeGANError.unknownValue("O", attribute: "sex", known: ["F", "M"])) { try generator.attributes[0].index(of: "O") }
      let unknown = ForgeGANError.notConditioned("modality", known: ["sex", "ageBand"])
      #expect(throws: unknown) { try generator.attribute(named: "modality") }
      #expect(unknown.description == "the model is not conditioned on modality. It is conditioned on sex, ageBand. Train one with condition: [modality].")
      #expect(throws: ForgeGANError.unknownValue("3", attribute: "sex", known: ["F", "M"])) {
        try generator.generate(Conditions(labels: [0], attributes: [[3], [0]]), seed: 1)
      }
    }
    #expect(throws: ForgeGANError.noValues("bodyPart", known: ["sex", "ageBand"])) { try Tiny.cgan(["condition": "bodyPart"]) }
    #expect(throws: ForgeGANError.badOption("condition", model: "cgan", reason: "must be a text or a list of different texts")) {
      try Tiny.cgan(["condition": ["sex", "sex"]])
    }
  }

  @Test func `a training goes on with the same attributes alone`() throws {
    try Tiny.withFolder { folder in
      var options = try #require(Tiny.cganOptions.objectValue)
      options["condition"] = "sex"
      let same = Tiny.images()
      func images(_ sexes: [String?]) throws -> InMemoryImages {
        InMemoryImages(
          size: 32, pixels: try same.batch(Array(0..<same.count)).values, labels: same.labels, labelNames: same.labelNames,
          attributes: [AttributeColumn("sex", sexes)])
      }
      func train(_ sexes: [String?], steps: Int, resume: Bool) throws {
        let model = try Tiny.cgan(.object(options), images: images(sexes))
        _ = try Trainer(plan: TrainingPlan(steps: 4, stopAfter: steps), seed: 5).train(model, into: folder, resume: resume)
      }
      var sexes = same.labels.indices.map { [nil, "F", "M", "M"][$0 % 4] }
      try train(sexes, steps: 1, resume: false)
      try train(sexes, steps: 2, resume: true)
      // Images 0 and 3 are of one label: as many of each combination as before, but of others.
      sexes.swapAt(0, 3)
      #expect(throws: ForgeGANError.resumeMismatch(reason: "it was begun with other attributes of the training images")) { try train(sexes, steps: 3, resume: true) }
      sexes[0] = "F"
      let error = #expect(throws: ForgeGANError.self) { try train(sexes, steps: 3, resume: true) }
      #expect(error?.what.hasPrefix("the stored training cannot go on: it was begun with combinations [[0,0,2],") == true, "\(error?.what ?? "")")
    }
  }

  @Test func `attributes that are not asked for change no byte`() throws {
    let images = Tiny.images()
    let bare = InMemoryImages(
      size: 32, pixels: try images.batch(Array(0..<images.count)).values, labels: images.labels, labelNames: images.labelNames)
    let files = try [images, bare].map { images in
      try Tiny.withFolder { folder in
        _ = try Trainer(plan: TrainingPlan(steps: 3), seed: 5).train(Tiny.cgan(images: images), into: folder)
        return try [Data(contentsOf: folder.model), Data(contentsOf: folder.state)]
      }
    }
    #expect(files[0] == files[1])
  }
}
