import Diagnostics
import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import ScanCatalog
import ScanIO
import ScanModel
import ScanPipeline
import Testing
import TestSupport

/// Evaluations of small folders of discs, bars and slopes.
@Suite struct EvaluationTests {
  private static let labels = ["bar", "disc", "slope"]

  /// 32 x 32 pixels of 8 bits: a figure at a random place, a random brightness, noise.
  private static func image(_ label: String, _ number: Int, seed: UInt64) -> PixelBuffer {
    let draws = RandomStream(seed: seed, named: "\(label) \(number)").uniform([3 + 1024], counter: 0).values
    let (y0, x0, light) = (11 + 10 * draws[0], 11 + 10 * draws[1], 120 + 90 * draws[2])
    let words = (0..<1024).map { index -> UInt8 in
      let (y, x) = (Float(index / 32) - y0, Float(index % 32) - x0)
      let inside =
        switch label {
        case "bar": abs(y) < 3
        case "disc": y * y + x * x < 60
        default: y > x
        }
      return UInt8((inside ? light : 30) + 20 * draws[3 + index])
    }
    return PixelBuffer(rows: 32, columns: 32, bitsAllocated: 8, words: words)
  }

  /// Writes `LABEL/NUMBER.tif`, labels in turn.
  private static func write(_ count: Int, seed: UInt64, to folder: URL, labelled: (String) -> String = { $0 }) throws -> EvaluationImages {
    for number in 0..<count {
      let label = labels[number % 3]
      let place = folder.appendingPathComponent(labelled(label))
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      let bytes = try TIFFWriter.encode(image(label, number, seed: seed), photometric: .monochrome2, spacing: nil)
      try Data(bytes).write(to: place.appendingPathComponent("\(seed)-\(number).tif"))
    }
    return try read(folder)
  }

  private static func read(_ folder: URL) throws -> EvaluationImages {
    try EvaluationImages(.folder(folder), role: "set", catalog: nil, threads: 2, progress: { _ in })
  }

