import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import Testing

@Suite struct AccumulationTests {
  @Test(arguments: [2, 3, 4])
  func `accumulated parts are the step of the whole batch`(parts: Int) throws {
    // A model without batch statistics; its source gives the parts the items of the whole batch.
    func train(_ model: LineModel, accumulate: Int) throws -> (weights: [Float], images: Int?) {
      try Tiny.withFolder { folder in
        _ = try Trainer(plan: TrainingPlan(steps: 20, accumulate: accumulate), seed: 5).train(model, into: folder)
        let summary = try JSON.parse(String(contentsOf: folder.summary, encoding: .utf8))
        return (model.networks.parameters.flatMap(\.value.values), summary["training"]?["images"]?.integerValue)
      }
    }
    let quiet = LineModel(batch: 2 * parts)
    quiet.hasNoise = false
    let small = LineModel(batch: 2)
    small.hasNoise = false
    let (whole, inParts) = (try train(quiet, accumulate: 1), try train(small, accumulate: parts))
    #expect(whole.images == inParts.images)
    // Adam divides by the root of the second moment: rounding of 1e-7 in a gradient moves a weight by as much of a rate, in 20 steps.
    for (a, b) in zip(whole.weights, inParts.weights) { #expect(abs(a - b) < 1e-5, "\(a) \(b)") }
    #expect(whole.weights != LineModel().networks.parameters.flatMap(\.value.values))
  }

  @Test func `super-resolution without batch norms learns from parts what it learns from the whole`() throws {
    func model() throws -> SRGAN {
      let options = Tiny.srganOptions.objectValue!.merging(["phase": "content"]) { $1 }
      return try SRGAN(ModelRequest(options: .object(options), data: .planes(Tiny.planes()), seed: 5))
    }
    let (inParts, whole) = (try model(), try model())
    var source = inParts.batches
    for step in 0..<10 {
      let parts = (0..<3).map { part in
        var room = source.makeRoom()
        source.fill(&room, seed: 5, step: 3 * step + part)
        return room
      }
      func joined(_ member: KeyPath<SuperResolutionPatches.Batch, Tensor>) -> Tensor { concatenate(parts.map { $0[keyPath: member] }, axis: 0) }
      let all = SuperResolutionPatches.Batch(small: joined(\.small), enlarged: joined(\.enlarged), large: joined(\.large))
      let moment = TrainingMoment(seed: 5, step: step, progress: 0)
      let (a, b) = (inParts.step(moment, parts)[0], whole.step(moment, [all])[0])
      #expect(abs(a.value - b.value) < 1e-5 * abs(b.value))
    }
    // Sums in another order: 1e-6 of a gradient, which Adam divides by the gradient's size; 10 steps of 2e-3.
    for (a, b) in zip(inParts.networks.parameters, whole.networks.parameters) {
      for (x, y) in zip(a.value.values, b.value.values) { #expect(abs(x - y) < 2e-4, "\(a.name)") }
    }
  }

  @Test(arguments: ["cgan", "srgan"])
  func `a training that accumulates resumes to the same bytes, and draws other numbers for each part`(name: String) throws {
    func run(_ folder: ModelFolder, stops: [Int]) throws -> [String: SafeTensors.Entry] {
      for (index, stop) in stops.enumerated() {
        _ = try Trainer(plan: TrainingPlan(steps: 5, stopAfter: stop, accumulate: 3), seed: 5).train(
          Tiny.model(name), into: folder, resume: index > 0)
      }
      return try SafeTensors(contentsOf: folder.state).entries
    }
    let straight = try Tiny.withFolder { try run($0, stops: [5]) }
    #expect(try Tiny.withFolder { try run($0, stops: [2, 4, 5]) } == straight)
    let moments = (0..<3).map { TrainingMoment(seed: 5, step: 7, progress: 0).part($0, of: 3).counter }
    #expect(moments == [21 << 32, 22 << 32, 23 << 32])
  }

  @Test func `a resumed training must accumulate as it did`() throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 5, stopAfter: 1, accumulate: 3), seed: 5).train(LineModel(), into: folder)
      #expect(throws: ForgeGANError.resumeMismatch(reason: "it was begun with accumulate 3 (now 1)")) {
        try Trainer(plan: TrainingPlan(steps: 5), seed: 5).train(LineModel(), into: folder, resume: true)
      }
    }
  }
}
