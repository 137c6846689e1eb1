import Foundation
import TestSupport
import Testing

/// `audit leaks`, `flags` and `replay` on a real pipeline run.
@Suite(.serialized) struct AuditVerbTests {
  private func run(_ arguments: [String], in folder: URL, kernels: String? = nil) throws -> Program.Result {
    try Program.run(
      "scanforge", arguments + ["--workspace", "workspace", "--progress", "none"], in: folder,
      environment: kernels.map { ["SCANFORGE_KERNELS": $0] } ?? [:])
  }

  private func findings(_ result: Program.Result) throws -> [(code: String, path: String)] {
    try #require(try result.json()["findings"] as? [[String: Any]]).map { ($0["finding"] as? String ?? "", $0["path"] as? String ?? "") }
  }

  @Test func `every image is made again bit by bit with any number of threads`() throws {
    _ = SmallRun.result
    for threads in ["1", "2"] {
      let result = try run(["audit", "replay", "--threads", threads, "--json"], in: SmallRun.folder)
      #expect(result.exitCode == 0, "\(result.output)")
      let json = try result.json()
      let images = try #require(json["images"] as? Int)
      #expect(images > 9 && json["counts"] as? [String: Int] == ["same": images])
    }
    let one = try #require(files(below: SmallRun.folder.appendingPathComponent("out/imagefolder/train")).first { $0.pathExtension == "png" })
    // A slice is neither generated nor super-resolved; its record does not say how to make it.
    let result = try run(["audit", "replay", one.path, "--json"], in: SmallRun.folder)
    #expect([0, 1].contains(result.exitCode))
    #expect(try run(["audit", "replay", "--sample", "0"], in: SmallRun.folder).exitCode == 2)
  }

  @Test func `images of another instruction set are told apart from wrong ones`() throws {
    _ = SmallRun.result
    let result = try run(["audit", "replay", "--sample", "4", "--json"], in: SmallRun.folder, kernels: "portable")
    #expect(result.exitCode == 0)
    let counts = try #require(try result.json()["counts"] as? [String: Int])
    #expect(Set(counts.keys).isSubset(of: ["same", "otherISA"]))
    #expect(try result.json()["isa"] as? String == "portable")
  }

