import Foundation
import TestSupport
import Testing

/// `audit patient`, `withdraw`, `terms` and `splits` on a real pipeline run.
@Suite(.serialized) struct WithdrawVerbTests {
  private struct Patient {
    let pseudonym: String
    /// What must be nowhere afterwards: pseudonym, hashes, instance UIDs, as text and as bytes.
    let secrets: [Data]
  }

  private func sql(_ statement: String, in folder: URL) throws -> [[Any]] {
    let result = try Program.run("scanforge", ["catalog", "sql", statement, "--workspace", "workspace", "--json"], in: folder)
    return try #require(try result.json()["rows"] as? [[Any]])
  }

  private func trainingPatient(in folder: URL) throws -> Patient {
    let rows = try sql(
      """
      SELECT p.pseudonym, a.sha256, a.attributes ->> '$.sopInstanceUID', hex(a.sha256) FROM patient p JOIN patient_split s ON s.patient_id = p.id
      JOIN artifact a ON a.patient_id = p.id WHERE s.split = 'train' AND p.id = (SELECT min(patient_id) FROM patient_split WHERE split = 'train')
      """, in: folder)
    let pseudonym = try #require(rows.first?[0] as? String)
    let texts = Set(rows.flatMap { row in row[1...2].compactMap { $0 as? String } } + [pseudonym])
    let raw = rows.compactMap { $0[1] as? String }.map { hex in
      Data(stride(from: 0, to: hex.count, by: 2).map { UInt8(hex.dropFirst($0).prefix(2), radix: 16) ?? 0 })
    }
    return Patient(pseudonym: pseudonym, secrets: texts.map { Data($0.utf8) } + raw)
  }

  private func run(_ arguments: [String], in folder: URL) throws -> Program.Result {
    try Program.run("scanforge", arguments + ["--workspace", "workspace", "--progress", "none"], in: folder)
  }

  private func traces(of patient: Patient, in folder: URL) -> Int {
    let contents = files(below: folder.appendingPathComponent("workspace")).compactMap { try? Data(contentsOf: $0) }
    return patient.secrets.count { secret in contents.contains { $0.range(of: secret) != nil } }
  }

  @Test func `a withdrawn patient is nowhere in the workspace and history verifies`() throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let patient = try trainingPatient(in: folder)
    let before = traces(of: patient, in: folder)
    #expect(before > 10)
    let known = try run(["audit", "patient", patient.pseudonym, "--json"], in: folder)
    #expect(known.exitCode == 0, "\(known.errors)")
    let exports = try #require(try known.json()["exports"] as? [[String: Any]])
    #expect(exports.count == 2 && exports.allSatisfy { ($0["to"] as? String)?.hasSuffix("/out") == true })
    // The export of this run left for another folder, of which this is a copy.
    let plan = try run(["audit", "withdraw", patient.pseudonym, "--plan", "--json"], in: folder)
    #expect(try plan.json()["state"] as? String == "planned" && traces(of: patient, in: folder) == before)

    let done = try run(["audit", "withdraw", patient.pseudonym, "--execute", "--json"], in: folder)
    #expect(done.exitCode == 0, "\(done.errors)")
    #expect(try done.json()["state"] as? String == "done")
    #expect((try done.json()["models"] as? [Any])?.isEmpty == false)
    #expect(traces(of: patient, in: folder) == 0)
    let verified = try run(["audit", "verify"], in: folder)
    #expect(verified.exitCode == 0, "\(verified.output)")

