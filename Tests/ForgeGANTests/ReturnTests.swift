import Diagnostics
import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import Synchronization
import Testing

/// A training that goes back to its best checkpoint, and all that a kill may leave of it.
@Suite(.serialized) struct ReturnTests {
  private static let steps = 24

  /// Fails at step 9 of the first attempt and at step 14 of the second; looks every 4 steps.
  private static func faulty() -> LineModel {
    let model = LineModel()
    model.fails = { moment in
      let seeds = (0...2).map { TrainingMoment.seed(5, attempt: $0) }
      return moment.seed == seeds[0] && moment.step == 9 || moment.seed == seeds[1] && moment.step == 14
    }
    return model
  }

  private static func trainer(checkpointSeconds: Double, returns: Int = 3, stopAfter: Int? = nil) throws -> Trainer {
    Trainer(
      plan: try TrainingPlan(steps: steps, stopAfter: stopAfter, checkpointSeconds: checkpointSeconds, probeEvery: 4, returns: returns),
      seed: 5)
  }

  private static func files(_ folder: ModelFolder) throws -> [String: Data] {
    var found: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.url.path) {
      found[name] = try Data(contentsOf: folder.url.appendingPathComponent(name))
    }
    return found
  }

  private static func put(_ files: [String: Data], into folder: ModelFolder) throws {
    for (name, data) in files { try data.write(to: folder.url.appendingPathComponent(name)) }
  }

  private static func run(_ trainer: Trainer, _ folder: ModelFolder, resume: Bool = false) throws -> TrainingSummary {
    try trainer.train(faulty(), into: folder, log: folder.url.appendingPathComponent("log.jsonl"), resume: resume)
  }

  @Test func `a NaN takes the training to its best checkpoint with other numbers and half of the rates`() throws {
    try Tiny.withFolder { folder in
      let warnings = Mutex<[String]>([])
      var trainer = try Self.trainer(checkpointSeconds: 60)
      trainer.progress = { event in
        if case .warning(_, let text) = event { warnings.withLock { $0.append(text) } }
      }
      let model = Self.faulty()
      let summary = try trainer.train(model, into: folder, log: folder.url.appendingPathComponent("log.jsonl"))
      #expect(summary.isComplete && summary.steps == Self.steps)
      #expect(summary.record.returns.map(\.step) == [9, 14] && summary.record.returns.map(\.to) == [8, 12])
      #expect(model.optimizers[0].optimizer.rateScale == 0.25)
      #expect(
        warnings.withLock { $0 }.first
          == "the measure error is not a finite number, at step 9: back to the best checkpoint, of step 8, with other random numbers and half of the learning rates"
      )
      let log = try String(contentsOf: folder.url.appendingPathComponent("log.jsonl"), encoding: .utf8).split(separator: "\n").map {
        try JSON.parse(String($0))
      }
      #expect(log.compactMap { $0["return"]?.integerValue } == [8, 12])
      #expect(log.map { $0["step"]!.integerValue! } == Array(1...9) + [9] + Array(9...14) + [14] + Array(13...24))
      let stored = try JSON.parse(Data(contentsOf: folder.summary))["training"]?["record"]
      #expect(stored.flatMap(TrainingRecord.init) == summary.record)
      #expect(summary.record.best?.step == 24 && summary.record.looks.map(\.step) == [4, 8, 12, 16, 20, 24])
      #expect(folder.bests.map(\.lastPathComponent) == ["best-24.safetensors"])
    }
  }

  @Test(arguments: [0.0, 1e9])
  func `killed at any step, between any two files, a training with returns ends with the same bytes`(checkpointSeconds: Double) throws {
    // What a kill at each step would leave; a checkpoint every step, or at returns alone.
    var left: [[String: Data]] = []
    let straight = try Tiny.withFolder { folder in
      var trainer = try Self.trainer(checkpointSeconds: checkpointSeconds)
      trainer.isCancelled = {
        left.append((try? Self.files(folder)) ?? [:])
        return false
      }
      _ = try Self.run(trainer, folder)
      return try Self.files(folder)
    }
    #expect(left.count > Self.steps)
    var cases = left
    // Files are written in the order best, log, state, model, summary; stale best checkpoints go last.
    for (older, newer) in zip(left, left.dropFirst()) where older["state.safetensors"] != newer["state.safetensors"] {
      let bests = older.merging(newer.filter { $0.key.hasPrefix("best-") || $0.key == "log.jsonl" }) { $1 }
      cases.append(bests)
      cases.append(bests.merging(["state.safetensors": newer["state.safetensors"]!]) { $1 })
      cases.append(older.merging([".state.safetensors.partial": Data("half".utf8)]) { $1 })
    }
    for files in cases where files["state.safetensors"] != nil {
      try Tiny.withFolder { folder in
        try Self.put(files, into: folder)
        _ = try Self.run(try Self.trainer(checkpointSeconds: 1e9), folder, resume: true)
        #expect(try Self.files(folder) == straight)
      }
    }
  }

  @Test func `stopping and going on at every step changes nothing`() throws {
    let straight = try Tiny.withFolder { folder in
      _ = try Self.run(try Self.trainer(checkpointSeconds: 60), folder)
      return try Self.files(folder)
    }
    try Tiny.withFolder { folder in
      for stop in 1...Self.steps {
        _ = try Self.run(try Self.trainer(checkpointSeconds: 60, stopAfter: stop), folder, resume: stop > 1)
      }
      #expect(try Self.files(folder) == straight)
    }
  }

  @Test func `going on with a training that has ended changes nothing, though its best checkpoint is gone`() throws {
    try Tiny.withFolder { folder in
      _ = try Self.run(try Self.trainer(checkpointSeconds: 60), folder)
      for best in folder.bests { try FileManager.default.removeItem(at: best) }
      let published = try Self.files(folder)
      _ = try Self.run(try Self.trainer(checkpointSeconds: 60), folder, resume: true)
      #expect(try Self.files(folder) == published)
    }
  }

  @Test func `a training that fails too often ends with an error and its best model`() throws {
    try Tiny.withFolder { folder in
      let expected = ForgeGANError.failed(
        model: "line", step: 14, finding: "the measure error is not a finite number", returns: 1, best: 12)
      var (samples, kept): ([Int], Int?) = ([], nil)
      var trainer = try Self.trainer(checkpointSeconds: 60, returns: 1)
      trainer.onEvent = { event in
        switch event {
        case .sampled(let sheet): samples.append(sheet.step)
        case .looked(let record): kept = record.keptStep
        default: break
        }
      }
      #expect(throws: expected) { try Self.run(trainer, folder) }
      #expect(expected.kind == .finding)
      // What is shown last is what is kept.
      #expect(samples.last == 12 && kept == 12)
      #expect(try CheckpointReader(contentsOf: folder.state).counter("counter/step") == 12)
      let files = try Self.files(folder)
      // Going on is of no use, and changes nothing.
      samples = []
      #expect(throws: ForgeGANError.self) { try Self.run(trainer, folder, resume: true) }
      #expect(try Self.files(folder) == files)
      #expect(samples == [12])
    }
  }

  @Test func `a training that fails without a checkpoint worth keeping shows no model as kept`() throws {
    try Tiny.withFolder { folder in
      var samples: [Int] = []
      var trainer = try Self.trainer(checkpointSeconds: 60, returns: 0)
      trainer.onEvent = { if case .sampled(let sheet) = $0 { samples.append(sheet.step) } }
      let model = LineModel()
      model.fails = { $0.step == 3 }
      #expect(
        throws: ForgeGANError.failed(model: "line", step: 3, finding: "the measure error is not a finite number", returns: 0, best: 0)
      ) { try trainer.train(model, into: folder) }
      #expect(samples.last == 3)
    }
  }

  @Test func `without a look before it, a failure leads back to the start`() throws {
    try Tiny.withFolder { folder in
      let model = LineModel()
      model.fails = { $0.seed == 5 && $0.step == 3 }
      let summary = try Trainer(plan: TrainingPlan(steps: 6), seed: 5).train(model, into: folder)
      #expect(summary.record.returns.map(\.to) == [0])
      #expect(summary.steps == 6 && summary.stepsOfThisRun == 10)
    }
  }

  @Test func `a training in minutes that fails when its time is over ends with its best checkpoint, and says so`() throws {
    // On a busy machine a short training may have one look alone, its last.
    for minutes in [0.02, 0.1, 0.5] {
      let looks = try Tiny.withFolder { folder in
        let model = LineModel()
        model.figures = { _ in ["validation": 0.5, "bicubic": 1] }
        model.figuresAtEnd = ["validation": 9, "bicubic": 1]
        let samples = Mutex<[Int]>([])
        var trainer = Trainer(plan: try TrainingPlan(minutes: minutes, probeEvery: 4), seed: 5)
        trainer.onEvent = { event in
          if case .sampled(let sheet) = event { samples.withLock { $0.append(sheet.step) } }
        }
        let summary = try trainer.train(model, into: folder)
        guard summary.record.looks.count > 1 else { return summary.record.looks.count }
        let back = try #require(summary.record.returns.first)
        #expect(summary.isComplete && summary.record.returns.count == 1 && back.isEnd && back.to == summary.steps && back.step > back.to)
        #expect(back.sentence.hasSuffix("the time is over, so the model is the best checkpoint, of step \(back.to)"))
        #expect(TrainingRecord(summary.record.json) == summary.record)
        // What is shown last is what is kept.
        #expect(samples.withLock { $0 }.last == back.to)
        return summary.record.looks.count
      }
      if looks > 1 { return }
    }
    Issue.record("not two looks in half a minute")
  }

  @Test(arguments: [nil, "", "{\"losses\":{\"error\":1},\"step\":1}\n", "no line of a log\n"])
  func `a loss log that was lost, cut or spoiled is told of on resume, and touches nothing else`(content: String?) throws {
    let straight = try Tiny.withFolder { folder in
      _ = try Self.run(try Self.trainer(checkpointSeconds: 60), folder)
      return try Self.files(folder)
    }
    try Tiny.withFolder { folder in
      _ = try Self.run(try Self.trainer(checkpointSeconds: 60, stopAfter: 6), folder)
      let log = folder.url.appendingPathComponent("log.jsonl")
      if let content { try Data(content.utf8).write(to: log) } else { try FileManager.default.removeItem(at: log) }
      let warnings = Mutex<[String]>([])
      var trainer = try Self.trainer(checkpointSeconds: 60)
      trainer.progress = { event in
        if case .warning(_, let text) = event { warnings.withLock { $0.append(text) } }
      }
      _ = try Self.run(trainer, folder, resume: true)
      let lines = content?.contains("step") == true ? 5 : 6
      #expect(warnings.withLock { $0 }.first == "the loss log lacks \(lines) of the 6 lines up to step 6; the model is not touched by it")
      let (made, expected) = (try Self.files(folder), straight)
      #expect(made.filter { $0.key != "log.jsonl" } == expected.filter { $0.key != "log.jsonl" })
    }
  }

  @Test func `the best checkpoint is the look with the lowest score, and none that a detector suspects`() throws {
    try Tiny.withFolder { folder in
      let model = LineModel(rate: 0.3)
      model.figures = { $0 > 1.5 ? ["validation": 9, "bicubic": 1] : ["validation": 0.5, "bicubic": 1] }
      let summary = try Trainer(plan: TrainingPlan(steps: 12, probeEvery: 1, heedsFindings: false), seed: 5).train(model, into: folder)
      let sound = summary.record.looks.filter { $0.result.figures["validation"] == 0.5 }
      let lowest = try #require(sound.min { $0.result.score! < $1.result.score! })
      #expect(summary.record.best?.step == lowest.step)
      let best = try CheckpointReader(contentsOf: folder.best(step: lowest.step))
      #expect(try best.counter("counter/step") == Int64(lowest.step))
    }
  }

  @Test func `findings that are not heeded are told, and the training goes on`() throws {
    try Tiny.withFolder { folder in
      let model = LineModel()
      model.figures = { _ in ["validation": 9, "bicubic": 1] }
      let plan = try TrainingPlan(steps: 8, probeEvery: 1, heedsFindings: false)
      let summary = try Trainer(plan: plan, seed: 5).train(model, into: folder)
      #expect(summary.isComplete && summary.record.returns.isEmpty)
      #expect(summary.record.warnings.map(\.step) == [3, 5, 7, 8])
      #expect(summary.record.warnings[0].finding.detector == "reconstruction")
    }
  }

  @Test func `a collapse at the last look leads back to the best checkpoint, and a model that never varied is told of`() throws {
    let good = ["similarity": 0.5, "realSimilarity": 0.4, "duplicates": 0, "realDuplicates": 0]
    let bad = good.merging(["similarity": 0.99]) { $1 }
    try Tiny.withFolder { folder in
      let model = LineModel()
      var (looks, scales): (Int, [Float]) = (0, [])
      model.figures = { _ in
        looks += 1
        scales.append(model.optimizers[0].optimizer.rateScale)
        return looks == 2 ? bad : good
      }
      let summary = try Trainer(plan: TrainingPlan(steps: 8, probeEvery: 4), seed: 5).train(model, into: folder)
      #expect(summary.isComplete && summary.record.warnings.isEmpty)
      #expect(summary.record.returns.map(\.step) == [8] && summary.record.returns.map(\.to) == [4])
      #expect(summary.record.returns.map(\.finding.detector) == ["collapse"])
      #expect(scales == [1, 1, 0.5])
    }
    try Tiny.withFolder { folder in
      let model = LineModel()
      model.figures = { _ in bad }
      // Too short for a look before the last.
      let summary = try Trainer(plan: TrainingPlan(steps: 8), seed: 5).train(model, into: folder)
      #expect(summary.record.looks.map(\.step) == [8])
      #expect(summary.record.returns.isEmpty && summary.record.warnings.map(\.step) == [8])
      #expect(summary.record.best?.result == nil)
    }
  }

  @Test func `a best checkpoint that was lost is missed`() throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 6, stopAfter: 4, probeEvery: 2), seed: 5).train(LineModel(), into: folder)
      let best = try #require(folder.bests.first)
      try FileManager.default.removeItem(at: best)
      let error = #expect(throws: CheckpointError.self) {
        try Trainer(plan: TrainingPlan(steps: 6, probeEvery: 2), seed: 5).train(LineModel(), into: folder, resume: true)
      }
      #expect(error?.place == best.lastPathComponent)
    }
  }

  @Test func `a state with one bit flipped is not gone on from`() throws {
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 6, stopAfter: 3), seed: 5).train(LineModel(), into: folder)
      let sound = try Data(contentsOf: folder.state)
      for place in [sound.count - 1, sound.count / 2, sound.count - 20] {
        var bytes = sound
        bytes[place] ^= 1
        try bytes.write(to: folder.state)
        let error = #expect(throws: CheckpointError.self) {
          try Trainer(plan: TrainingPlan(steps: 6), seed: 5).train(LineModel(), into: folder, resume: true)
        }
        #expect(error?.place == "state.safetensors")
        #expect(try Data(contentsOf: folder.state) == bytes)
      }
    }
  }

  @Test func `moments that overflow are found though every loss is finite`() throws {
    try Tiny.withFolder { folder in
      let model = LineModel()
      var trainer = Trainer(plan: try TrainingPlan(steps: 6, probeEvery: 2, returns: 0), seed: 5)
      var asked = 0
      trainer.isCancelled = {
        asked += 1
        // The square of the second gradient is infinite.
        if asked == 2 { model.gain = 1e25 }
        return false
      }
      #expect(
        throws: ForgeGANError.failed(
          model: "line", step: 2, finding: "the tensor line/weight (moments of line) holds numbers that are not finite", returns: 0,
          best: 0)
      ) { try trainer.train(model, into: folder) }
    }
  }

  @Test func `a state without a record, as earlier versions wrote it, goes on`() throws {
    let straight = try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 6), seed: 5).train(LineModel(), into: folder)
      return try Data(contentsOf: folder.model)
    }
    try Tiny.withFolder { folder in
      _ = try Trainer(plan: TrainingPlan(steps: 6, stopAfter: 3), seed: 5).train(LineModel(), into: folder)
      try folder.editState { description in
        description["record"] = nil
        description["detectors"] = nil
      }
      for best in folder.bests { try FileManager.default.removeItem(at: best) }
      _ = try Trainer(plan: TrainingPlan(steps: 6), seed: 5).train(LineModel(), into: folder, resume: true)
      #expect(try Data(contentsOf: folder.model) == straight)
    }
  }
}
