import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import ScanPipeline
import TestSupport
import Testing

@Suite struct CurveTests {
  @Test func `a curve of any length stays short, keeps its mean and its order`() {
    var curve = Curve()
    var sum = 0.0
    for step in 1...10_000 {
      let value = Double(step % 17) + Double(step) * 0.01
      sum += value
      curve.add(value, step: step)
    }
    #expect(curve.points.count <= 800 && curve.points.count >= 300)
    let weighted = curve.points.reduce(0) { $0 + $1.value * $1.weight }
    #expect(abs(weighted - sum) < 1e-6 * sum)
    #expect(curve.stretches.count == 1)
  }

  @Test func `steps that go back begin a new stretch, and numbers that are not finite are left out`() {
    var curve = Curve()
    for step in [1, 2, 3, 4, 3, 4, 5] { curve.add(step == 4 ? .nan : 1, step: step) }
    #expect(curve.stretches.map { $0.map(\.step) } == [[1, 2, 3], [3, 5]])
  }
}

@Suite struct LiveViewTests {
  private func sheet(step: Int) -> SampleSheet {
    SampleSheet(images: Tensor.zeros([4, 8, 8, 1]), columns: 2, columnTitles: ["a <b>", "c"], step: step)
  }

  private var record: TrainingRecord {
    var record = TrainingRecord()
    for step in [100, 200, 300] {
      record.looks.append(
        .init(step: step, attempt: 0, result: ProbeResult(score: 1 / Double(step), figures: ["kid": 1 / Double(step), "recall": 0.3])))
    }
    record.returns = [.init(step: 250, to: 200, finding: TrainingFinding(detector: "collapse", text: "recall fell from 0.50 to 0.01"))]
    return record
  }

  @Test func `the page needs nothing from outside, refreshes itself while it runs, and says what happened`() throws {
    let folder = try TestData.temporaryFolder("live")
    defer { try? FileManager.default.removeItem(at: folder) }
    let live = LiveView(LivePage(name: "knee <1>", model: "cgan", plannedSteps: 400, plannedMinutes: nil), in: folder)
    live.receive(.began(step: 0, record: TrainingRecord(), log: nil))
    live.receive(.sampled(sheet(step: 0)))
    let begun = Date().addingTimeInterval(20)
    while !((try? String(contentsOf: live.page, encoding: .utf8)) ?? "").contains("image/png"), Date() < begun { usleep(20_000) }
    let first = try String(contentsOf: live.page, encoding: .utf8)
    #expect(first.contains("No step yet of 400 planned. The first figures come with the first report."))
    #expect(first.contains("Samples before the first step: the untrained model") && !first.contains("0 steps") && !first.contains("step 0<"))
    for step in stride(from: 20, through: 200, by: 20) { live.receive(.measured(step: step, ["generator": Double(step) * 0.01])) }
    live.receive(.sampled(sheet(step: 200)))
    live.receive(.wentBack(record))
    let deadline = Date().addingTimeInterval(20)
    func page() -> String { (try? String(contentsOf: live.page, encoding: .utf8)) ?? "" }
    while !page().contains("Went back"), Date() < deadline { usleep(20_000) }
    let running = page()
    #expect(running.contains("<meta http-equiv=\"refresh\" content=\"5\">") && running.contains("knee &lt;1&gt; (cgan): training"))
    #expect(running.contains("200 of 400 steps") && running.contains("--resume"))
    #expect(running.contains("recall fell from 0.50 to 0.01, at step 250: back to the best checkpoint, of step 200,"))
    #expect(
      running.contains("<polyline") && running.contains("data:image/png;base64,iVBORw0KGgo") && running.contains("Columns: a &lt;b&gt;, c.")
    )

    live.finish(.finished, step: 400, table: ["steps 400"])
    let done = page()
    #expect(done.contains("knee &lt;1&gt; (cgan): finished") && done.contains("<pre>steps 400</pre>"))
    #expect(!done.contains("http-equiv"))
    for text in [running, done] {
      for outside in ["http://", "https://", "<script", "src=\"/", folder.path] { #expect(!text.contains(outside), "\(outside)") }
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == ["live.html", "samples-0.png", "samples-200.png"])
    #expect(live.sheetFiles.map(\.lastPathComponent) == ["samples-0.png", "samples-200.png"])
  }