    let again = try run(["audit", "withdraw", patient.pseudonym, "--execute", "--json"], in: folder)
    #expect(again.exitCode == 0)
    #expect(try again.json()["state"] as? String == "wasDone")
    let generated = try run(["generate", "--model", "cgan", "--count", "1"], in: folder)
    #expect(generated.exitCode == 2 && generated.errors.contains("withdrawn"))
    let byPath = try run(["generate", "--model", "workspace/models/cgan/model.safetensors", "--count", "1", "--output", "made"], in: folder)
    #expect(byPath.exitCode == 2)
    let resumed = try run(["train", "cgan", "--name", "cgan", "--steps", "8", "--size", "32", "--resume"], in: folder)
    #expect(resumed.exitCode == 2, "\(resumed.errors)")
    let ingested = try run(["ingest", "phantoms/dicom", "phantoms/tiff", "--json"], in: folder)
    #expect(ingested.exitCode == 1 && ingested.errors.contains("has withdrawn"))
    #expect(try ingested.json()["failed"] as? Int ?? 0 > 0)
    // The others' exported files still tell where they come from.
    let others = try FileManager.default.subpathsOfDirectory(atPath: folder.appendingPathComponent("out/imagefolder").path)
    let found = try others.filter { $0.hasSuffix(".png") }.count { path in
      try run(["audit", "lineage", "out/imagefolder/\(path)"], in: folder).exitCode == 0
    }
    #expect(found > 0 && found < others.count { $0.hasSuffix(".png") })
    #expect(try run(["audit", "verify"], in: folder).exitCode == 0)
  }

  @Test func `a withdrawal that is killed again and again completes`() throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let patient = try trainingPatient(in: folder)
    var kills = 0
    for attempt in 0..<60 {
      let running = try Program.start(
        "scanforge", ["audit", "withdraw", patient.pseudonym, "--execute", "--workspace", "workspace", "--progress", "none"], in: folder)
      let deadline = Date().addingTimeInterval(0.004 * Double(attempt + 1))
      while running.process.isRunning, Date() < deadline { usleep(500) }
      guard running.process.isRunning else {
        #expect(running.wait().exitCode == 0)
        break
      }
      kill(running.process.processIdentifier, SIGKILL)
      kills += 1
      _ = running.wait()
      // An object may wait for its row; no row may be wrong.
      let findings = try run(["audit", "verify", "--json"], in: folder).jsonLines().compactMap { $0["finding"] as? String }
      #expect(findings.allSatisfy { $0 == "object.unrecorded" }, "\(findings)")
    }
    #expect(kills > 0)
    #expect(traces(of: patient, in: folder) == 0)
    #expect(try run(["audit", "verify"], in: folder).exitCode == 0)
  }

  @Test func `everything that left is listed, in archives, tables and copies of the catalog too`() throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let patient = try trainingPatient(in: folder)
    let formats = ["webdataset", "hf", "prov"].flatMap { ["--format", $0] }
    #expect(try run(["export", "--to", "left"] + formats, in: folder).exitCode == 0)
    for arguments in [["catalog", "backup", "b.sqlite"], ["catalog", "events", "e.ndjson"], ["audit", "bundle", "b.zip"], ["audit", "report", "--to", "r.html"]] {
      let result = try run(arguments + ["--json"], in: folder)
      #expect(try result.exitCode == 0 && result.json()["recorded"] as? Bool == true, "\(result.errors)")
    }
    try FileManager.default.copyItem(
      at: folder.appendingPathComponent("b.sqlite"), to: folder.appendingPathComponent("workspace/catalog.sqlite.replaced-1"))
    let known = try run(["audit", "patient", patient.pseudonym, "--json"], in: folder).json()
    let left = try #require(known["exports"] as? [[String: Any]]).filter { ($0["to"] as? String)?.hasSuffix("/left") == true }
    #expect(left.count == 3)
    for export in left {
      let files = try #require(export["files"] as? [[String: Any]])
      #expect(!files.isEmpty && files.allSatisfy { $0["found"] is String }, "\(export["format"] ?? "")")
      if export["format"] as? String == "webdataset" { #expect(files.allSatisfy { ($0["found"] as? String)?.hasSuffix(".tar") == true }) }
    }
    let documents = Set(left.flatMap { $0["documents"] as? [String] ?? [] }.map { ($0 as NSString).lastPathComponent })
    #expect(documents == ["MANIFEST.sha256", "metadata.csv", "metadata.jsonl", "prov.json"])
    let copies = try #require(known["copies"] as? [[String: Any]])
    #expect(copies.map { $0["kind"] as? String } == ["backup", "events", "bundle", "report"], "\(copies)")
    #expect(copies.allSatisfy { $0["found"] as? Bool == true })

    let done = try run(["audit", "withdraw", patient.pseudonym, "--execute", "--json"], in: folder)
    #expect(done.exitCode == 0, "\(done.errors)")
    #expect(try done.json()["residue"] as? [String] == ["catalog.sqlite.replaced-1"])
    // A sibling that still shows the patient keeps a new export out, and goes with all of them.
    let one = try run(["export", "--to", "left", "--format", "hf"], in: folder)
    #expect(one.exitCode == 2 && one.errors.contains("withdrawn since"), "\(one.errors)")
    #expect(try run(["export", "--to", "left"] + formats, in: folder).exitCode == 0)
    let contents = files(below: folder.appendingPathComponent("left")).compactMap { try? Data(contentsOf: $0) }
    #expect(contents.count > 20 && !contents.contains { data in patient.secrets.contains { data.range(of: $0) != nil } })
  }

  @Test func `asking for someone unknown is no use of the key`() throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let patient = try trainingPatient(in: folder)
    #expect(try run(["audit", "withdraw", patient.pseudonym, "--execute"], in: folder).exitCode == 0)
    let events = "SELECT count(*) FROM event"
    let before = try sql(events, in: folder)[0][0] as? Int
    for name in ["P0123456789abcdef", patient.pseudonym] {
      for verb in [["audit", "patient", name], ["audit", "withdraw", name, "--plan"]] {
        let result = try run(verb, in: folder)
        #expect(result.exitCode == 2 && result.errors.contains("knows no patient"), "\(result.errors)")
      }
    }
    #expect(try sql(events, in: folder)[0][0] as? Int == before)
  }

  @Test func `requests that cannot be met are refused`() throws {
    _ = SmallRun.result
    let unknown = try run(["audit", "patient", "P0123456789abcdef"], in: SmallRun.folder)
    #expect(unknown.exitCode == 2 && unknown.errors.contains("knows no patient"))
    #expect(try run(["audit", "withdraw", "P0123456789abcdef", "--plan"], in: SmallRun.folder).exitCode == 2)
    #expect(try run(["audit", "withdraw", "P0123456789abcdef"], in: SmallRun.folder).exitCode == 2)
    #expect(try run(["audit", "patient", "John"], in: SmallRun.folder).exitCode == 2)
  }

  @Test func `splits of a clean run hold, and a copied picture is found`() throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    let clean = try run(["audit", "splits", "--json"], in: folder)
    #expect(clean.exitCode == 0, "\(clean.output)")
    #expect(try clean.json()["pictures"] as? Int ?? 0 > 20)
    // A picture of a training patient under another name, held out.
    let source = try #require(files(below: folder.appendingPathComponent("out/imagefolder/train")).sorted { $0.path < $1.path }.first)
    try FileManager.default.createDirectory(at: folder.appendingPathComponent("more"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: source, to: folder.appendingPathComponent("more/stranger.png"))
    try "path,label,split\nmore/stranger.png,cyst,test\n".write(to: folder.appendingPathComponent("more.csv"), atomically: true, encoding: .utf8)
    let ingested = try run(["ingest", "more", "--label-from", "csv:more.csv"], in: folder)
    #expect(ingested.exitCode == 0, "\(ingested.errors)")
    let found = try run(["audit", "splits", "--json"], in: folder)
    #expect(found.exitCode == 1)
    let findings = try #require(try found.json()["findings"] as? [[String: Any]])
    #expect(findings.compactMap { $0["finding"] as? String } == ["split.look_alike"], "\(found.output)")
  }

  @Test func `terms of an ingest are told down to what models made`() throws {
    let folder = try TestData.temporaryFolder("terms")
    defer { try? FileManager.default.removeItem(at: folder) }
    _ = SmallRun.folder
    try FileManager.default.copyItem(at: SmallRun.folder.appendingPathComponent("phantoms"), to: folder.appendingPathComponent("phantoms"))
    let ingested = try run(["ingest", "phantoms/tiff", "--terms", "trial-7+no-training", "--label-from", "csv:phantoms/labels.csv"], in: folder)
    #expect(ingested.exitCode == 0, "\(ingested.errors)")
    let terms = try run(["audit", "terms", "--json"], in: folder)
    #expect(terms.exitCode == 0)
    let first = try #require((try terms.json()["terms"] as? [[String: Any]])?.first)
    #expect(first["terms"] as? String == "trial-7+no-training")
    #expect(first["rules"] as? [String] == ["no-training"])
    #expect((first["counts"] as? [String: Int])?["slice"] ?? 0 > 0)
    let trained = try run(["train", "cgan", "--steps", "2", "--size", "32"], in: folder)
    #expect(trained.exitCode == 2 && trained.errors.contains("forbid training"), "\(trained.errors)")
  }
}
