import Foundation
import ScanDeid
import ScanModel
import TestSupport
import Testing

/// `scanforge deidentify` as a user runs it, on files made here. Names are made up.
struct DeidentifyVerbTests {
  @Test func `a folder becomes a tree of new ids without a trace of the old`() throws {
    let sandbox = try Sandbox(patients: 2, instances: 3)
    defer { sandbox.remove() }
    let result = try sandbox.run(["--mapping", sandbox.path("map"), "--json"])
    #expect(result.exitCode == 0, "\(result.errors)")
    let summary = try result.json()
    #expect(summary["written"] as? Int == 6)
    #expect(summary["patients"] as? Int == 2)
    #expect(summary["ok"] as? Bool == true)
    let files = try sandbox.outputs()
    #expect(files.count == 6)
    for file in files {
      let parts = file.split(separator: "/")
      #expect(parts.count == 4 && parts[0].hasPrefix("P") && parts[1...].allSatisfy { $0.hasPrefix("2.25.") } && file.hasSuffix(".dcm"))
      let bytes = try [UInt8](Data(contentsOf: sandbox.folder.appendingPathComponent("out/\(file)")))
      for text in ["Quarlsborough", "Zinnia", "FAKE-471", "Quuxville", "1.3.6.1.4.1.99999", "20200229", "ACC0815", "preamble"] {
        #expect(Planted.occurrences(of: text, in: bytes) == 0, "\(text)")
      }
      #expect(bytes.prefix(128).allSatisfy { $0 == 0 })
    }
    for text in [result.output, result.errors] {
      #expect(!text.contains("Quarlsborough") && !text.contains("FAKE") && !text.contains(sandbox.path("in")))
    }
    let mapping = try String(contentsOfFile: sandbox.path("map/patid_mapping.csv"), encoding: .utf8)
    #expect(mapping.split(separator: "\n").count == 3 && mapping.hasPrefix("id_old,id_new\nFAKE-4711,P"))
    for name in ["patid_mapping.csv", "uid_mapping.csv"] { #expect(try sandbox.mode("map/\(name)") == 0o600) }
    #expect(try sandbox.mode("key") == 0o600)
  }

  @Test func `a repeated run adds nothing and changes nothing`() throws {
    let sandbox = try Sandbox(patients: 2, instances: 2)
    defer { sandbox.remove() }
    #expect(try sandbox.run([]).exitCode == 0)
    let before = try sandbox.outputs()
    // What an interrupted run leaves: some outputs missing, a staging folder of a process that is gone.
    try FileManager.default.removeItem(at: sandbox.folder.appendingPathComponent("out/\(before[1])"))
    let stale = sandbox.folder.appendingPathComponent("out/.scanforge-partial-999999999")
    try FileManager.default.createDirectory(at: stale, withIntermediateDirectories: true)
    try Data([1]).write(to: stale.appendingPathComponent("1"))
    let again = try sandbox.run(["--json"]).json()
    #expect(again["written"] as? Int == 1)
    #expect(again["unchanged"] as? Int == 3)
    #expect(try sandbox.outputs() == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox.path("out")).allSatisfy { !$0.hasPrefix(".") })
  }

  @Test func `another file under an output's name is an error, never overwritten`() throws {
    let sandbox = try Sandbox(patients: 1, instances: 1)
    defer { sandbox.remove() }
    #expect(try sandbox.run([]).exitCode == 0)
    let output = sandbox.folder.appendingPathComponent("out/\(try sandbox.outputs()[0])")
    try Data("mine".utf8).write(to: output)
    let result = try sandbox.run(["--json"])
    #expect(result.exitCode == 1)
    #expect(try result.json()["failed"] as? Int == 1)
    #expect(try Data(contentsOf: output) == Data("mine".utf8))
  }

  @Test func `two images with one SOP Instance UID both stay`() throws {
    let sandbox = try Sandbox(patients: 1, instances: 1)
    defer { sandbox.remove() }
    var twin = Planted.patient("FAKE-4711", instance: 0)
    twin.set(Element(.pixelData, .OW, .bytes([9, 9, 9, 9])))
    try sandbox.write(twin, "in/zz-twin.dcm")
    try sandbox.write(twin, "in/zz-twin-again.dcm")
    for written in [2, 0] {
      let summary = try sandbox.run(["--json"]).json()
      #expect(summary["written"] as? Int == written)
      #expect(summary["unchanged"] as? Int == 3 - written)
    }
    #expect(try sandbox.outputs().count == 2)
  }

  @Test func `a broken file costs itself alone, or the rest when asked`() throws {
    let sandbox = try Sandbox(patients: 1, instances: 3)
    defer { sandbox.remove() }
    try Data("Quarlsborough, a text".utf8).write(to: sandbox.folder.appendingPathComponent("in/FAKE-4711-1-broken.dcm"))
    let result = try sandbox.run(["--json"])
    #expect(result.exitCode == 1)
    let summary = try result.json()
    #expect(summary["written"] as? Int == 3)
    let failures = try #require(summary["failures"] as? [[String: Any]])
    #expect(failures.count == 1)
    #expect((failures[0]["id"] as? String)?.count == 16)
    #expect(!result.output.contains("broken") && !result.errors.contains("broken"))
    let named = try sandbox.run(["--show-paths", "--json"])
    #expect(named.errors.contains("broken") && !named.output.contains("broken"))
    let number = try #require(failures[0]["number"] as? Int)
    let stopped = try sandbox.run(["--on-item-error", "stop", "--json"], output: "out2").json()
    #expect(stopped["written"] as? Int == number - 1)
  }

  @Test func `names are kept when asked, with folders`() throws {
    let sandbox = try Sandbox(patients: 1, instances: 1)
    defer { sandbox.remove() }
    try sandbox.write(Planted.patient(instance: 7), "in/deep/er/slice 7.dcm")
    try sandbox.write(Planted.patient(instance: 8), "in/.hidden.dcm")
    try sandbox.write(Planted.patient(instance: 9), "in/DICOMDIR")
    try FileManager.default.createSymbolicLink(
      atPath: sandbox.path("in/link.dcm"), withDestinationPath: sandbox.path("in/deep/er/slice 7.dcm"))
    let summary = try sandbox.run(["--keep-names", "--json"]).json()
    #expect(try sandbox.outputs() == ["FAKE-4711-0.dcm", "deep/er/slice 7.dcm"])
    #expect(summary["skipped"] as? [String: Int] == ["hidden": 1, "directories": 1, "special": 1, "repeated": 0, "tables": 0, "unreadableNames": 0, "workspaces": 0])
  }

  @Test func `names that are not UTF-8 and workspaces are counted, never taken or lost`() throws {
    let sandbox = try Sandbox(patients: 1, instances: 1)
    defer { sandbox.remove() }
    let ending: [CChar] = [0x2F, 0x46, CChar(bitPattern: 0xE9), 0x2E, 0x64, 0]
    let odd = sandbox.path("in").utf8CString.dropLast() + ending
    let descriptor = odd.withContiguousStorageIfAvailable { creat($0.baseAddress!, 0o600) } ?? -1
    #expect(descriptor >= 0)
    close(descriptor)
    try sandbox.write(Planted.patient(instance: 7), "in/project/objects/ab/cd.dcm")
    try Data().write(to: sandbox.folder.appendingPathComponent("in/project/catalog.sqlite"))
    // Only one of the two makes no workspace.
    try sandbox.write(Planted.patient(instance: 8), "in/other/objects/ab.dcm")
    let result = try sandbox.run(["--json"])
    #expect(result.exitCode == 0, "\(result.errors)")
    let summary = try result.json()
    #expect(summary["files"] as? Int == 2)
    #expect(
      summary["skipped"] as? [String: Int]
        == ["hidden": 0, "directories": 0, "special": 0, "repeated": 0, "tables": 0, "unreadableNames": 1, "workspaces": 1])
    let told = try sandbox.run([])
    #expect(told.output.contains("Passed over: 1 with names that are not UTF-8 (rename them to have them read), 1 ScanForge workspace."))
  }