  @Test func `a training that failed shows the samples of the model that is kept as such`() throws {
    func page(best: TrainingRecord.Best?, sampled step: Int) throws -> String {
      let folder = try TestData.temporaryFolder("live")
      defer { try? FileManager.default.removeItem(at: folder) }
      var record = record
      record.best = best
      record.failure = TrainingFinding(detector: "collapse", text: "recall fell from 0.50 to 0.01")
      let live = LiveView(LivePage(name: "x", model: "cgan", plannedSteps: 400, plannedMinutes: nil), in: folder)
      live.receive(.looked(record))
      live.receive(.sampled(sheet(step: step)))
      live.finish(.failed("it failed"))
      return try String(contentsOf: live.page, encoding: .utf8)
    }
    let looked = record.looks[1].result
    #expect(try page(best: .init(step: 200, result: looked), sampled: 200).contains("<h2>Samples at step 200, the model that is kept</h2>"))
    #expect(try !page(best: .init(step: 200, result: looked), sampled: 300).contains("kept"))
    #expect(try !page(best: .init(step: 0, result: nil), sampled: 0).contains("kept"))
  }

  @Test func `a folder that cannot be written stops nothing`() throws {
    let folder = URL(fileURLWithPath: "/nonexistent/\(UUID().uuidString)")
    let live = LiveView(LivePage(name: "x", model: "cgan", plannedSteps: 10, plannedMinutes: nil), in: folder)
    live.receive(.sampled(sheet(step: 1)))
    live.finish(.failed("it failed"))
    #expect(live.sheetFiles.isEmpty)
  }

  @Test func `a training that goes on shows the curves of its log`() throws {
    let folder = try TestData.temporaryFolder("live")
    defer { try? FileManager.default.removeItem(at: folder) }
    let log = folder.appendingPathComponent("losses.jsonl")
    let lines = (1...50).map { "{\"losses\":{\"content\":\($0)},\"step\":\($0)}" } + ["{\"finding\":\"x\",\"return\":40,\"step\":50}"]
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: log)
    let live = LiveView(LivePage(name: "x", model: "srgan", plannedSteps: 100, plannedMinutes: nil), in: folder)
    live.receive(.began(step: 40, record: record, log: log))
    live.finish(.stopped)
    let page = try String(contentsOf: live.page, encoding: .utf8)
    #expect(page.contains("content 50") && page.contains("40 of 100 steps.") && page.contains("with --resume to go on"))
  }

  @Test func `the table tells looks, the best checkpoint and returns`() {
    var record = record
    record.best = .init(step: 300, result: record.looks[2].result)
    record.criterion = ["figure": "kid", "extractor": "random-cnn", "sha256": "0123456789abcdef", "real": 256, "generated": 256]
    let summary = TrainingSummary(
      steps: 400, stepsOfThisRun: 450, progress: 1, losses: ["generator": 1.5], secondsOfThisRun: 50, probeSeconds: 0.5,
      imagesPerSecond: 288,
      record: record)
    #expect(
      TrainingTable(summary).lines == [
        "steps 400   time 50 s   images/s 288   looks 1.0 % of the time",
        "losses generator 1.500",
        "           step            kid         recall",
        "            100           0.01            0.3",
        "            200          0.005            0.3",
        "            300       0.003333            0.3",
        "best checkpoint: step 300, kid 0.003333 [random-cnn 0123456789ab, 256 real, 256 generated]",
        "went back at step 250 to 200: recall fell from 0.50 to 0.01",
      ])
  }

  @Test func `a long table holds the first look, the last and the best`() {
    var record = TrainingRecord()
    for number in 1...100 {
      record.looks.append(.init(step: 10 * number, attempt: 0, result: ProbeResult(score: 1, figures: ["kid": Double(number)])))
    }
    for best in [0, 41, 42, 99] {
      record.best = .init(step: record.looks[best].step, result: record.looks[best].result)
      let summary = TrainingSummary(
        steps: 1000, stepsOfThisRun: 1000, progress: 1, losses: [:], secondsOfThisRun: 1, probeSeconds: 0, imagesPerSecond: 1, record: record)
      let steps = TrainingTable(summary).lines.compactMap { line in line.split(separator: " ").first.flatMap { Int($0) } }
      #expect(steps.count <= 9 && steps == steps.sorted() && Set([10, 10 * best + 10, 1000]).isSubset(of: steps))
    }
  }
}
