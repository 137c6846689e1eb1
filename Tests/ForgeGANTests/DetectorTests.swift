import ForgeGAN
import Testing

@Suite struct DetectorTests {
  private func looks(_ figures: [[String: Double]], progress: Double = 0.5) -> [TrainingObservation] {
    figures.enumerated().map { TrainingObservation(step: $0 + 1, progress: progress, probe: ProbeResult(score: 0, figures: $1)) }
  }

  /// The place of the first finding, which must be the same when the detector's memory is stored and read before each observation.
  private func firstFinding(_ observations: [TrainingObservation]) -> Int? {
    var (whole, found): (TrainingWatch, Int?) = (TrainingWatch(), nil)
    var (memory, foundAgain): ([String: [Double]], Int?) = (TrainingWatch().memory, nil)
    for (index, observation) in observations.enumerated() {
      if whole.observe(observation) != nil, found == nil { found = index }
      var stored = TrainingWatch()
      stored.memory = memory
      if stored.observe(observation) != nil, foundAgain == nil { foundAgain = index }
      memory = stored.memory
    }
    #expect(found == foundAgain)
    return found
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `a measure that is not finite is found at once`(value: Float) {
    var watch = TrainingWatch()
    #expect(watch.observe(TrainingObservation(step: 0, progress: 0, measures: [Measure("generator", 1)])) == nil)
    let finding = watch.observe(TrainingObservation(step: 1, progress: 0, measures: [Measure("generator", 1), Measure("content", value)]))
    #expect(finding == TrainingFinding(detector: "nonFinite", text: "the measure content is not a finite number"))
  }

  @Test func `a tensor or image that is not finite is found`() {
    var watch = TrainingWatch()
    #expect(watch.observe(TrainingObservation(step: 1, progress: 0, unsoundTensor: "a/b"))?.detector == "nonFinite")
    #expect(
      watch.observe(TrainingObservation(step: 1, progress: 0, probe: ProbeResult(score: nil, figures: ["kid": .nan])))?.detector
        == "nonFinite")
  }

  private func game(_ steps: Int, right: (Int) -> Float, loss: (Int) -> Float) -> [TrainingObservation] {
    (0..<steps).map { step in
      TrainingObservation(
        step: step, progress: 0.5,
        measures: [Measure("rightOnReal", right(step)), Measure("rightOnFake", right(step)), Measure("generator", loss(step))])
    }
  }

  @Test func `a discriminator that wins while the generator falls behind is found, after 400 steps`() throws {
    let found = try #require(firstFinding(game(2000, right: { $0 < 500 ? 0.8 : 1 }, loss: { $0 < 500 ? 1 : 1 + Float($0 - 500) * 0.01 })))
    // 0.8 to 0.995 takes the running mean ln(0.2 / 0.005) / 0.02 = 184 steps.
    #expect((500 + 184 + 395...500 + 184 + 405).contains(found), "\(found)")
  }

  @Test func `a strong discriminator alone is no failure`() {
    #expect(firstFinding(game(3000, right: { _ in 1 }, loss: { _ in 4 })) == nil)
    #expect(firstFinding(game(3000, right: { _ in 0.9 }, loss: { Float($0) * 0.01 })) == nil)
    // It loses now and then: saturation begins anew, however much the loss has grown.
    #expect(firstFinding(game(3000, right: { $0 % 300 < 20 ? 0.5 : 1 }, loss: { Float($0) * 0.01 })) == nil)
    // A model without these measures is not watched.
    #expect(
      firstFinding((0..<3000).map { TrainingObservation(step: $0, progress: 0.5, measures: [Measure("generator", Float($0))]) }) == nil)
  }

  private let healthy = ["similarity": 0.8, "realSimilarity": 0.3, "duplicates": 0.2, "realDuplicates": 0, "recall": 0.4]

  @Test(arguments: [["duplicates": 0.9], ["similarity": 0.97], ["recall": 0.02]])
  func `variety that goes is found at the second look without it`(change: [String: Double]) {
    let bad = healthy.merging(change) { $1 }
    #expect(firstFinding(looks([healthy, bad, bad])) == 2)
    #expect(firstFinding(looks([healthy, bad, healthy, bad, healthy])) == nil)
  }

  @Test func `looks without pairs of one label are watched by their other figures`() {
    let lone = healthy.filter { !$0.key.lowercased().contains("similarity") }
    let bad = lone.merging(["recall": 0.02]) { $1 }
    #expect(firstFinding(looks([lone, bad, bad])) == 2)
    #expect(firstFinding(looks([lone, lone, lone])) == nil)
  }

  @Test func `a generator that has not yet begun to vary gets its time`() {
    let bad = healthy.merging(["similarity": 0.99]) { $1 }
    #expect(firstFinding(looks([bad, bad, bad, healthy], progress: 0.3)) == nil)
    #expect(firstFinding(looks([bad, bad], progress: 0.45)) == 1)
  }

  @Test func `the last look needs no second one when there was a good one before`() {
    let bad = healthy.merging(["similarity": 0.99]) { $1 }
    let (before, last) = (looks([healthy])[0], looks([bad], progress: 1)[0])
    #expect(firstFinding([before, last]) == 1)
    #expect(firstFinding([last]) == nil)
    #expect(firstFinding([before, looks([healthy], progress: 1)[0]]) == nil)
  }

  @Test func `training images that are alike themselves are no collapse of the generator`() {
    let alike = ["similarity": 0.97, "realSimilarity": 0.96, "duplicates": 0.95, "realDuplicates": 0.9, "recall": 0.4]
    #expect(firstFinding(looks([alike, alike, alike])) == nil)
    #expect(TrainingWatch.suspicion(ProbeResult(score: 0, figures: alike)) == nil)
  }

  @Test func `super-resolution far worse than bicubic is found, and is no state to return to`() {
    let (good, bad) = (["validation": 0.8, "bicubic": 1.0], ["validation": 2.5, "bicubic": 1.0])
    #expect(firstFinding(looks([good, bad, good, bad, bad])) == 4)
    #expect(firstFinding(looks([bad, bad, bad], progress: 0.1)) == nil)
    #expect(TrainingWatch.suspicion(ProbeResult(score: 0, figures: bad)) != nil)
    #expect(TrainingWatch.suspicion(ProbeResult(score: 0, figures: good)) == nil)
    let flat = TrainingWatch.suspicion(ProbeResult(score: 0, figures: ["validation": 0.1, "bicubic": 0]))
    #expect(flat?.text == "super-resolved patches differ from the truth, which bicubic enlargement meets exactly: they are flat")
    #expect(TrainingWatch.suspicion(ProbeResult(score: 0, figures: ["validation": 0, "bicubic": 0])) == nil)
  }
}