  @Test func `wrong requests end with 2 and leave nothing`() throws {
    let sandbox = try Sandbox(patients: 1, instances: 1)
    defer { sandbox.remove() }
    let requests: [(arguments: [String], output: String)] = [
      (["--option", "cleanPixelData"], "out"), (["--option", "cleanRecognizableVisualFeatures"], "out"),
      (["--option", "everything"], "out"),
      (["--option", "retainLongitudinalFullDates", "--option", "retainLongitudinalModifiedDates"], "out"),
      (["--profile", "advanced"], "out"),
      ([], "in"), ([], "in/out"), (["--mapping", sandbox.path("out/map")], "out"), (["--on-item-error", "maybe"], "out"),
    ]
    for request in requests {
      let result = try sandbox.run(request.arguments, output: request.output)
      #expect(result.exitCode == 2, "\(request)")
      #expect(!result.errors.contains(sandbox.path("in")))
      #expect(!FileManager.default.fileExists(atPath: sandbox.path("out")), "\(request)")
      #expect(!FileManager.default.fileExists(atPath: sandbox.path("key")), "\(request)")
    }
    #expect(try Program.run("scanforge", ["deidentify", "--output", sandbox.path("out")]).exitCode == 2)
  }

  @Test func `missing surroundings end with 3`() throws {
    let sandbox = try Sandbox(patients: 1, instances: 1)
    defer { sandbox.remove() }
    #expect(try Program.run("scanforge", ["deidentify", sandbox.path("nowhere"), "--output", sandbox.path("out")]).exitCode == 3)
    try FileManager.default.createDirectory(atPath: sandbox.path("empty"), withIntermediateDirectories: true)
    #expect(try Program.run("scanforge", ["deidentify", sandbox.path("empty"), "--output", sandbox.path("out")]).exitCode == 3)
    try Data("short".utf8).write(to: sandbox.folder.appendingPathComponent("key"))
    #expect(try sandbox.run([]).exitCode == 3)
    #expect(!FileManager.default.fileExists(atPath: sandbox.path("out")))
  }

