import Foundation
import ScanCatalog
import ScanDeid
import ScanModel
import TestSupport

/// A work of forty images and their slices, of four patients, that shards or one process can do. Names and bytes are invented.
struct ExampleShards {
  let folder: URL
  let key = PseudonymKey.random()

  var root: URL { folder.appendingPathComponent("workspace") }
  var place: URL { folder.appendingPathComponent("shards") }

  init() throws {
    folder = try TestData.temporaryFolder("shards")
    _ = try Catalog.openOrCreate(at: root)
    try key.create(root.appendingPathComponent("keys/pseudonym.key").path)
  }

  static let patients = ExampleWorkspace.patients
  static let images = 40

  /// What the stages do: images come in, then a slice of each is made. Image 17 is image 3 once more, under another label.
  static func work(_ ledger: any Ledger, catalog: Catalog) throws {
    let (key, _) = try ledger.pseudonymKey(for: "ingest")
    let ingest = try ledger.openRun(
      op: "ingest", parameters: .object(["key": .string(key.fingerprint)]), seed: nil, determinism: .bitwise)
    for number in try ledger.share(of: Array(1...images), named: { "image \($0)" }) {
      let patient = patients[number % 4 == 1 ? 3 : number % 4]
      let object = try ledger.objects.store(Array("image \(number == 17 ? 3 : number)".utf8), of: patient)
      var draft = ArtifactDraft.acquired(object, media: "image/tiff", label: Label("label \(number % 3)"), consent: "research")
      draft.place = number
      let mask = try ledger.objects.store(Array("mask \(number)".utf8), of: patient)
      try ingest.record([draft, .derived(mask, kind: .mask, media: "image/tiff", from: [(.draft(0), "mask")])])
    }
    try ingest.assignSplits([patients[0]: .test])
    try ingest.finish(exit: 0)
    let normalize = try ledger.openRun(op: "normalize", parameters: .object(["size": .integer(8)]), seed: nil, determinism: .bitwise)
    for image in try ledger.artifacts(ArtifactQuery(origins: [.acquired], kinds: [.image])) {
      guard let digest = image.sha256, let patient = image.patient else { continue }
      let bytes = try ledger.read(digest)
      let slice = try ledger.objects.store(Array("slice of ".utf8) + bytes, of: patient)
      try normalize.record([.derived(slice, media: "image/tiff", from: [(.recorded(image.id), "normalized")], label: image.label)])
    }
    try normalize.finish(exit: 0)
  }

  /// Makes one shard.
  ///
  /// - Parameters:
  ///   - job: of another work when it differs.
  ///   - parent: of the shard's folder, `place` unless given.
  @discardableResult
  func make(
    _ number: Int, of count: Int, job: String = "work", in parent: URL? = nil, key: PseudonymKey? = nil, build: String = "build",
    work: (any Ledger, Catalog) throws -> Void = { try ExampleShards.work($0, catalog: $1) }
  ) throws -> URL {
    let key = key ?? self.key
    let header = ShardHeader(
      job: self.key.shardSeal(of: job + " of \(count)"), shard: Shard(number: number, of: count), key: key.fingerprint,
      pipeline: .init(identity: "pipeline", attempt: 1), identity: ToolIdentity(version: "1", buildSHA256: build, actor: "a", host: "host-\(number)"))
    let parent = parent ?? place
    let url = parent.appendingPathComponent(ShardFolder.name(header))
    guard case .begun(let folder) = try ShardFolder.open(in: parent, header, key: key, threads: 1) else { return url }
    let catalog = try Catalog.openForReading(at: root)
    try work(ShardLedger(folder, catalog: catalog, key: key), catalog)
    try folder.seal([ShardStage(position: 0, name: "ingest", failedItems: 0, figures: ["images": 1])])
    return url
  }

  /// Admits folders as `merge` does.
  @discardableResult
  func merge(_ folders: [URL], partial: Bool = false) throws -> ShardAdmission.Report {
    let catalog = try Catalog.openOrCreate(at: root)
    let logs = try folders.map { try ShardLog($0, key: key, threads: 2) }
    return try ShardAdmission(logs, to: catalog, key: key, isPartial: partial).admit { _ in }
  }

  /// Rows of artifacts in their order without what chance and time give, with the edges of each; the splits; the objects.
  static func rows(_ root: URL) throws -> [String] {
    let catalog = try Catalog.openForReading(at: root)
    let runs = try Dictionary(uniqueKeysWithValues: catalog.runs().map { ($0.id, "\($0.op) \($0.params) \($0.exit ?? -1)") })
    let records = try catalog.artifacts(ArtifactQuery())
    let rows = try records.map { record -> String in
      let facts: [String] = [
        record.sha256?.hex ?? "", record.kind.rawValue, record.origin.rawValue, "\(record.bytes)", record.media, record.label?.name ?? "",
        record.split?.rawValue ?? "", record.patient?.text ?? "", record.attributes.json.text, runs[record.run] ?? "",
      ]
      let parents = try catalog.parents(of: record.id).map { "\($0.role) \($0.record.sha256?.hex ?? "")" }
      return (facts + parents).joined(separator: " | ")
    }
    let objects = try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent("objects").path).sorted()
    return rows + objects
  }

  /// What one process makes of the same.
  static let whole: [String] = {
    do {
      let example = try ExampleShards()
      let catalog = try Catalog.openOrCreate(at: example.root)
      let (key, _) = try catalog.pseudonymKey(for: "ingest")
      try work(catalog, catalog: catalog)
      return try rows(example.root).map { $0.replacingOccurrences(of: key.fingerprint, with: "KEY") }
    } catch {
      preconditionFailure("the example cannot be made: \(error)")
    }
  }()

  var rows: [String] { get throws { try Self.rows(root).map { $0.replacingOccurrences(of: key.fingerprint, with: "KEY") } } }

  /// Changes the lines of a shard's log; with the right seal again when `sealed`.
  func rewrite(_ url: URL, sealed: Bool, _ change: ([String]) -> [String]) throws {
    let file = url.appendingPathComponent("events.ndjson")
    var lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
    let end = lines.removeLast()
    lines = change(lines)
    let digest = ContentDigest(ofText: lines.map { $0 + "\n" }.joined())
    lines.append(sealed ? #"{"seal":"\#(key.shardSeal(of: "log \(digest.hex)"))","type":"end"}"# : end)
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
  }
}
