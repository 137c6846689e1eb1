import Diagnostics
import ForgeGAN
import ForgeNN
import ForgeTensor
import Testing

@Suite struct TrainingPlanTests {
  @Test func `steps decide progress, whatever the clock says`() throws {
    let plan = try TrainingPlan(steps: 100, minutes: 5, stopAfter: 40)
    #expect(plan.progress(step: 25, seconds: 1e6) == 0.25)
    #expect(!plan.endsRun(step: 39, seconds: 0))
    #expect(plan.endsRun(step: 40, seconds: 0))
    #expect(!plan.isComplete(step: 40, seconds: 0))
    #expect(plan.endsRun(step: 3, seconds: 300))
    #expect(plan.isComplete(step: 100, seconds: 0))
  }

  @Test func `minutes decide progress when there are no steps`() throws {
    let plan = try TrainingPlan(minutes: 2)
    #expect(plan.progress(step: 7, seconds: 30) == 0.25)
    #expect(plan.endsRun(step: 7, seconds: 120))
  }

  @Test(arguments: [(50, [50]), (400, [157, 313, 400]), (30_000, [157, 313, 625, 1500, 3000])])
  func `looks come early, then at intervals, and at the end`(steps: Int, first: [Int]) throws {
    let plan = try TrainingPlan(steps: steps)
    let due = (1...steps).filter { plan.isProbeDue(step: $0, imagesPerStep: 8, isComplete: $0 == steps) }
    #expect(Array(due.prefix(first.count)) == first)
    #expect(due.last == steps && due.count <= 24)
  }

  @Test func `a plan without end or without steps is refused`() {
    #expect(throws: ForgeGANError.badPlan(reason: "the training has no end")) { try TrainingPlan(stopAfter: 3) }
    #expect(throws: ForgeGANError.badPlan(reason: "the training would have no steps")) { try TrainingPlan(steps: 0) }
    #expect(throws: ForgeGANError.badPlan(reason: "the training would have no steps")) { try TrainingPlan(minutes: .nan) }
  }

  @Test func `schedules begin at 1 and fall to their floor`() {
    #expect(LearningRateSchedule.constant.factor(0.7) == 1)
    for schedule in [LearningRateSchedule.linear, .cosine] {
      #expect(abs(schedule.factor(0) - 1) < 1e-6)
      #expect(abs(schedule.factor(1, floor: 0.02) - 0.02) < 1e-6)
      #expect(abs(schedule.factor(0.5, floor: 0) - 0.5) < 1e-6)
    }
  }

  @Test func `every epoch shows each item once, and a batch does not depend on those before it`() {
    var order = DataOrder(count: 10, seed: 3)
    let batches = (0..<10).map { order.batch($0, size: 4) }
    let flat = batches.flatMap { $0 }
    for epoch in 0..<4 { #expect(Set(flat[epoch * 10..<epoch * 10 + 10]) == Set(0..<10)) }
    #expect(Array(flat[0..<10]) != Array(flat[10..<20]))
    var fresh = DataOrder(count: 10, seed: 3)
    #expect(fresh.batch(7, size: 4) == batches[7])
    var other = DataOrder(count: 10, seed: 4)
    #expect((0..<5).flatMap { other.batch($0, size: 4) } != Array(flat[0..<20]))
  }
}

@Suite struct ModelOptionsTests {
  @Test func `options are read strictly before any data`() throws {
    let cgan = try ModelRegistry.entry("cgan")
    try cgan.check(["width": 16, "augment": false, "loss": "nonSaturating"])
    #expect(throws: ForgeGANError.self) { try cgan.check(["widht": 16]) }
    #expect(throws: ForgeGANError.badOption("width", model: "cgan", reason: "must be a whole number in 4...256")) {
      try cgan.check(["width": 2])
    }
    #expect(throws: ForgeGANError.badOption("augment", model: "cgan", reason: "must be true or false")) { try cgan.check(["augment": 1]) }
    #expect(throws: ForgeGANError.badOption("options", model: "cgan", reason: "must be a mapping of names to values")) {
      try cgan.check([1])
    }
    let srgan = try ModelRegistry.entry("srgan")
    #expect(throws: ForgeGANError.badOption("factor", model: "srgan", reason: "must be one of 2, 3, 4")) { try srgan.check(["factor": 5]) }
    #expect(throws: ForgeGANError.badOption("phase", model: "srgan", reason: "must be one of content, adversarial, both")) {
      try srgan.check(["phase": "fast"])
    }
  }

  @Test func `an unknown option or model is answered with those that exist`() throws {
    do {
      try ModelRegistry.entry("srgan").check(["factr": 2])
      Issue.record("factr was accepted")
    } catch {
      #expect(error.description.hasPrefix("srgan has no option \"factr\". Use one of factor, network, phase, contentShare, batch, patch"))
      #expect(error.kind == .request)
    }
    #expect(throws: ForgeGANError.unknownModel("gpt", known: ["cgan", "srgan"])) { try ModelRegistry.entry("gpt") }
  }

  @Test func `a stored configuration reads back as itself`() throws {
    let cgan = try ConditionalGAN.Configuration(["width": 8, "r1": 0.5])
    #expect(try ConditionalGAN.Configuration(JSON.parse(cgan.json(size: 32).text())) == cgan)
    let srgan = try SRGAN.Configuration(["factor": 3, "rate": 2e-4])
    #expect(try SRGAN.Configuration(JSON.parse(srgan.json.text()), isStored: true) == srgan)
  }

  @Test func `an option that would do nothing is refused, in a stored model it is read`() throws {
    let srgan = try ModelRegistry.entry("srgan")
    for (options, key) in [
      (["networkWeight": 1], "networkWeight"), (["networkWeight": 1, "phase": "adversarial"], "networkWeight"),
      (["featureNetwork": "vgg.safetensors", "phase": "content"], "featureNetwork"),
      (["featureNetwork": "vgg.safetensors", "networkWeight": 1, "phase": "content"], "featureNetwork"),
    ] as [(JSON, String)] {
      do {
        try srgan.check(options)
        Issue.record("\(options) was accepted")
      } catch {
        #expect(error.description.hasPrefix("srgan: \(key) ") && error.description.contains("leave \(key) out"))
      }
      #expect(throws: Never.self) { try SRGAN.Configuration(options, isStored: true) }
    }
    for phase in ["adversarial", "both"] {
      try srgan.check(["featureNetwork": "vgg.safetensors", "networkWeight": 1, "phase": .string(phase)])
      try srgan.check(["featureNetwork": "vgg.safetensors", "phase": .string(phase)])
    }
  }
}