  @Test func `without a key a run says that its key is dropped, and cannot be continued`() throws {
    let sandbox = try Sandbox(patients: 1, instances: 1)
    defer { sandbox.remove() }
    let arguments = ["deidentify", sandbox.path("in"), "--output", sandbox.path("out")]
    let first = try Program.run("scanforge", arguments)
    #expect(first.exitCode == 0)
    #expect(first.output.contains("The key of this run was dropped"))
    let second = try Program.run("scanforge", arguments)
    #expect(second.exitCode == 2)
    #expect(try sandbox.outputs().count == 1)
  }

  @Test func `keys are made, told apart and replaced`() throws {
    let sandbox = try Sandbox(patients: 0, instances: 0)
    defer { sandbox.remove() }
    let place = ["--workspace", sandbox.path("ws"), "--json"]
    let made = try Program.run("scanforge", ["key", "new"] + place)
    #expect(made.exitCode == 0)
    #expect(try sandbox.mode("ws/keys/pseudonym.key") == 0o600)
    #expect(try sandbox.mode("ws/keys") == 0o700)
    #expect(try Program.run("scanforge", ["key", "new"] + place).exitCode == 2)
    let fingerprint = try #require(try made.json()["fingerprint"] as? String)
    #expect(try Program.run("scanforge", ["key", "fingerprint"] + place).json()["fingerprint"] as? String == fingerprint)
    let rotated = try Program.run("scanforge", ["key", "rotate"] + place).json()
    #expect(rotated["previous"] as? String == fingerprint)
    #expect(rotated["fingerprint"] as? String != fingerprint)
    #expect(try Program.run("scanforge", ["key", "fingerprint", "--key", sandbox.path("nowhere")]).exitCode == 3)
  }

