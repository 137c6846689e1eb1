import Foundation
import GRDB
import ScanCatalog
import ScanDeid
import Testing

/// A withdrawal in the catalog and among the objects, step by step.
struct WithdrawalTests {
  private let patient = ExampleWorkspace.patients[0]

  private func steps(_ catalog: Catalog, upTo last: Int = 4) throws {
    let key = try PseudonymKey.loadOrCreate(catalog.workspace.keys.appendingPathComponent("pseudonym.key").path).key
    let trace = try #require(try catalog.trace(of: .pseudonym(patient)))
    var register = try WithdrawnRegister(catalog.workspace, key: key)
    try register.add(patient, trace.images.compactMap(\.sha256))
    let run = try catalog.beginRun(
      op: "withdraw", parameters: .object(["patient": .integer(trace.patient), "register": register.extent.json]))
    if last > 1 {
      try run.markWithdrawn(trace)
      for run in trace.runs { try? FileManager.default.removeItem(at: catalog.workspace.run(run)) }
    }
    if last > 2 { #expect(try run.purgeObjects(of: trace) >= 0) }
    if last > 3 { try run.erase(trace) }
  }

  @Test(arguments: [1, 2, 3]) func `cut off after any step it verifies and goes on`(last: Int) throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog(example.workspace, mode: .readWrite)
    try steps(catalog, upTo: last)
    #expect(try example.verify().findings == [])
    try steps(catalog)
    #expect(try example.verify().findings == [])
    #expect(try catalog.trace(of: .pseudonym(patient)) == nil)
  }

  @Test func `a register that lost or changed a line is found, one with more lines is not`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog(example.workspace, mode: .readWrite)
    _ = try catalog.pseudonymKey(for: "test")
    try steps(catalog)
    let file = try example.workspace.keys.appendingPathComponent(WithdrawnRegister.fileName)
    let kept = try Data(contentsOf: file)
    var changed = kept
    changed[3] ^= 1
    for (bytes, codes) in [
      (kept, []), (kept + Data("\(String(repeating: "0", count: 64))\n".utf8), []), (kept.dropFirst(65), [AuditFinding.Code.keyRowChanged]),
      (kept.dropLast(65), [.keyRowChanged]), (changed, [.keyRowChanged]), (Data(), [.keyRowChanged]),
    ] {
      try bytes.write(to: file)
      #expect(try example.verify().findings.map(\.code) == codes)
    }
    try FileManager.default.removeItem(at: file)
    #expect(try example.verify().findings.map(\.code) == [.keyRowChanged])
  }

  @Test func `nothing of the patient is left in any file`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog(example.workspace, mode: .readWrite)
    let trace = try #require(try catalog.trace(of: .pseudonym(patient)))
    let rows = try catalog.select(
      "SELECT sha256, hex(key), hex(salt) FROM artifact WHERE patient_id = \(trace.patient) UNION ALL SELECT pseudonym, hex(salt), hex(salt) FROM patient WHERE id = \(trace.patient)")
    var secrets = ["image 0 0", "image 0 2", "slice 0 1"].map { Data($0.utf8) }
    for row in rows.rows {
      let texts = row.compactMap(\.stringValue)
      secrets.append(Data(texts[0].utf8))
      secrets += texts.compactMap { Data(hexadecimal: $0) }
    }
    #expect(try count(of: secrets, in: example.root) > 0)
    try steps(catalog)
    #expect(try count(of: secrets, in: example.root) == 0)
    let others = try catalog.artifacts(example.generated + [example.model.weights, example.model.state])
    #expect(others.allSatisfy { $0.state == .tainted })
    #expect(throws: CatalogError.modelTainted("cgan")) { try catalog.verifiedModel(named: "cgan") }
    #expect(try catalog.artifacts(ArtifactQuery()).allSatisfy { $0.state == .active && $0.patient != patient })
    // By its random number the trace is still told.
    let left = try #require(try catalog.trace(of: .number(trace.patient)))
    #expect(left.isWithdrawn && left.pseudonym == nil && left.images.count == 8 && left.models.count == trace.models.count)
    #expect(left.images.allSatisfy { $0.sha256 == nil && $0.label == nil && $0.bytes == 0 && $0.attributes.values.isEmpty })
  }

  @Test func `the patient does not come in again, by name or by picture`() throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog(example.workspace, mode: .readWrite)
    try steps(catalog)
    let run = try catalog.beginRun(op: "ingest", parameters: .object([:]))
    let other = Pseudonym(stored: "Pfeed000000000000")!
    #expect(throws: CatalogError.patientWithdrawn(patient.text)) {
      try run.record(.acquired(catalog.objects.store(Array("new".utf8), of: patient), media: "image/tiff"))
    }
    #expect(throws: CatalogError.patientWithdrawn(other.text)) {
      try run.record(.acquired(catalog.objects.store(Array("image 0 0".utf8), of: other), media: "image/tiff"))
    }
    try run.record(.acquired(catalog.objects.store(Array("new".utf8), of: other), media: "image/tiff"))
    // Without the key nobody could tell, so nobody new comes in.
    try FileManager.default.removeItem(at: catalog.workspace.keys.appendingPathComponent("pseudonym.key"))
    #expect(throws: KeyFileError.missing) {
      try run.record(.acquired(catalog.objects.store(Array("newer".utf8), of: other), media: "image/tiff"))
    }
  }

  @Test(arguments: ["label = 'lesion'", "bytes = 12", "attributes = '{\"rows\":2}'"])
  func `an erased row that tells something again is found`(change: String) throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let catalog = try Catalog(example.workspace, mode: .readWrite)
    try steps(catalog)
    let id = try #require(try catalog.select("SELECT min(id) FROM artifact WHERE state = 'withdrawn'").rows[0][0].integerValue)
    try ExampleWorkspace.tamper(example.root) { try $0.execute(sql: "UPDATE artifact SET \(change) WHERE id = \(id)") }
    #expect(try example.verify().findings.map(\.code) == [.artifactRowChanged])
  }

  /// How many of `secrets` stand in some file of the workspace.
  private func count(of secrets: [Data], in root: URL) throws -> Int {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path)
    let contents = paths.compactMap { path in try? Data(contentsOf: root.appendingPathComponent(path)) }
    return secrets.count { secret in contents.contains { $0.range(of: secret) != nil } }
  }
}

extension Data {
  /// nil unless all are hexadecimal digits.
  fileprivate init?(hexadecimal text: String) {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
    self.init(stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) })
  }
}
