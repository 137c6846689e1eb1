import Foundation
import ScanCatalog
import ScanDeid
import TestSupport
import Testing

/// A shard that is not what a worker with this workspace's key made is refused by name, and nothing of any shard is admitted.
@Suite struct DamagedShardTests {
  /// Makes two shards, damages the second, and merges.
  private func refusal(_ damage: (ExampleShards, URL) throws -> Void) throws -> ShardError? {
    let example = try ExampleShards()
    defer { try? FileManager.default.removeItem(at: example.folder) }
    let folders = try (0..<2).map { try example.make($0, of: 2) }
    try damage(example, folders[1])
    var found: ShardError?
    do { try example.merge(folders) } catch let error as ShardError { found = error }
    if found != nil {
      #expect(try Catalog.openForReading(at: example.root).runs().isEmpty)
      #expect(try FileManager.default.contentsOfDirectory(atPath: example.root.appendingPathComponent("objects").path).isEmpty)
      #expect(try FileManager.default.contentsOfDirectory(atPath: example.root.appendingPathComponent("staging").path).isEmpty)
    }
    return found
  }

  private func name(_ url: URL) -> String { url.lastPathComponent }

  private func anObject(_ url: URL) throws -> (URL, ContentDigest) {
    let objects = url.appendingPathComponent("objects")
    let path = try #require(try FileManager.default.subpathsOfDirectory(atPath: objects.path).sorted().first { $0.contains("/") })
    return (objects.appendingPathComponent(path), try #require(ContentDigest(hex: path.replacingOccurrences(of: "/", with: ""))))
  }

  @Test func `an undamaged pair is admitted`() throws { #expect(try refusal { _, _ in } == nil) }

  @Test func `changed, added and removed lines break the seal`() throws {
    for change: ([String]) -> [String] in [
      { $0.map { $0.replacingOccurrences(of: "label 1", with: "label 2") } },
      { $0.map { $0.replacingOccurrences(of: ExampleShards.patients[3].text, with: ExampleShards.patients[2].text) } },
      { lines in lines.filter { !$0.contains("splits.given") } },
      { lines in lines + [lines[lines.count - 1]] },
      { lines in
        var lines = lines
        guard let last = lines.lastIndex(where: { $0.contains("normalized") }) else { return lines }
        lines[last] = lines[last].replacingOccurrences(of: #""role":"normalized""#, with: #""role":"source""#)
        return lines
      },
    ] {
      var folder = ""
      let error = try refusal { example, url in
        folder = name(url)
        try example.rewrite(url, sealed: false, change)
      }
      #expect(error == .changed(folder: folder), "\(error.map { "\($0)" } ?? "admitted")")
    }
  }

  @Test func `lines that no shard writes are named although the seal is right`() throws {
    let edits: [(old: String, new: String)] = [
      (#""kind":"slice""#, #""kind":"model""#), (#""kind":"slice""#, #""kind":"tumour""#), (#""origin":"acquired""#, #""origin":"generated""#),
      (#""type":"splits.given""#, #""type":"splits.invented""#), (#""item":0"#, #""item":9999"#), (#""item":0"#, #""item":-1"#),
      (#""bytes":7"#, #""bytes":-7"#), (#""label":"label 1""#, #""label":"..\\..\\etc""#), (#""op":"normalize""#, #""op":7"#),
      (#""sha256":""#, #""sha256":"../../../../../../etc/passwd""#), (#""type":"run.ended""#, #""type":"run.began""#), ("{", "{{"), (":", ";"),
    ]
    for edit in edits {
      var expected = (folder: "", line: 0)
      let error = try refusal { example, url in
        try example.rewrite(url, sealed: true) { lines in
          guard let index = lines.firstIndex(where: { $0 != lines[0] && $0.contains(edit.old) }), let range = lines[index].range(of: edit.old) else {
            return lines
          }
          expected = (name(url), index + 1)
          var lines = lines
          lines[index].replaceSubrange(range, with: edit.new)
          return lines
        }
      }
      #expect(error == .malformed(folder: expected.folder, line: expected.line), "\(edit)")
    }
  }

  @Test func `a log that was cut is unfinished`() throws {
    for bytes in [1, 70, 200, 5000] {
      var folder = ""
      let error = try refusal { _, url in
        folder = name(url)
        let log = url.appendingPathComponent("events.ndjson")
        try Data(contentsOf: log).dropLast(bytes).write(to: log)
      }
      #expect(error == .unfinished(folder: folder), "\(bytes)")
    }
  }

  @Test func `another key, another format and another program are told apart`() throws {
    var folder = ""
    #expect(
      try refusal { example, url in
        folder = name(url)
        try example.rewrite(url, sealed: true) { [$0[0].replacingOccurrences(of: #""version":1}"#, with: #""version":2}"#)] + $0.dropFirst() }
      } == .otherVersion(folder: folder))
    let other = PseudonymKey.random()
    var own = ""
    let error = try refusal { example, url in
      own = example.key.fingerprint
      folder = name(url)
      try FileManager.default.removeItem(at: url)
      try example.make(1, of: 2, key: other)
    }
    #expect(error == .otherKey(folder: folder, found: other.fingerprint, expected: own))
    let program = try refusal { example, url in
      try FileManager.default.removeItem(at: url)
      try example.make(1, of: 2, build: "another build")
    }
    guard case .disagree(_, _, in: "the program that made them")? = program else { Issue.record("\(String(describing: program))"); return }
  }

  @Test func `objects that are missing, changed or links are named`() throws {
    var folder = ""
    var object = ContentDigest.zero
    func damage(_ body: @escaping (URL) throws -> Void) throws -> ShardError? {
      try refusal { _, url in
        folder = name(url)
        let (file, digest) = try anObject(url)
        object = digest
        try body(file)
      }
    }
    #expect(try damage { try FileManager.default.removeItem(at: $0) } == .objectMissing(folder: folder, object))
    let changes: [(URL) throws -> Void] = [
      { file in
        try FileManager.default.removeItem(at: file)
        try Data("image 999".utf8).write(to: file)
      },
      { file in
        let bytes = try Data(contentsOf: file)
        try FileManager.default.removeItem(at: file)
        try (bytes + Data([0])).write(to: file)
      },
    ]
    for change in changes { #expect(try damage(change) == .objectModified(folder: folder, object)) }
    let links: [(URL) throws -> Void] = [
      { file in
        // A link to the very bytes is refused all the same.
        let copy = file.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("copy")
        try FileManager.default.moveItem(at: file, to: copy)
        try FileManager.default.createSymbolicLink(at: file, withDestinationURL: copy)
      },
      { file in
        let parent = file.deletingLastPathComponent()
        let moved = parent.deletingLastPathComponent().appendingPathComponent("moved")
        try FileManager.default.moveItem(at: parent, to: moved)
        try FileManager.default.createSymbolicLink(at: parent, withDestinationURL: moved)
      },
      { file in
        try FileManager.default.removeItem(at: file)
        #expect(mkfifo(file.path, 0o600) == 0)
      },
      { file in
        try FileManager.default.removeItem(at: file)
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
      },
    ]
    for link in links {
      let error = try damage(link)
      #expect(error == .unusableFile(folder: folder, file: "objects/\(object.hex.prefix(2))/\(object.hex.dropFirst(2))"))
    }
    let log = try refusal { _, url in
      folder = name(url)
      let file = url.appendingPathComponent("events.ndjson")
      try FileManager.default.moveItem(at: file, to: url.appendingPathComponent("moved"))
      try FileManager.default.createSymbolicLink(at: file, withDestinationURL: url.appendingPathComponent("moved"))
    }
    #expect(log == .unusableFile(folder: folder, file: "events.ndjson"))
  }

  @Test func `shards that disagree are named`() throws {
    let example = try ExampleShards()
    defer { try? FileManager.default.removeItem(at: example.folder) }
    let folders = try (0..<2).map { try example.make($0, of: 2) }
    func oneMore(_ number: Int, _ place: String, images: Int = ExampleShards.images) throws -> URL {
      try example.make(number, of: 2, in: example.folder.appendingPathComponent(place)) { ledger, catalog in
        _ = try ledger.pseudonymKey(for: "ingest")
        let run = try ledger.openRun(op: "ingest", parameters: .object(["key": .string(example.key.fingerprint)]), seed: nil, determinism: .bitwise)
        _ = try ledger.share(of: Array(1...images), named: { "image \($0)" })
        try run.finish(exit: 0)
        let next = try ledger.openRun(op: "normalize", parameters: .object(["size": .integer(8)]), seed: nil, determinism: .bitwise)
        _ = try ledger.artifacts(ArtifactQuery(origins: [.acquired], kinds: [.image]))
        try next.finish(exit: 0)
      }
    }
    let empty = try oneMore(1, "empty")
    #expect(throws: ShardError.disagree(first: name(folders[1]), second: name(empty), in: "what shard 1/2 recorded")) {
      try example.merge(folders + [empty])
    }
    let other = try oneMore(1, "other inputs", images: 41)
    #expect(throws: ShardError.disagree(first: name(folders[0]), second: name(other), in: "the list of inputs")) {
      try example.merge([folders[0], other])
    }
    try example.merge(folders)
    #expect(throws: ShardError.differs(folder: name(empty))) { try example.merge([folders[0], empty]) }
    #expect(try example.rows == ExampleShards.whole)
  }

  @Test func `what was made from another workspace's images is refused`() throws {
    let (mine, theirs) = (try ExampleShards(), try ExampleShards())
    defer { for example in [mine, theirs] { try? FileManager.default.removeItem(at: example.folder) } }
    // The same images under the same key, so that nothing but the rows differs.
    try theirs.merge([try theirs.make(0, of: 1)])
    let shard = try theirs.make(0, of: 1, job: "more", key: mine.key) { ledger, _ in
      let run = try ledger.openRun(op: "superResolve", parameters: .object([:]), seed: nil, determinism: .device)
      for image in try ledger.artifacts(ArtifactQuery(origins: [.acquired], kinds: [.image])) {
        guard let patient = image.patient else { continue }
        let object = try ledger.objects.store(Array("large \(image.id)".utf8), of: patient)
        try run.record([.enhanced(object, media: "image/tiff", from: [(.recorded(image.id), "source")])])
      }
      try run.finish(exit: 0)
    }
    try mine.merge([try mine.make(0, of: 1)])
    let before = try mine.rows
    #expect(throws: ShardError.otherWorkspace(folder: name(shard))) { try mine.merge([shard]) }
    #expect(try mine.rows == before)
  }

  @Test func `a folder with anything else in it is no shard's, and two workers do not share one`() throws {
    let example = try ExampleShards()
    defer { try? FileManager.default.removeItem(at: example.folder) }
    let url = try example.make(0, of: 2)
    try FileManager.default.removeItem(at: url.appendingPathComponent("events.ndjson"))
    try Data().write(to: url.appendingPathComponent("notes.txt"))
    #expect(throws: ShardError.notAShardFolder(folder: name(url))) { try example.make(0, of: 2) }
    try example.make(1, of: 2) { ledger, catalog in
      let folder = try #require(ledger as? ShardLedger).folder.workspace.root
      #expect(throws: ShardError.busy(folder: name(folder))) { try example.make(1, of: 2) }
    }
  }

  @Test func `messages say what, where and how to mend`() {
    #expect(
      "\(ShardError.missing(job: String(repeating: "a", count: 64), shards: [0, 2, 3, 4, 6], of: 7))"
        == "of the work aaaaaaaaaaaaaaaa, shards 0, 2 to 4, 6 of 7 are missing. Run them or name their folders too; --partial admits the others now.")
    #expect(
      "\(ShardError.malformed(folder: "x-0-of-2", line: 7))"
        == "x-0-of-2/events.ndjson, line 7: this is no line that a shard writes there. Remove the folder, run the same shard again, then merge. Nothing was admitted.")
    #expect(
      "\(ShardError.otherKey(folder: "x-0-of-2", found: "01", expected: "02"))"
        == "x-0-of-2: the shard was made with the key 01, the workspace has 02. Make the shards with the key of this workspace (--key FILE), or merge into the workspace that has theirs."
    )
    #expect(
      "\(ShardError.runsOnce(stage: "train"))"
        == "the next stage is train, which sees everything at once and is never divided. Merge the shards, then use scanforge run PIPELINE --undivided, once, on the workspace."
    )
  }
}
