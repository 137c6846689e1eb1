import Crypto
import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct MainJobTests {
  @Test func `the whole pipeline ends well and says what it made`() throws {
    let result = SmallRun.result
    #expect(result.exitCode == 0, "\(result.errors)")
    let stages = try #require(try result.json()["stages"] as? [[String: Any]])
    #expect(stages.map { $0["stage"] as? String } == ["ingest", "deidentify", "normalize", "split", "train", "generate", "train", "superResolve", "export"])
    let generated = try #require(stages[5]["figures"] as? [String: Double])
    #expect(generated["generated"] == 9)
  }

  @Test func `no planted identifier is in any byte outside keys`() throws {
    _ = SmallRun.result
    let planted = try String(contentsOf: SmallRun.folder.appendingPathComponent("phantoms/planted.txt"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
    #expect(planted.count > 100)
    let workspace = SmallRun.folder.appendingPathComponent("workspace")
    let places = files(below: workspace).filter { !$0.path.contains("/workspace/keys/") } + files(below: SmallRun.folder.appendingPathComponent("out"))
    #expect(places.count > 50)
    for place in places {
      let data = try Data(contentsOf: place)
      for text in planted where data.range(of: Data(text.utf8)) != nil {
        Issue.record("\(text) is in \(place.lastPathComponent)")
      }
      // The search itself must be able to find something.
    }
    let source = try #require(files(below: SmallRun.folder.appendingPathComponent("phantoms/dicom")).first)
    let identified = try Data(contentsOf: source)
    #expect(planted.contains { identified.range(of: Data($0.utf8)) != nil })
  }

  @Test func `audit verify finds all well`() throws {
    _ = SmallRun.result
    let result = try Program.run(arguments: ["audit", "verify", "--workspace", "workspace", "--json"])
    #expect(result.exitCode == 0, "\(result.output)")
    #expect(try result.jsonLines().last?["ok"] as? Bool == true)
  }

  @Test func `one changed byte in any object is found`() throws {
    let copy = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: copy) }
    let objects = files(below: copy.appendingPathComponent("workspace/objects")).sorted { $0.path < $1.path }
    for index in [0, objects.count / 2, objects.count - 1] {
      let object = objects[index]
      var data = try Data(contentsOf: object)
      data[data.count / 2] ^= 1
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: object.path)
      try data.write(to: object)
      let result = try Program.run("scanforge", ["audit", "verify", "--workspace", "workspace", "--json"], in: copy)
      #expect(result.exitCode == 1)
      #expect(try result.jsonLines().contains { $0["finding"] as? String == "object.modified" })
      data[data.count / 2] ^= 1
      try data.write(to: object)
    }
    #expect(try Program.run("scanforge", ["audit", "verify", "--workspace", "workspace"], in: copy).exitCode == 0)
  }

  @Test func `a missing catalog is exit 3`() throws {
    let copy = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: copy) }
    try Data("not a database, not at all".utf8).write(to: copy.appendingPathComponent("workspace/catalog.sqlite"))
    for name in ["catalog.sqlite-wal", "catalog.sqlite-shm"] {
      try? FileManager.default.removeItem(at: copy.appendingPathComponent("workspace/\(name)"))
    }
    let result = try Program.run("scanforge", ["audit", "verify", "--workspace", "workspace", "--json"], in: copy)
    #expect(result.exitCode == 3)
    #expect(result.output.contains("catalog.unreadable"))
  }

  @Test func `the export holds every file of its manifest and all are marked`() throws {
    _ = SmallRun.result
    let out = SmallRun.folder.appendingPathComponent("out")
    let lines = try String(contentsOf: out.appendingPathComponent("MANIFEST.sha256"), encoding: .utf8).split(separator: "\n")
    let listed = try Dictionary(
      uniqueKeysWithValues: lines.map { line -> (String, String) in
        let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        return (try #require(parts.last).trimmingCharacters(in: CharacterSet(charactersIn: " *")), String(parts[0]))
      })
    let present = files(below: out).filter { $0.lastPathComponent != "MANIFEST.sha256" }
    #expect(Set(present.map { String($0.path.dropFirst(out.path.count + 1)) }) == Set(listed.keys))
    for file in present {
      let digest = SHA256.hash(data: try Data(contentsOf: file)).map { String(format: "%02x", $0) }.joined()
      #expect(listed[String(file.path.dropFirst(out.path.count + 1))] == digest)
    }
    #expect(present.contains { $0.path.contains("/dicom/train/") } && present.contains { $0.path.contains("/imagefolder/test/") })
    // (0008,001C) CS SyntheticData in Explicit VR Little Endian: tag, VR, length, value.
    let yes = Data([0x08, 0x00, 0x1C, 0x00, 0x43, 0x53, 0x04, 0x00]) + Data("YES ".utf8)
    let no = Data([0x08, 0x00, 0x1C, 0x00, 0x43, 0x53, 0x02, 0x00]) + Data("NO".utf8)
    for file in present where file.pathExtension == "dcm" {
      let data = try Data(contentsOf: file)
      #expect((data.range(of: yes) != nil) != (data.range(of: no) != nil), "\(file.lastPathComponent) is not marked")
    }
  }

  @Test func `a second run with resume does nothing again`() throws {
    let copy = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: copy) }
    let began = Date()
    let result = try Program.run("scanforge", ["run", "pipeline.yaml", "--workspace", "workspace", "--json", "--resume"], in: copy)
    #expect(result.exitCode == 0, "\(result.errors)")
    let stages = try #require(try result.json()["stages"] as? [[String: Any]])
    #expect(stages.allSatisfy { $0["skipped"] as? Bool == true })
    #expect(Date().timeIntervalSince(began) < 60)
  }

  @Test func `the same seed makes the same model bytes in another workspace and with one thread`() throws {
    _ = SmallRun.result
    let folder = try TestData.temporaryFolder("end-to-end-again")
    defer { try? FileManager.default.removeItem(at: folder) }
    for name in ["phantoms", "pipeline.yaml"] {
      try FileManager.default.copyItem(at: SmallRun.folder.appendingPathComponent(name), to: folder.appendingPathComponent(name))
    }
    let result = try Program.run("scanforge", ["run", "pipeline.yaml", "--workspace", "other", "--threads", "1", "--json"], in: folder)
    #expect(result.exitCode == 0, "\(result.errors)")
    for name in ["cgan", "srgan"] {
      for file in ["model.safetensors", "state.safetensors"] {
        let first = try Data(contentsOf: SmallRun.folder.appendingPathComponent("workspace/models/\(name)/\(file)"))
        let second = try Data(contentsOf: folder.appendingPathComponent("other/models/\(name)/\(file)"))
        #expect(first == second, "\(name)/\(file)")
      }
    }
  }

  @Test(arguments: ["png", "tiff", "dicom", "npz"])
  func `generate writes files of every format from the model file alone`(format: String) throws {
    _ = SmallRun.result
    let output = try TestData.temporaryFolder("generated")
    defer { try? FileManager.default.removeItem(at: output) }
    let arguments = ["generate", "--model", "workspace/models/cgan/model.safetensors", "--count", "7", "--output", output.path, "--format", format]
    let result = try Program.run(arguments: arguments + ["--json"])
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(try result.json()["images"] as? Int == 7)
    let arithmetic = try #require(try result.json()["arithmetic"] as? [String: Int])
    #expect(arithmetic.keys.sorted() == ["fp32"] && arithmetic.values.allSatisfy { $0 > 0 })
    #expect(files(below: output).count == (format == "npz" ? 1 : 7))
  }

  @Test func `upscale keeps names and formats and doubles the size`() throws {
    _ = SmallRun.result
    let output = try TestData.temporaryFolder("upscaled")
    defer { try? FileManager.default.removeItem(at: output) }
    let dicom = try #require(files(below: SmallRun.folder.appendingPathComponent("phantoms/dicom/normal")).first)
    let tiff = try #require(files(below: SmallRun.folder.appendingPathComponent("phantoms/tiff/normal")).first)
    let result = try Program.run(
      arguments: ["upscale", dicom.path, tiff.path, "--model", "workspace/models/srgan/model.safetensors", "--output", output.path, "--json"])
    #expect(result.exitCode == 0, "\(result.errors)")
    let made = files(below: output)
    #expect(made.count == 2)
    for source in [dicom, tiff] {
      #expect(made.contains { $0.lastPathComponent.hasPrefix(source.deletingPathExtension().lastPathComponent) && $0.pathExtension == source.pathExtension })
    }
    func sizes(_ urls: [URL]) throws -> [String: [Int]] {
      let report = try Program.run(arguments: ["inspect", "--json"] + urls.map(\.path)).json()
      let entries = try #require(report["files"] as? [[String: Any]])
      return try Dictionary(
        uniqueKeysWithValues: entries.map {
          (try #require($0["format"] as? String), [try #require($0["rows"] as? Int), try #require($0["columns"] as? Int), try #require($0["bitsStored"] as? Int)])
        })
    }
    let before = try sizes([dicom, tiff])
    let after = try sizes(made)
    for (format, size) in before { #expect(after[format] == [size[0] * 2, size[1] * 2, size[2]]) }
  }
}