  @Test func `an export knows once copies were looked for`() throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    func notChecked() throws -> [String] {
      let result = try run(["export", "--format", "imagefolder", "--to", "again", "--json"], in: folder)
      let exports = try #require(try result.json()["exports"] as? [[String: Any]])
      return exports[0]["notChecked"] as? [String] ?? []
    }
    #expect(try notChecked() == ["lookAlikes", "memorization"])
    let leaks = try run(["audit", "leaks", "--json"], in: folder)
    #expect(leaks.exitCode == 0, "\(leaks.output)")
    #expect(try leaks.json()["checked"] as? Int == 9)
    #expect(try leaks.json()["recorded"] as? Bool == true)
    #expect(try notChecked() == ["lookAlikes"])
    #expect(try run(["audit", "splits", "--json"], in: folder).json()["recorded"] as? Bool == true)
    #expect(try notChecked() == [])
    #expect(try run(["audit", "verify"], in: folder).exitCode == 0)
  }

  @Test(arguments: [
    ("prov", "prov.json", #""synthetic" : "true""#, #""synthetic" : "false""#, "flag.wrong"),
    ("prov", "prov.json", #""synthetic" : "true""#, #""artificial" : "true""#, "flag.missing"),
    ("rocrate", "ro-crate-metadata.json", #""synthetic" : true"#, #""synthetic" : false"#, "flag.wrong"),
    ("rocrate", "ro-crate-metadata.json", #""synthetic" : true"#, #""artificial" : true"#, "flag.missing"),
    ("croissant", "croissant.json", #""column" : "synthetic""#, #""column" : "artificial""#, "flag.missing"),
    ("hf", "metadata.jsonl", #""synthetic":true"#, #""artificial":true"#, "flag.missing"),
    ("webdataset", ".tar", #""synthetic":true"#, #""artificia":true"#, "flag.missing"),
  ])
  func `a document that does not tell of a synthetic file is named`(format: String, ending: String, old: String, new: String, code: String) throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let root = folder.appendingPathComponent("documents")
    #expect(try run(["export", "--to", root.path, "--format", format], in: folder).exitCode == 0)
    let clean = try run(["audit", "flags", root.path, "--json"], in: folder)
    #expect(clean.exitCode == 0, "\(clean.output)")
    let isFound = try files(below: root).filter { $0.path.hasSuffix(ending) }.contains { file in
      var data = try Data(contentsOf: file)
      guard let range = data.range(of: Data(old.utf8)) ?? data.range(of: Data(old.replacing(" : ", with: ": ").utf8)) else { return false }
      data.replaceSubrange(range, with: Data((range.count == old.utf8.count ? new : new.replacing(" : ", with: ": ")).utf8))
      try FileManager.default.removeItem(at: file)
      try data.write(to: file)
      return true
    }
    #expect(isFound)
    let found = try findings(run(["audit", "flags", root.path, "--json"], in: folder)).map(\.code)
    #expect(found.contains(code), "\(found)")
  }

  @Test(arguments: [("croissant", "croissant.json"), ("prov", "prov.json"), ("rocrate", "ro-crate-metadata.json"), ("hf", "metadata.jsonl")])
  func `a document that is no JSON is named with a manifest made anew, and one that every export has also when it is gone`(format: String, name: String) throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let root = folder.appendingPathComponent("documents")
    #expect(try run(["export", "--to", root.path, "--format", format], in: folder).exitCode == 0)
    let document = try #require(files(below: root).filter { $0.lastPathComponent == name }.min { $0.path < $1.path })
    let path = String(document.path.dropFirst(root.path.count + 1))
    let manifest = root.appendingPathComponent("MANIFEST.sha256")
    let others = try String(contentsOf: manifest, encoding: .utf8).split(separator: "\n").filter { !$0.hasSuffix("  " + path) }
    try FileManager.default.removeItem(at: document)
    try FileManager.default.removeItem(at: manifest)
    try others.map { $0 + "\n" }.joined().write(to: manifest, atomically: true, encoding: .utf8)
    if name != "metadata.jsonl" {
      let gone = try findings(run(["audit", "flags", root.path, "--json"], in: folder))
      #expect(gone.contains { $0 == ("flag.missing", path) }, "\(gone)")
    }
    try Data("{".utf8).write(to: document)
    // SHA-256 of "{".
    let line = "021fb596db81e6d02bf3d2586ee3981fe519f275c0ac9ca76bbcf2ebb4097d96  \(path)"
    try (others + [Substring(line)]).sorted().map { $0 + "\n" }.joined().write(to: manifest, atomically: true, encoding: .utf8)
    let broken = try findings(run(["audit", "flags", root.path, "--json"], in: folder))
    #expect(broken.contains { $0 == ("flag.unreadable", path) } && !broken.contains { $0.code == "flag.manifest" }, "\(broken)")
  }

  @Test func `planted files are named, whatever their names are and wherever links lead`() throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try run(["export", "--to", "planted", "--format", "imagefolder"], in: folder).exitCode == 0)
    #expect(try run(["audit", "flags", "planted"], in: folder).exitCode == 0)
    let script = #"cd planted/imagefolder && printf x > "$(printf '\377').png" && mkdir "$(printf 'a\376')" && printf x > "$(printf 'a\376/b.png')" && ln -s / out && ln -s gone nothing"#
    #expect(try Program.run("/bin/sh", ["-c", script], in: folder).exitCode == 0)
    let result = try run(["audit", "flags", "planted", "--json"], in: folder)
    #expect(result.exitCode == 1)
    let found = try findings(result)
    for path in [#"imagefolder/\xff.png"#, #"imagefolder/a\xfe/b.png"#] { #expect(found.contains { $0 == ("flag.unlisted", path) }, "\(found)") }
    for path in ["imagefolder/out", "imagefolder/nothing"] { #expect(found.contains { $0 == ("flag.manifest", path) }, "\(found)") }
    #expect(found.count == 4)
  }

  @Test func `a file of an export that cannot be read is named, and the others are looked at`() throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let root = folder.appendingPathComponent("pipes")
    #expect(try run(["export", "--to", root.path, "--format", "imagefolder"], in: folder).exitCode == 0)
    let clean = try run(["audit", "flags", root.path, "--json"], in: folder).json()["files"] as? Int
    let picture = try #require(files(below: root).filter { $0.pathExtension == "png" }.min { $0.path < $1.path })
    try FileManager.default.removeItem(at: picture)
    // A pipe, which a careless reader would wait for.
    #expect(mkfifo(picture.path, 0o600) == 0)
    let result = try run(["audit", "flags", root.path, "--json"], in: folder)
    #expect(result.exitCode == 1)
    let found = try findings(result).filter { picture.path.hasSuffix($0.path) }.map(\.code)
    #expect(found.contains("flag.unreadable"), "\(found)")
    #expect(try result.json()["files"] as? Int == clean.map { $0 - 1 })
  }

  @Test func `pictures that cannot be read are findings of splits and leaks, and nothing is recorded`() throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let rows = try run(["catalog", "sql", "SELECT sha256 FROM artifact WHERE kind = 'slice' AND split = 'train' ORDER BY id LIMIT 1", "--json"], in: folder)
    let digest = try #require((rows.json()["rows"] as? [[String]])?.first?.first)
    try FileManager.default.removeItem(at: folder.appendingPathComponent("workspace/objects/\(digest.prefix(2))/\(digest.dropFirst(2))"))
    for (verb, code) in [("splits", "split.unreadable"), ("leaks", "leak.unreadable")] {
      let result = try run(["audit", verb, "--json"], in: folder)
      #expect(result.exitCode == 1, "\(verb): \(result.errors)")
      let found = try #require(try result.json()["findings"] as? [[String: Any]]).compactMap { $0["finding"] as? String }
      #expect(found.contains(code), "\(verb): \(found)")
      #expect(try result.json()["recorded"] as? Bool == false)
    }
  }

  @Test func `a file that lost its mark is named`() throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let formats = ["imagefolder", "dicom", "hf", "webdataset"].flatMap { ["--format", $0] }
    #expect(try run(["export", "--to", "marked"] + formats, in: folder).exitCode == 0)
    let clean = try run(["audit", "flags", "marked", "--json"], in: folder)
    #expect(clean.exitCode == 0, "\(clean.output)")
    #expect(try clean.json()["synthetic"] as? Int ?? 0 > 20)
    #expect(try clean.json()["notChecked"] as? [String] == [])

    let root = folder.appendingPathComponent("marked")
    func change(_ ending: String, _ part: (Data) -> Data?) throws -> String {
      for file in files(below: root).sorted(by: { $0.path < $1.path }) where file.path.hasSuffix(ending) {
        guard let changed = part(try Data(contentsOf: file)) else { continue }
        try FileManager.default.removeItem(at: file)
        try changed.write(to: file)
        return String(file.path.dropFirst(root.path.count + 1))
      }
      return ""
    }
    func replacing(_ old: String, _ new: String) -> (Data) -> Data? {
      { data in
        guard let range = data.range(of: Data(old.utf8)) else { return nil }
        return data[..<range.lowerBound] + Data(new.utf8) + data[range.upperBound...]
      }
    }
    let yes = "\u{8}\0\u{1C}\0CS\u{4}\0YES "
    let stripped = try change(".dcm", replacing(yes, ""))
    let turned = try change(".dcm", replacing(yes, "\u{8}\0\u{1C}\0CS\u{2}\0NO"))
    let picture = try change(".png", replacing("Synthetic image, made by", "Acquired image, made by"))
    let told = try change("hf/metadata.csv", replacing(",generated,true,", ",derived,false,"))
    let line = try change(".jsonl", replacing(#""synthetic":true"#, #""synthetic":false"#))
    #expect(![stripped, turned, picture, told, line].contains(""))
    let found = try run(["audit", "flags", "marked", "--json"], in: folder)
    #expect(found.exitCode == 1)
    let codes = try findings(found)
    #expect(codes.contains { $0 == ("flag.missing", stripped) })
    #expect(codes.contains { $0 == ("flag.wrong", turned) })
    #expect(codes.contains { $0 == ("flag.missing", picture) })
    #expect(codes.count { $0.code == "flag.wrong" && $0.path.hasPrefix("hf/") } == 2)
    #expect(codes.count { $0.code == "flag.manifest" } == 5)
    // Without the workspace the files still contradict what stands beside them.
    let alone = try Program.run("scanforge", ["audit", "flags", "marked", "--json", "--workspace", "none"], in: folder)
    #expect(alone.exitCode == 1)
    #expect(try alone.json()["notChecked"] as? [String] == ["metadata"])
    #expect(try run(["audit", "flags", "phantoms"], in: folder).exitCode == 3)
  }
}
