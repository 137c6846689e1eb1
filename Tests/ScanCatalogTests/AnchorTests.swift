import Crypto
import Foundation
import GRDB
import ScanCatalog
import TestSupport
import Testing

/// A signed head that was kept elsewhere shows what the workspace alone cannot show.
struct AnchorTests {
  /// A workspace, the anchor taken of it, and a request with that anchor.
  private func anchored(_ body: (ExampleWorkspace, URL) throws -> Void) throws {
    let example = try ExampleWorkspace()
    defer { example.remove() }
    let file = example.root.deletingLastPathComponent().appendingPathComponent("kept.json")
    let catalog = try Catalog.openForReading(at: example.root)
    try catalog.write(catalog.makeAnchor(), to: file)
    try catalog.closeConnections()
    try body(example, file)
  }

  private func request(_ file: URL) throws -> AuditRequest {
    var request = AuditRequest()
    request.anchor = try .init(reading: file)
    return request
  }

  private func codes(_ example: ExampleWorkspace, _ file: URL) throws -> [AuditFinding.Code] {
    try example.verify(request(file)).findings.map(\.code)
  }

  /// Goes on working in a workspace: two more events.
  private func work(_ root: URL) throws {
    let catalog = try Catalog.openOrCreate(at: root)
    try catalog.beginRun(op: "later", parameters: .object([:])).finish()
    try catalog.closeConnections()
  }

  @Test func `an anchor of an honest workspace holds, also after more work`() throws {
    try anchored { example, file in
      for _ in 0..<2 {
        let (findings, summary) = try example.verify(request(file))
        #expect(findings == [])
        #expect(summary.notChecked == [:])
        #expect(summary.json["anchor"]?["seq"]?.integerValue == summary.anchor?.sequence)
        try work(example.root)
      }
      #expect(Set(try example.verify().summary.notChecked.keys) == ["history.rewritten", "history.rolledBack"])
    }
  }