  private static func inFolder(_ body: (URL) throws -> Void) throws {
    let folder = try TestData.temporaryFolder("evaluation")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private static func evaluator(steps: Int = 60, utility: Bool = false) -> Evaluator {
    var plan = EvaluationPlan()
    (plan.classifierSteps, plan.measuresUtility) = (steps, utility)
    return Evaluator(plan, threads: 2, progress: { _ in })
  }

  @Test func `honest images of the right class pass, and all of it is repeatable`() throws {
    try Self.inFolder { folder in
      let training = try Self.write(90, seed: 1, to: folder.appendingPathComponent("training"))
      let real = try Self.write(90, seed: 2, to: folder.appendingPathComponent("real"))
      let synthetic = try Self.write(60, seed: 3, to: folder.appendingPathComponent("synthetic"))
      let result = try Self.evaluator(utility: true).evaluate(real: real, synthetic: synthetic, training: training)
      #expect(result.views.map(\.extractor) == ["random-cnn", "classifier"])
      #expect(result.views.allSatisfy { $0.figures.realCount == 90 && $0.figures.generatedCount == 60 && $0.digest.count == 64 })
      let consistency = try #require(result.consistency)
      #expect(consistency.accuracy.synthetic.value > 0.9 && consistency.accuracy.real.value > 0.9)
      #expect(try #require(result.utility).ratio > 0.85)
      let memory = try #require(result.memory)
      #expect(!memory.isFlagged && memory.suspects == 0, "\(result.lines)")
      #expect(result.copies?.found.isEmpty == true && !result.isSuspect, "\(result.lines)")
      #expect(result.notMeasured.isEmpty && result.pairs == nil)
      let again = try Self.evaluator(utility: true).evaluate(real: real, synthetic: synthetic, training: training)
      #expect(again.json == result.json)
    }
  }

  @Test func `copies of training images are flagged`() throws {
    try Self.inFolder { folder in
      let training = try Self.write(90, seed: 1, to: folder.appendingPathComponent("training"))
      let real = try Self.write(90, seed: 2, to: folder.appendingPathComponent("real"))
      let copies = try Self.evaluator().evaluate(real: real, synthetic: training, training: training)
      #expect(try #require(copies.memory).isFlagged && copies.memory?.suspects == 90)
      let page = try EvaluationReport(copies, real: real, synthetic: training, training: training).html()
      // The curve of copies, all at no distance, is a flat line at the bottom; that of honest images rises.
      let lines = page.split(separator: "<polyline points=\"").dropFirst().map { $0.prefix { $0 != "\"" }.split(separator: " ").map { $0.split(separator: ",")[1] } }
      #expect(lines.count == 2 && Set(lines[0]).count == 1 && Set(lines[1]).count > 20 && page.contains("Distance to the nearest training image"))
    }
  }

  /// What somebody may do to a copy.
  private static let changes: [String: @Sendable (PixelBuffer) -> PixelBuffer] = [
    "flipped": { $0.mapped { words, row, column in Float(words[row * 32 + 31 - column]) } },
    "noisy": { buffer in
      let noise = RandomStream(seed: 9, named: "noise").normal([1024], counter: 0).values
      return buffer.mapped { words, row, column in Float(words[row * 32 + column]) + 8 * noise[row * 32 + column] }
    },
    "contrast": { $0.mapped { words, row, column in 20 + 0.7 * Float(words[row * 32 + column]) } },
    "inverted": { $0.mapped { words, row, column in 255 - Float(words[row * 32 + column]) } },
    "shifted": { $0.mapped { words, row, column in Float(words[min(row + 2, 31) * 32 + min(column + 2, 31)]) } },
    "blurred": { $0.mapped { words, row, column in
      var sum: Float = 0
      for y in row - 1...row + 1 { for x in column - 1...column + 1 { sum += Float(words[min(max(y, 0), 31) * 32 + min(max(x, 0), 31)]) } }
      return sum / 9
    } },
  ]

  /// 32 x 32 pixels of 8 bits: twelve soft spots of random places, sizes and values, so that no two pictures are alike.
  private static func spots(_ seed: UInt64) -> PixelBuffer {
    let draws = RandomStream(seed: seed, named: "spots").uniform([12, 5], counter: 0).values
    let words = (0..<1024).map { index -> UInt8 in
      let (y, x) = (Float(index / 32) / 32, Float(index % 32) / 32)
      let sum = stride(from: 0, to: 60, by: 5).reduce(Float(40)) { sum, first in
        let (down, right) = ((y - draws[first]) / (0.05 + 0.2 * draws[first + 2]), (x - draws[first + 1]) / (0.05 + 0.2 * draws[first + 3]))
        return sum + (180 * draws[first + 4] - 40) * exp(-down * down - right * right)
      }
      return UInt8(min(max(sum, 0), 255))
    }
    return PixelBuffer(rows: 32, columns: 32, bitsAllocated: 8, words: words)
  }

  @Test(arguments: changes.keys.sorted())
  func `copies that were changed are found among honest images`(change: String) throws {
    try Self.inFolder { folder in
      func set(_ name: String, _ pictures: [PixelBuffer]) throws -> EvaluationImages {
        let place = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        for (number, picture) in pictures.enumerated() {
          try Data(TIFFWriter.encode(picture, photometric: .monochrome2, spacing: nil)).write(to: place.appendingPathComponent("\(100 + number).tif"))
        }
        return try Self.read(place)
      }
      let make = try #require(Self.changes[change])
      let training = try set("training", (0..<60).map { Self.spots($0) })
      let real = try set("real", (100..<140).map { Self.spots($0) })
      let honest = (200..<237).map { Self.spots($0) }
      let synthetic = try set("synthetic", honest + [7, 21, 40].map { make(Self.spots($0)) })
      let result = try Self.evaluator().evaluate(real: real, synthetic: synthetic, training: training)
      let copies = try #require(result.copies)
      #expect(result.isSuspect && copies.found.map(\.synthetic).sorted() == [37, 38, 39], "\(result.lines)")
      #expect(copies.found.sorted { $0.synthetic < $1.synthetic }.map(\.training) == [7, 21, 40])
      #expect(copies.found.sorted { $0.synthetic < $1.synthetic }.map(\.places.training) == ["image 8", "image 22", "image 41"])
    }
  }

  @Test func `training images among the real ones are left out, and training images among the synthetic ones are always flagged`() throws {
    try Self.inFolder { folder in
      func set(_ name: String, _ numbers: [UInt64]) throws -> EvaluationImages {
        let place = folder.appendingPathComponent("\(name)/spots")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        for (index, number) in numbers.enumerated() {
          try Data(TIFFWriter.encode(Self.spots(number), photometric: .monochrome2, spacing: nil)).write(to: place.appendingPathComponent("\(100 + index).tif"))
        }
        return try Self.read(folder.appendingPathComponent(name))
      }
      let training = try set("training", Array(0..<60))
      let synthetic = try set("synthetic", Array(200..<237) + [7, 21, 40])
      let mixed = try set("mixed", Array(100..<140) + [3, 9, 12, 30, 31, 32])
      let result = try Self.evaluator().evaluate(real: mixed, synthetic: synthetic, training: training)
      #expect(result.realCount == 40 && result.notMeasured.contains("6 of 46 real images: they are training images."))
      #expect(result.copies?.identical == 3 && result.copies?.honest.found == 0 && result.isSuspect)
      #expect(throws: EvaluationError.notHeldOut(60, of: 60)) { try Self.evaluator().evaluate(real: training, synthetic: synthetic, training: training) }
    }
  }

  @Test(arguments: ["..", "ü/β?", "%s%n", "100%", "a%2Fb", "plain", "%"])
  func `a label comes back from its folder's name`(name: String) throws {
    let label = try #require(Label(name))
    #expect(Label.ofFolder(label.folderName) == label)
    #expect(Label.ofFolder("%zz")?.name == "%zz" && Label.ofFolder("50%")?.name == "50%" && Label.ofFolder("a%62")?.name == "a%62")
  }

  @Test func `a few copies among honest images are found`() throws {
    try Self.inFolder { folder in
      let training = try Self.write(90, seed: 1, to: folder.appendingPathComponent("training"))
      let real = try Self.write(90, seed: 2, to: folder.appendingPathComponent("real"))
      let mixed = folder.appendingPathComponent("mixed")
      _ = try Self.write(60, seed: 3, to: mixed)
      for number in [3, 4, 5] {
        let label = Self.labels[number % 3]
        try FileManager.default.copyItem(
          at: folder.appendingPathComponent("training/\(label)/1-\(number).tif"), to: mixed.appendingPathComponent("\(label)/copy\(number).tif"))
      }
      let result = try Self.evaluator().evaluate(real: real, synthetic: Self.read(mixed), training: training)
      #expect(try #require(result.memory).suspects == 3 && result.memory?.isFlagged == true)
    }
  }

  @Test func `images under wrong labels are told`() throws {
    try Self.inFolder { folder in
      let real = try Self.write(120, seed: 2, to: folder.appendingPathComponent("real"))
      let swapped = try Self.write(60, seed: 3, to: folder.appendingPathComponent("swapped")) { ["bar": "disc", "disc": "bar"][$0] ?? $0 }
      let result = try Self.evaluator().evaluate(real: real, synthetic: swapped, training: nil)
      let consistency = try #require(result.consistency)
      #expect(consistency.trainedOn == 60 && consistency.real.count == 60)
      #expect(consistency.accuracy.real.value > 0.9 && consistency.accuracy.synthetic.value < 0.5)
      #expect(result.notMeasured.contains { $0.contains("--training") })
    }
  }

  @Test func `files of one name are compared pixel by pixel in their own units`() throws {
    try Self.inFolder { folder in
      let (real, other) = (folder.appendingPathComponent("real"), folder.appendingPathComponent("other"))
      for place in [real, other] { try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true) }
      for number in 0..<3 {
        // 16 bits, whose own largest value is the range; the copy is off by 10 everywhere.
        let words = (0..<1024).map { UInt16(100 + number + $0 * 3) }
        func bytes(_ add: UInt16) throws -> Data {
          var bytes: [UInt8] = []
          for word in words { bytes += [UInt8((word + add) & 255), UInt8((word + add) >> 8)] }
          let pixels = PixelBuffer(rows: 32, columns: 32, bitsAllocated: 16, words: bytes)
          return Data(try TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil))
        }
        try bytes(0).write(to: real.appendingPathComponent("s\(number).tif"))
        try bytes(10).write(to: other.appendingPathComponent("s\(number)_x2.tif"))
      }
      let result = try Self.evaluator().evaluate(real: Self.read(real), synthetic: Self.read(other), training: nil)
      let pairs = try #require(result.pairs)
      let ranges: [Double] = [3169, 3170, 3171]
      let expected = ranges.reduce(0) { $0 + 20 * log10($1 / 10) } / 3
      #expect(pairs.count == 3 && abs(pairs.psnr.value - expected) < 1e-3, "\(pairs.psnr), \(expected)")
      #expect(result.views.isEmpty && !result.notMeasured.isEmpty)
    }
  }

  @Test func `a pair of 8 and of 16 bits with other ranges has no figures and is told of`() throws {
    try Self.inFolder { folder in
      let (real, other) = (folder.appendingPathComponent("real"), folder.appendingPathComponent("other"))
      for place in [real, other] { try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true) }
      for number in 0..<3 {
        let small = Self.image("disc", number, seed: 1)
        // Brought to 16 bits for two of the pairs; the third keeps its values in 16 bits and stays comparable.
        let wide = Array(small.words).flatMap { (word: UInt8) -> [UInt8] in number < 2 ? [word, word] : [word, 0] }
        try Data(TIFFWriter.encode(small, photometric: .monochrome2, spacing: nil)).write(to: real.appendingPathComponent("s\(number).tif"))
        let pixels = PixelBuffer(rows: 32, columns: 32, bitsAllocated: 16, words: wide)
        try Data(TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)).write(to: other.appendingPathComponent("s\(number).tif"))
      }
      let result = try Self.evaluator().evaluate(real: Self.read(real), synthetic: Self.read(other), training: nil)
      let pairs = try #require(result.pairs)
      #expect(pairs.count == 1 && pairs.psnr.value > 120, "\(result.lines)")
      #expect(result.notMeasured.contains { $0.hasPrefix("2 pairs of one name") })
    }
  }

  @Test func `images that are not square are told as such, and the same images on both sides as well`() throws {
    try Self.inFolder { folder in
      let real = try Self.write(40, seed: 2, to: folder.appendingPathComponent("real"))
      let flat = folder.appendingPathComponent("flat")
      try FileManager.default.createDirectory(at: flat, withIntermediateDirectories: true)
      for number in 0..<24 {
        let words = (0..<600).map { UInt8(($0 * (number + 3)) % 251) }
        let pixels = PixelBuffer(rows: 20, columns: 30, bitsAllocated: 8, words: words)
        try Data(TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)).write(to: flat.appendingPathComponent("\(number).tif"))
      }
      let made = try Self.read(flat)
      #expect(throws: EvaluationError.notSquare([20, 30])) { try Self.evaluator().evaluate(real: real, synthetic: made, training: nil) }
      let twice = try Self.evaluator().evaluate(real: real, synthetic: real, training: nil)
      #expect(twice.realAmongSynthetic == 40 && twice.lines.contains { $0.hasPrefix("40 of 40 synthetic images are among the real") })
    }
  }

  @Test func `KID is by label also where too few images are left for a classifier, and says which label has too few`() throws {
    try Self.inFolder { folder in
      let real = try Self.write(24, seed: 2, to: folder.appendingPathComponent("real"))
      let synthetic = try Self.write(30, seed: 3, to: folder.appendingPathComponent("synthetic"))
      let small = try Self.evaluator(steps: 5).evaluate(real: real, synthetic: synthetic, training: nil)
      #expect(small.consistency == nil && small.views.allSatisfy(\.figures.isByLabel), "\(small.lines)")
      let other = folder.appendingPathComponent("synthetic/other")
      try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
      try Data(TIFFWriter.encode(Self.image("bar", 1, seed: 9), photometric: .monochrome2, spacing: nil)).write(to: other.appendingPathComponent("x.tif"))
      let more = try Self.evaluator(steps: 5).evaluate(real: real, synthetic: Self.read(folder.appendingPathComponent("synthetic")), training: nil)
      #expect(more.notMeasured.contains { $0.hasSuffix("of each label; other has 0 real and 1 synthetic. KID has the labels in their own shares on either side.") }, "\(more.notMeasured)")
    }
  }

  @Test func `a classifier that was kept gives the same figures again, and all figures have intervals`() throws {
    try Self.inFolder { folder in
      let real = try Self.write(90, seed: 2, to: folder.appendingPathComponent("real"))
      let synthetic = try Self.write(60, seed: 3, to: folder.appendingPathComponent("synthetic"))
      let first = try Self.evaluator(steps: 20).evaluate(real: real, synthetic: synthetic, training: nil)
      let file = folder.appendingPathComponent("classifier.safetensors")
      try #require(first.classifierWeights).write(to: file)
      var plan = EvaluationPlan()
      (plan.classifierSteps, plan.measuresUtility, plan.extractors) = (1, false, [file])
      let again = try Evaluator(plan, threads: 1, progress: { _ in }).evaluate(real: real, synthetic: synthetic, training: nil)
      let views = (first.views[1], again.views[1])
      #expect(views.0.digest == views.1.digest && views.0.figures.kernelDistance == views.1.figures.kernelDistance)
      let (coverage, intervals) = (views.0.figures.coverage, views.0.figures.coverage.intervals)
      #expect(intervals.precision.contains(coverage.precision) && intervals.recall.contains(coverage.recall))
      #expect(intervals.density.contains(coverage.density) && intervals.coverage.contains(coverage.coverage))
      let score = try #require(views.0.scoreOfClasses)
      #expect(score.interval.contains(score.value) && score.interval.lowerBound >= 1 && score.interval.lowerBound < score.interval.upperBound)
    }
  }

  @Test func `copies are flagged when they are nearer or more than honest images, by what they are called`() {
    func copies(_ distances: [Double], of synthetic: Int, honest: (count: Int, found: Int), nearest: Double) -> Evaluation.Copies {
      let found = distances.enumerated().map {
        Evaluation.Copies.Copy(synthetic: $0.offset, training: 3, places: ("image \($0.offset + 1)", "image 4"), distance: $0.element)
      }
      return Evaluation.Copies(found: found, identical: 0, training: 50, synthetic: synthetic, honest: honest, nearestHonest: nearest, threshold: 0.02)
    }
    // Six of 206 are not beyond chance where one of 200 held-out images is as near; nearer than that one by far they are.
    let alike = copies([0.01, 0.01, 0.012, 0.013, 0.014, 0.015], of: 206, honest: (200, 1), nearest: 0.008)
    #expect(!alike.isFlagged && alike.nearer == 0)
    #expect(copies([0.0015, 0.01], of: 206, honest: (200, 1), nearest: 0.008).isFlagged)
    let bar = alike.flaggedFrom ?? 0
    #expect(bar > 6 && copies([Double](repeating: 0.01, count: bar), of: 206, honest: (200, 1), nearest: 0.008).isFlagged)
    #expect(!copies([Double](repeating: 0.01, count: bar - 1), of: 206, honest: (200, 1), nearest: 0.008).isFlagged)
    #expect(copies([0.01], of: 206, honest: (200, 0), nearest: 0.3).isFlagged)
    #expect(copies([], of: 20, honest: (20, 20), nearest: 0.001).flaggedFrom == nil)
    #expect(alike.nearest(2) == "image 1 (training image 4), image 2 (training image 4) and 4 more")
  }

  @Test func `too few images and sets that are not there are refused`() throws {
    try Self.inFolder { folder in
      let few = try Self.write(9, seed: 1, to: folder.appendingPathComponent("few"))
      let real = try Self.write(30, seed: 2, to: folder.appendingPathComponent("real"))
      #expect(throws: EvaluationError.tooFew(role: "synthetic", count: 9, least: 20)) {
        try Self.evaluator().evaluate(real: real, synthetic: few, training: nil)
      }
      #expect(throws: EvaluationError.noSuchSource) { try EvaluationSource(folder.appendingPathComponent("nowhere").path) }
    }
  }

  @Test func `pairs of several sizes are compared each at its own, and a pair of two sizes is refused`() throws {
    try Self.inFolder { folder in
      let sides = [24, 40, 64]
      func write(_ name: String, _ side: Int, _ noise: Int, to place: String) throws {
        let pixels = (0..<side * side).map { (index: Int) -> UInt8 in UInt8(40 + index * 7 % 150) + UInt8(index % 3 == 0 ? noise : 0) }
        let url = folder.appendingPathComponent("\(place)/\(name).png")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(PNGWriter.encode(PixelBuffer(rows: side, columns: side, bitsAllocated: 8, words: pixels), photometric: .monochrome2, spacing: nil))
          .write(to: url)
      }
      var single: [Double] = []
      for (index, side) in sides.enumerated() {
        for root in ["all", "one\(index)"] {
          try write("s\(index)", side, 0, to: "\(root)/real")
          try write("s\(index)_x2", side, 3 + index, to: "\(root)/made")
        }
        let (real, made) = (try Self.read(folder.appendingPathComponent("one\(index)/real")), try Self.read(folder.appendingPathComponent("one\(index)/made")))
        single.append(try #require(Self.evaluator().evaluate(real: real, synthetic: made, training: nil).pairs).psnr.value)
      }
      #expect(Set(single).count == 3)
      let real = try Self.read(folder.appendingPathComponent("all/real"))
      let pairs = try #require(Self.evaluator().evaluate(real: real, synthetic: Self.read(folder.appendingPathComponent("all/made")), training: nil).pairs)
      #expect(pairs.count == 3 && abs(pairs.psnr.value - single.reduce(0, +) / 3) < 1e-9)
      try write("s1_x2", 39, 1, to: "all/made")
      let error = EvaluationError.pairSizes(2, found: [39, 39], expected: [40, 40])
      #expect(throws: error) { try Self.evaluator().evaluate(real: real, synthetic: Self.read(folder.appendingPathComponent("all/made")), training: nil) }
      #expect(
        error.description == "synthetic image 2: The super-resolved image has 39 x 39 pixels, the real image of its name 40 x 40. "
          + "Name as real images the originals of the size that the results have; images are counted in the order of their paths.")
    }
  }

  @Test(arguments: [20, 25, 33])
  func `half of a small real set teaches no classifier, and all of it is compared`(count: Int) throws {
    try Self.inFolder { folder in
      let real = try Self.write(count, seed: 2, to: folder.appendingPathComponent("real"))
      let synthetic = try Self.write(30, seed: 3, to: folder.appendingPathComponent("synthetic"))
      let result = try Self.evaluator(steps: 5).evaluate(real: real, synthetic: synthetic, training: nil)
      #expect(result.views.map(\.figures.realCount) == [count] && result.consistency == nil && result.utility == nil)
      #expect(result.notMeasured.contains { $0.contains("--training") })
    }
  }

  @Test func `the report stands alone`() throws {
    try Self.inFolder { folder in
      let real = try Self.write(60, seed: 2, to: folder.appendingPathComponent("real")) { $0 == "bar" ? "a<b&c" : $0 }
      let synthetic = try Self.write(30, seed: 3, to: folder.appendingPathComponent("synthetic"))
      let result = try Self.evaluator(steps: 10).evaluate(real: real, synthetic: synthetic, training: nil)
      let page = folder.appendingPathComponent("report.html")
      try EvaluationReport(result, real: real, synthetic: synthetic, training: nil).write(to: page)
      let text = try String(contentsOf: page, encoding: .utf8)
      #expect(text.contains("a&lt;b&amp;c") && !text.contains("a<b"))
      #expect(!text.contains("<script") && !text.contains("http:") && !text.contains("https:"))
      #expect(text.contains("data:image/png;base64,"))
      #expect(throws: EvaluationError.reportExists) {
        try EvaluationReport(result, real: real, synthetic: synthetic, training: nil).write(to: page)
      }
    }
  }
}

extension PixelBuffer {
  /// 32 x 32 pixels of 8 bits, each made from the old words.
  fileprivate func mapped(_ value: (_ words: [UInt8], _ row: Int, _ column: Int) -> Float) -> PixelBuffer {
    return PixelBuffer(
      rows: 32, columns: 32, bitsAllocated: 8,
      words: (0..<1024).map { UInt8(min(max(value(words, $0 / 32, $0 % 32).rounded(), 0), 255)) })
  }
}
