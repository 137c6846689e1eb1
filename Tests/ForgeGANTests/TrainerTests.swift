import Diagnostics
import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import Synchronization
import TestSupport
import Testing

/// Bytes of everything that a training leaves.
private struct Traces: Equatable {
  var model: Data
  var state: Data
  var summary: Data
  var log: Data

  init(_ folder: ModelFolder) throws {
    model = try Data(contentsOf: folder.model)
    state = try Data(contentsOf: folder.state)
    summary = try Data(contentsOf: folder.summary)
    log = try Data(contentsOf: folder.url.appendingPathComponent("log.jsonl"))
  }
}

extension Trainer {
  fileprivate func run(_ model: any GenerativeModel, in folder: ModelFolder, resume: Bool = false) throws -> TrainingSummary {
    try train(model, into: folder, log: folder.url.appendingPathComponent("log.jsonl"), resume: resume)
  }
}

@Suite(.serialized) struct TrainerTests {
  @Test func `looks have no similarity where no label has two images, and are watched all the same`() throws {
    for (perClass, hasPairs) in [(1, false), (2, true)] {
      try Tiny.withFolder { folder in
        let model = try Tiny.cgan(images: Tiny.images(perClass: perClass))
        let look = try #require(Trainer(plan: TrainingPlan(steps: 2, probeEvery: 2), seed: 5).run(model, in: folder).record.looks.first)
        #expect(look.result.score != nil && look.result.figures["duplicates"] != nil)
        for name in ["similarity", "realSimilarity"] { #expect((look.result.figures[name] != nil) == hasPairs) }
      }
    }
  }

  @Test(arguments: ["cgan", "srgan"])
  func `a stopped and resumed training ends with the bytes of an uninterrupted one`(name: String) throws {
    let steps = 7
    let straight = try Tiny.withFolder { folder in
      let summary = try Trainer(plan: TrainingPlan(steps: steps), seed: 5).run(Tiny.model(name), in: folder)
      #expect(summary.steps == steps && summary.isComplete)
      return try Traces(folder)
    }
    let resumed = try Tiny.withFolder { folder in
      for stop in [2, 3, 6, 7] {
        let summary = try Trainer(plan: TrainingPlan(steps: steps, stopAfter: stop), seed: 5).run(
          Tiny.model(name), in: folder, resume: stop > 2)
        #expect(summary.steps == stop)
        #expect(summary.isComplete == (stop == steps))
      }
      return try Traces(folder)
    }
    #expect(resumed == straight)
  }

  @Test(arguments: ["cgan", "srgan"])
  func `a training that was killed after a checkpoint resumes to the same bytes`(name: String) throws {
    let straight = try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 6), seed: 5).run(Tiny.model(name), in: folder)
      return try Traces(folder)
    }
    let resumed = try Tiny.withFolder { folder in
      // A checkpoint at step 2; then two steps whose state is lost, as after kill -9, with their lines in the log.
      _ = try Trainer(plan: TrainingPlan(steps: 6, stopAfter: 2), seed: 5).run(Tiny.model(name), in: folder)
      let state = try Data(contentsOf: folder.state)
      _ = try Trainer(plan: TrainingPlan(steps: 6, stopAfter: 4), seed: 5).run(Tiny.model(name), in: folder, resume: true)
      try state.write(to: folder.state)
      try Data("half a fi".utf8).write(to: AtomicFile.neighbor(of: folder.state))
      _ = try Trainer(plan: TrainingPlan(steps: 6), seed: 5).run(Tiny.model(name), in: folder, resume: true)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted()
      #expect(names == ["best-6.safetensors", "log.jsonl", "model.json", "model.safetensors", "state.safetensors"])
      return try Traces(folder)
    }
    #expect(resumed == straight)
  }

  @Test(arguments: ["cgan", "srgan"])
  func `one thread and two give the same bytes`(name: String) throws {
    let before = KernelTable.threads
    defer { KernelTable.threads = before }
    let traces = try [1, 2, 3].map { threads in
      KernelTable.threads = threads
      return try Tiny.withFolder { folder in
        _ = try Trainer(plan: TrainingPlan(steps: 4, probeEvery: 2), seed: 5).run(Tiny.model(name), in: folder)
        return try Traces(folder)
      }
    }
    #expect(traces[0] == traces[1])
    #expect(traces[0] == traces[2])
  }

  @Test func `another seed gives another model`() throws {
    let models = try [UInt64(5), 6].map { seed in
      try Tiny.withFolder { folder in
        _ = try Trainer(plan: TrainingPlan(steps: 2), seed: seed).run(Tiny.cgan(seed: seed), in: folder)
        return try SafeTensors(contentsOf: folder.model).entries
      }
    }
    #expect(models[0].keys == models[1].keys)
    #expect(models[0] != models[1])
  }

  @Test func `a resumed training must agree with its state`() throws {
    try Tiny.withFolder { folder in
      func trainer(steps: Int = 4, seed: UInt64 = 5) throws -> Trainer {
        Trainer(plan: try TrainingPlan(steps: steps, stopAfter: 1), seed: seed)
      }
      _ = try trainer().run(Tiny.cgan(), in: folder)
      #expect(throws: ForgeGANError.resumeMismatch(reason: "it was begun with steps 4 (now 5)")) {
        try trainer(steps: 5).run(Tiny.cgan(), in: folder, resume: true)
      }
      #expect(throws: ForgeGANError.resumeMismatch(reason: "it was begun with seed 5 (now 6)")) {
        try trainer(seed: 6).run(Tiny.cgan(seed: 6), in: folder, resume: true)
      }
      let other = try ModelRegistry.entry("cgan").make(
        ModelRequest(options: Tiny.cganOptions, data: .images(Tiny.images(perClass: 4)), seed: 5))
      #expect(throws: ForgeGANError.resumeMismatch(reason: "it was begun with training images: 24 (now 12)")) {
        try trainer().run(other, in: folder, resume: true)
      }
    }
  }

  @Test func `cancelling leaves a checkpoint to go on from`() throws {
    try Tiny.withFolder { folder in
      let asked = Mutex(0)
      var trainer = Trainer(plan: try TrainingPlan(steps: 10), seed: 5)
      trainer.isCancelled = {
        asked.withLock {
          $0 += 1
          return $0 > 3
        }
      }
      #expect(try trainer.run(Tiny.cgan(), in: folder).steps == 3)
      let state = try CheckpointReader(contentsOf: folder.state)
      #expect(try state.counter("counter/step") == 3)
      #expect(try state.fraction("counter/progress") == 0.3)
    }
  }

  @Test func `events tell steps and losses, the log holds a line per step, samples come at even parts`() throws {
    try Tiny.withFolder { folder in
      let events = Mutex<[ProgressEvent]>([])
      let sheets = Mutex<[SampleSheet]>([])
      var trainer = Trainer(plan: try TrainingPlan(steps: 8, reportEvery: 4, sampleSheets: 2), seed: 5)
      trainer.progress = { event in events.withLock { $0.append(event) } }
      trainer.onEvent = { event in
        if case .sampled(let sheet) = event { sheets.withLock { $0.append(sheet) } }
      }
      _ = try trainer.run(Tiny.cgan(), in: folder)
      let seen = events.withLock { $0 }
      #expect(seen.first == .began(stage: "train cgan", total: 8, unit: "steps"))
      #expect(seen.filter { if case .advanced = $0 { true } else { false } }.count == 8)
      #expect(seen.filter { if case .measured(_, "generator", _) = $0 { true } else { false } }.count == 2)
      #expect(seen.last == .ended(stage: "train cgan", summary: "8 steps"))
      let lines = try String(contentsOf: folder.url.appendingPathComponent("log.jsonl"), encoding: .utf8).split(separator: "\n")
      let steps = try lines.map { try JSON.parse(String($0))["step"]?.integerValue }
      #expect(steps == Array(1...8))
      let shown = sheets.withLock { $0 }
      #expect(shown.map(\.step) == [0, 4, 8])
      #expect(shown[0].images.shape == [24, 32, 32, 1] && shown[0].columnTitles == ["disc", "bar", "slope"])
      #expect(shown[0].images.values.allSatisfy { abs($0) <= 1 })
    }
  }

  @Test func `files hold neither times nor places`() throws {
    try Tiny.withFolder { folder in
      var trainer = Trainer(plan: try TrainingPlan(steps: 2), seed: 5)
      trainer.attributes = ["window": ["center": 40, "width": 80]]
      _ = try trainer.run(Tiny.cgan(), in: folder)
      let model = try CheckpointReader(contentsOf: folder.model)
      #expect(model.description["attributes"] == ["window": ["center": 40, "width": 80]])
      #expect(model.description["labels"] == ["disc", "bar", "slope"])
      let summary = try JSON.parse(Data(contentsOf: folder.summary))
      #expect(summary["training"]?["steps"] == 2)
      for url in [folder.model, folder.state, folder.summary] {
        let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        #expect(!text.contains(folder.url.lastPathComponent))
        #expect(!text.contains("seconds"))
      }
    }
  }
}
