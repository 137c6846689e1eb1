import Diagnostics
import ScanPipeline
import Testing

private func plan(_ stages: String) throws {
  try Planner.check(PipelineSpec(yaml: "name: t\nseed: 1\nstages:\n" + stages))
}

private let whole = """
    - ingest: { from: scans }
    - deidentify: { profile: basic }
    - normalize: { window: { center: 40, width: 80 }, size: 64 }
    - split: { train: 0.8, test: 0.2 }
    - train: { model: cgan, steps: 2000 }
    - generate: { model: cgan, perLabel: 100 }
    - train: { model: srgan, factor: 2, steps: 2000 }
    - superResolve: { model: srgan }
    - export: { to: out/x, format: imagefolder }
  """

@Test func `the example of the design plans`() throws { try plan(whole) }

@Test func `a list of conditions and of values plans`() throws {
  let trained = whole.replacing("model: cgan, steps: 2000", with: "model: cgan, steps: 2000, condition: [sex, ageBand]")
  let asked = trained.replacing("perLabel: 100", with: "perLabel: 100, sex: [F, M], ageBand: 040-049")
  #expect(asked.contains("condition: [sex") && asked.contains("sex: [F, M]"))
  try plan(asked)
}

@Test(arguments: ["ingest", "deidentify", "normalize", "split", "train"])
func `every stage that later ones need is missed when it is left out`(name: String) throws {
  var lines = whole.split(separator: "\n").map(String.init)
  let index = try #require(lines.firstIndex { $0.contains("- \(name):") })
  lines.remove(at: index)
  #expect(throws: PlanError.self) { try plan(lines.joined(separator: "\n") + "\n") }
}

@Test func `the first wrong thing is named with its place and remedy`() throws {
  do {
    try plan("  - ingest: { from: scans }\n  - deidentify\n  - normalize: { sise: 64 }\n")
    Issue.record("the unknown key was accepted")
  } catch let error as PlanError {
    #expect(error.description == "line 6:18: normalize has no key sise. Known keys: intensity, size, window.")
    #expect(error.kind == .request)
  }
}

@Test(arguments: [
  "  - ingest: { from: scans }\n  - deidentify: { options: [retainEverything] }\n",
  "  - ingest: { from: scans, labelFrom: magic }\n  - deidentify\n",
  "  - ingest: { from: scans }\n  - deidentify\n  - normalize: { size: 3 }\n",
  "  - ingest: { from: scans }\n  - deidentify\n  - normalize\n  - split: { train: 0.8, test: 0.8 }\n",
  "  - ingest: { from: scans }\n  - deidentify\n  - normalize\n  - split\n  - train: { model: cgan }\n",
  "  - ingest: { from: scans }\n  - deidentify\n  - normalize\n  - split\n  - train: { model: cgan, steps: 5, widht: 3 }\n",
  "  - ingest: { from: scans }\n  - deidentify\n  - normalize\n  - split\n  - train: { model: cgan, steps: 5, condition: [sex, shoe] }\n",
  "  - ingest: { from: scans }\n  - deidentify\n  - normalize\n  - split\n  - train: { model: cgan, steps: 5, condition: [[sex]] }\n",
  "  - ingest: { from: scans }\n  - deidentify\n  - normalize\n  - split\n  - train: { model: cgan, steps: 5 }\n  - generate: { model: cgan, count: 1, ageBand: 44 }\n",
  "  - ingest: { from: scans }\n  - ingest: { from: more }\n",
  "  - nonsense\n",
  "  - ingest: [1, 2]\n",
  "  - { ingest: { from: a }, deidentify: {} }\n",
])
func `a wrong pipeline is refused as a request`(stages: String) {
  do {
    try plan(stages)
    Issue.record("accepted: \(stages)")
  } catch let error as any ExplainedError {
    #expect(error.kind == .request)
    #expect(!error.remedy.isEmpty)
  } catch {
    Issue.record("\(error)")
  }
}

@Test(arguments: ["", "name: x\n", "stages: []\nname: x\n", "name: a/b\nstages:\n  - ingest: {from: x}\n", "name: [\n", "name: x\nname: y\nstages: []\n", "- a\n"])
func `a file that is no pipeline is refused`(yaml: String) {
  #expect(throws: PlanError.self) { try Planner.check(PipelineSpec(yaml: yaml)) }
}