  @Test func `the anchor is canonical JSON that anyone can check with Ed25519`() throws {
    try anchored { example, file in
      let text = try String(contentsOf: file, encoding: .utf8)
      let json = try #require(CanonicalJSON(parsing: text))
      #expect(json.text + "\n" == text)
      var members = try #require(json.objectValue)
      let signature = try #require(members.removeValue(forKey: "signature")?.stringValue)
      func bytes(_ hex: String) -> [UInt8] { stride(from: 0, to: hex.count, by: 2).map { UInt8(hex.dropFirst($0).prefix(2), radix: 16)! } }
      let key = try Curve25519.Signing.PublicKey(rawRepresentation: bytes(try #require(members["publicKey"]?.stringValue)))
      #expect(key.isValidSignature(bytes(signature), for: Array(CanonicalJSON.object(members).text.utf8)))
      let head = try Catalog.openForReading(at: example.root).head()
      #expect(members["seq"]?.integerValue == head.seq && members["head"]?.stringValue == head.hash.hex)
      #expect(members["artifacts"]?.integerValue == 36 && members["patients"]?.integerValue == 4 && members["runs"]?.integerValue == 5)
      let fingerprint = SHA256.hash(data: key.rawRepresentation).map { String(format: "%02x", $0) }.joined().prefix(32)
      #expect(members["fingerprint"]?.stringValue == String(fingerprint))
    }
  }

  @Test func `the signing key is private, made once, and its public half is in the log`() throws {
    try anchored { example, _ in
      let key = example.root.appendingPathComponent("keys/signing.key")
      #expect(try FileManager.default.attributesOfItem(atPath: key.path)[.posixPermissions] as? Int == 0o600)
      let before = try Data(contentsOf: key)
      try work(example.root)
      #expect(try Data(contentsOf: key) == before)
      let catalog = try Catalog.openForReading(at: example.root)
      let recorded = try catalog.select("SELECT public_key FROM signing_key").rows
      #expect(recorded.count == 1)
      #expect(try catalog.makeAnchor().json["publicKey"] == recorded[0][0])
    }
  }

  @Test func `each run leaves a signed head in the workspace`() throws {
    try anchored { example, _ in
      let kept = try example.files(under: "anchors")
      #expect(kept.count >= 4)
    }
  }

  @Test(arguments: [
    "UPDATE artifact SET label = 'other' WHERE id = 36",
    "UPDATE artifact SET split = 'test' WHERE origin = 'generated'",
    "UPDATE artifact SET origin = 'acquired', patient_id = (SELECT min(id) FROM patient) WHERE id = 34",
    "UPDATE derivation SET role = 'other' WHERE child = 36",
    "DELETE FROM derivation WHERE child = 36",
  ])
  func `a rewritten history whose hashes all agree is found by the anchor alone`(sql: String) throws {
    try anchored { example, file in
      try Forger.rewrite(example.root) { db in
        try db.execute(sql: sql)
        // The forger also mends what repeats the patient's part.
        try db.execute(sql: "UPDATE artifact SET split = (SELECT split FROM patient_split WHERE patient_id = artifact.patient_id) WHERE patient_id IS NOT NULL")
      }
      #expect(try example.verify().findings.allSatisfy { $0.code == .anchorMismatch && $0.what.hasPrefix("entry ") })
      try FileManager.default.removeItem(at: example.root.appendingPathComponent("anchors"))
      #expect(try example.verify().findings == [])
      #expect(try codes(example, file) == [.anchorMismatch])
    }
  }

  @Test(arguments: [
    "DELETE FROM event WHERE seq = 7", "UPDATE event SET body = (SELECT body FROM event WHERE seq = 9) WHERE seq = 8",
    "INSERT INTO event VALUES (99, '{}', zeroblob(32), zeroblob(32))", "DELETE FROM event WHERE seq > 10",
    "UPDATE event SET seq = 100 WHERE seq = 5", "DELETE FROM event",
  ])
  func `the anchor's finding is printed whatever else is found`(sql: String) throws {
    try anchored { example, file in
      for isRechained in [false, true] {
        let bytes = try example.catalogBytes()
        try ExampleWorkspace.tamper(example.root) { db in
          try db.execute(sql: sql)
          if isRechained { try Forger.rechain(db) }
        }
        let found = try codes(example, file)
        // What is appended after the anchor is no matter of it.
        if sql.hasPrefix("INSERT") {
          #expect(found.contains(.eventChanged))
        } else {
          #expect(found.contains { $0 == .anchorMismatch || $0 == .anchorRollback }, "\(sql) \(isRechained) \(found)")
          #expect(found.count > 1)
        }
        try example.restore(bytes)
      }
    }
  }

  @Test func `without a log or a catalog the anchor does not hold`() throws {
    try anchored { example, file in
      let catalog = example.root.appendingPathComponent("catalog.sqlite")
      var configuration = Configuration()
      configuration.foreignKeysEnabled = false
      let queue = try DatabaseQueue(path: catalog.path, configuration: configuration)
      try queue.write { try $0.execute(sql: "DROP TABLE event") }
      try queue.close()
      let found = try codes(example, file)
      #expect(found.contains(.schemaChanged) && found.contains(.anchorRollback))
      try example.restore(Data("no database, and long enough to be looked at as one".utf8))
      #expect(throws: CatalogError.self) { try example.verify(request(file)) }
      let unreadable = try request(file).unreadable
      #expect(unreadable.map(\.code) == [.anchorMismatch])
    }
  }

  @Test func `a workspace set back as a whole is a rollback`() throws {
    try anchored { example, _ in
      let earlier = example.root.deletingLastPathComponent().appendingPathComponent("earlier")
      _ = try example.catalogBytes()
      try FileManager.default.copyItem(at: example.root, to: earlier)
      try work(example.root)
      let file = example.root.deletingLastPathComponent().appendingPathComponent("later.json")
      let catalog = try Catalog.openForReading(at: example.root)
      try catalog.write(catalog.makeAnchor(), to: file)
      try catalog.closeConnections()
      #expect(try ExampleWorkspace.verify(earlier).findings == [])
      #expect(try ExampleWorkspace.verify(earlier, request(file)).findings.map(\.code) == [.anchorRollback])
      // A fork: the copy goes on differently, past the anchor.
      for _ in 0..<3 { try work(earlier) }
      #expect(try ExampleWorkspace.verify(earlier).findings == [])
      #expect(try ExampleWorkspace.verify(earlier, request(file)).findings.map(\.code) == [.anchorMismatch])
    }
  }

  @Test func `a catalog set back alone is found by the workspace's own anchors`() throws {
    try anchored { example, _ in
      let bytes = try example.catalogBytes()
      try work(example.root)
      try example.restore(bytes)
      #expect(try example.verify().findings.map(\.code) == [.anchorRollback])
    }
  }

  @Test func `an anchor that was changed, cut, forged or taken elsewhere does not hold`() throws {
    try anchored { example, file in
      let text = try String(contentsOf: file, encoding: .utf8)
      let other = try ExampleWorkspace()
      defer { other.remove() }
      let foreign = try Catalog.openForReading(at: other.root).makeAnchor()
      var members = try #require(CanonicalJSON(parsing: text)?.objectValue)
      let key = Curve25519.Signing.PrivateKey()
      func hex(_ bytes: some Sequence<UInt8>) -> String { bytes.map { String(format: "%02x", $0) }.joined() }
      members["signature"] = nil
      members["publicKey"] = .string(hex(key.publicKey.rawRepresentation))
      members["fingerprint"] = .string(String(hex(SHA256.hash(data: key.publicKey.rawRepresentation)).prefix(32)))
      members["signature"] = .string(hex(try key.signature(for: Array(CanonicalJSON.object(members).text.utf8))))
      let forged = CanonicalJSON.object(members).text
      let bad = [
        text.replacingOccurrences(of: #""runs":5"#, with: #""runs":4"#), text.replacingOccurrences(of: "{", with: #"{"a":1,"#),
        String(text.dropLast(40)), "", "no anchor", foreign.json.text, forged,
      ]
      for content in bad {
        try Data(content.utf8).write(to: file)
        #expect(try codes(example, file) == [.anchorMismatch], "\(content)")
      }
      // Every digit counts.
      for place in stride(from: 3, to: text.utf8.count - 3, by: 7) {
        var bytes = Array(text.utf8)
        bytes[place] = bytes[place] == UInt8(ascii: "1") ? UInt8(ascii: "2") : UInt8(ascii: "1")
        try Data(bytes).write(to: file)
        #expect(try codes(example, file) == [.anchorMismatch], "byte \(place)")
      }
      try FileManager.default.removeItem(at: file)
      #expect(throws: AnchorError.missing) { _ = try request(file) }
    }
  }

  @Test func `a fingerprint that was noted must be the signer's`() throws {
    try anchored { example, file in
      var request = try request(file)
      request.fingerprint = try #require(example.verify(request).summary.anchor?.signer.fingerprint)
      #expect(try example.verify(request).findings == [])
      request.fingerprint = String(repeating: "0", count: 32)
      #expect(try example.verify(request).findings.map(\.code) == [.anchorMismatch])
    }
  }

  @Test func `an anchor replaces only an older anchor of the same history`() throws {
    try anchored { example, file in
      try work(example.root)
      let catalog = try Catalog.openForReading(at: example.root)
      let anchor = try catalog.makeAnchor()
      try catalog.write(anchor, to: file)
      let text = file.deletingLastPathComponent().appendingPathComponent("thesis.txt")
      try Data("years of work".utf8).write(to: text)
      #expect(throws: AnchorError.notAnAnchor) { try catalog.write(anchor, to: text) }
      try Data(foreignAnchor().utf8).write(to: text)
      #expect(throws: AnchorError.disagrees) { try catalog.write(anchor, to: text) }
    }
  }

  private func foreignAnchor() throws -> String {
    let other = try ExampleWorkspace()
    defer { other.remove() }
    return try Catalog.openForReading(at: other.root).makeAnchor().json.text
  }

  private func generate(_ text: String, in example: ExampleWorkspace) throws {
    let catalog = try Catalog.openOrCreate(at: example.root)
    let run = try catalog.beginRun(op: "generate", parameters: .object(["text": .string(text)]))
    let object = try catalog.objects.store(unownedBytes: Array(text.utf8))
    try run.record(.generated(object, media: "image/tiff", from: [(.recorded(example.model.weights), "model")]))
    try run.finish()
    try catalog.closeConnections()
  }

  @Test func `since the anchor only newer rows and bytes are looked at, and that is said`() throws {
    try anchored { example, file in
      try generate("new", in: example)
      var request = try request(file)
      request.sinceAnchor = true
      let (findings, summary) = try example.verify(request)
      #expect(findings == [])
      #expect(summary.objects == 1 && summary.artifacts == 1 && summary.edges == 1)
      #expect(Set(summary.notChecked.keys) == ["artifacts.beforeAnchor"])
      // An old object is left out, a new one is not.
      func change(_ text: String) throws {
        let hex = ContentDigest(ofText: text).hex
        try Data("x".utf8).write(to: example.root.appendingPathComponent("objects/\(hex.prefix(2))/\(hex.dropFirst(2))"))
      }
      try change("slice 0 0")
      #expect(try example.verify(request).findings == [])
      try change("new")
      #expect(try example.verify(request).findings.map(\.code) == [.objectModified])
      #expect(try example.verify().findings.map(\.code) == [.objectModified, .objectModified])
      // What the anchor covers is compared all the same.
      try Forger.rewrite(example.root) { try $0.execute(sql: "UPDATE artifact SET label = 'other' WHERE id = 36") }
      #expect(try example.verify(request).findings.map(\.code).contains(.anchorMismatch))
    }
  }

  @Test func `a sample says with what probability it finds a change`() throws {
    try anchored { example, _ in
      var request = AuditRequest()
      request.sample = 1
      #expect(try example.verify(request).summary.sample == AuditSample(share: 1, checked: 33, of: 33))
      request.sample = 0.25
      let summary = try example.verify(request).summary
      #expect(summary.sample?.of == 33 && summary.notChecked["object.bytes"] != nil)
      let sample = AuditSample(share: 0.25, checked: 1, of: 4)
      #expect(abs(sample.detection(ofChanged: 1) - 0.25) < 1e-15 && abs(sample.detection(ofChanged: 3) - 0.578125) < 1e-15)
      #expect(sample.text.hasPrefix("Sampled 1 of 4 objects (25 %). A change is found with 1 - (1 - share)^k for k changed objects: 1: 25 %, 10:"))
      // Of 33 objects each is drawn with probability 1/4: all outcomes within six standard deviations over 40 draws.
      let drawn = try (0..<40).map { _ in try example.verify(request).summary.objects }.reduce(0, +)
      let deviation = (40 * 33 * 0.25 * 0.75 as Double).squareRoot()
      #expect(abs(Double(drawn) - 330) < 6 * deviation)
    }
  }

  @Test func `an older workspace verifies as it is, and is brought up to date by the next writer`() throws {
    let folder = try TestData.temporaryFolder("older")
    defer { try? FileManager.default.removeItem(at: folder) }
    try Catalog.openOrCreate(at: folder).closeConnections()
    // As version 1 left an empty workspace.
    try FileManager.default.removeItem(at: folder.appendingPathComponent("keys/signing.key"))
    let queue = try DatabaseQueue(path: folder.appendingPathComponent("catalog.sqlite").path)
    try queue.write { db in
      try ExampleWorkspace.makeVersion1(db)
      let triggers = try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'event'")
      for trigger in triggers { try db.execute(sql: "DROP TRIGGER \(trigger["name"] as String)") }
      try db.execute(sql: #"DELETE FROM event WHERE seq > 1; UPDATE event SET body = '{"schema":1,"type":"catalog.created"}'"#)
      try Forger.rechain(db)
      for trigger in triggers { try db.execute(sql: trigger["sql"]) }
    }
    try queue.close()
    #expect(try ExampleWorkspace.verify(folder).findings == [])
    #expect(throws: AnchorError.signingKeyNotRecorded) { try Catalog.openForReading(at: folder).makeAnchor() }
    let catalog = try Catalog.openOrCreate(at: folder)
    let types = try catalog.select("SELECT body ->> '$.type' FROM event ORDER BY seq").rows.map { $0[0].stringValue ?? "" }
    #expect(types.first == "catalog.created" && types.last == "signing.key" && types.dropFirst().dropLast().allSatisfy { $0 == "catalog.migrated" })
    #expect(types.count >= 3)
    try catalog.closeConnections()
    #expect(try ExampleWorkspace.verify(folder).findings == [])
  }
}