  @Test func `a file whose pixels repeat an identifier is held back and counted`() throws {
    let sandbox = try Sandbox(patients: 1, instances: 2)
    defer { sandbox.remove() }
    var dataset = Planted.patient(instance: 7)
    dataset.set(.rows, us: 4)
    dataset.set(.columns, us: 4)
    dataset.set(Element(.pixelData, .OW, .bytes(Array("..Quarlsborough.".utf8))))
    try sandbox.write(dataset, "in/comment.dcm")
    let result = try sandbox.run(["--json"])
    #expect(result.exitCode == 1)
    let summary = try result.json()
    #expect(summary["quarantined"] as? Int == 1 && summary["failed"] as? Int == 1 && summary["written"] as? Int == 2)
    #expect(try sandbox.outputs().count == 2)
  }

  @Test func `a key may be named by one letter`() throws {
    let sandbox = try Sandbox(patients: 0, instances: 0)
    defer { sandbox.remove() }
    let folder = URL(fileURLWithPath: sandbox.path("."))
    let made = try Program.run("scanforge", ["key", "new", "--key", "k", "--json"], in: folder)
    #expect(made.exitCode == 0, "\(made.errors)")
    #expect(try sandbox.mode("k") == 0o600)
  }

  @Test func `results do not depend on the number of threads`() throws {
    let sandbox = try Sandbox(patients: 3, instances: 4)
    defer { sandbox.remove() }
    _ = try sandbox.run(["--threads", "1"])
    _ = try sandbox.run(["--threads", "7"], output: "out2")
    let (one, many) = (try sandbox.outputs(), try sandbox.outputs("out2"))
    #expect(one == many && one.count == 12)
    for file in one {
      #expect(FileManager.default.contentsEqual(atPath: sandbox.path("out/\(file)"), andPath: sandbox.path("out2/\(file)")))
    }
  }
}

/// A folder with `in/FAKE-<patient>-<instance>.dcm`.
struct Sandbox {
  let folder: URL

  init(patients: Int, instances: Int) throws {
    folder = try TestData.temporaryFolder("deidentify")
    for patient in 0..<patients {
      for instance in 0..<instances {
        let id = "FAKE-471\(patient + 1)"
        try write(Planted.patient(id, instance: patient * 100 + instance), "in/\(id)-\(instance).dcm")
      }
    }
  }

  func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  func run(_ arguments: [String], output: String = "out") throws -> Program.Result {
    try Program.run("scanforge", ["deidentify", path("in"), "--output", path(output), "--key", path("key")] + arguments)
  }

  /// A whole DICOM file with identifiers also in its preamble and File Meta Information.
  ///
  /// - Parameters:
  ///   - sopClass: of the File Meta Information, as `instance`, which is the dataset's unless given.
  func write(_ dataset: Dataset, _ name: String, sopClass: String = UID.ctImageStorage, instance: String? = nil) throws {
    var meta = Dataset()
    meta.set(Tag(0x0002, 0x0002), .UI, text: sopClass)
    meta.set(Tag(0x0002, 0x0003), .UI, text: instance ?? dataset.text(.sopInstanceUID) ?? "")
    meta.set(.transferSyntaxUID, .UI, text: UID.explicitVRLittleEndian)
    meta.set(Tag(0x0002, 0x0016), .AE, text: "QUARLSBOROUGH")
    let group = ExplicitStream.encode(meta)
    var bytes = Array("Quarlsborough in the preamble".utf8)
    bytes += [UInt8](repeating: 0, count: 128 - bytes.count) + Array("DICM".utf8)
    bytes += [2, 0, 0, 0, 0x55, 0x4C, 4, 0] + (0..<4).map { UInt8(truncatingIfNeeded: group.count >> (8 * $0)) }
    bytes += group + ExplicitStream.encode(dataset)
    let url = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func outputs(_ name: String = "out") throws -> [String] {
    guard let files = FileManager.default.enumerator(atPath: path(name)) else { return [] }
    return files.compactMap { $0 as? String }.filter { file in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: path("\(name)/\(file)"), isDirectory: &isFolder) && !isFolder.boolValue
    }.sorted()
  }

  func mode(_ name: String) throws -> Int {
    try #require(try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? NSNumber).intValue & 0o777
  }
}
