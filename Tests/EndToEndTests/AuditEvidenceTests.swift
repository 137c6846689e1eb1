import Foundation
import TestSupport
import Testing

/// `audit report` and `audit bundle` on a real pipeline run.
@Suite(.serialized) struct AuditEvidenceTests {
  /// Reports and bundles are recorded, so each test has a workspace of its own.
  private let home: URL

  init() throws { home = try SmallRun.copy() }

  private func run(_ arguments: [String]) throws -> Program.Result {
    try Program.run("scanforge", arguments + ["--workspace", "workspace", "--progress", "none"], in: home)
  }

  @Test func `the report is one page without references to anything else`() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    let folder = try TestData.temporaryFolder("report")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("report.html")
    let result = try run(["audit", "report", "--to", file.path])
    #expect(result.exitCode == 0, "\(result.errors)")
    let page = try String(contentsOf: file, encoding: .utf8)
    for part in ["Data sheet", "Lineage", "<svg", "Balance", "Checks", "Memorization: not checked", "Runs", "data:image/png;base64,"] {
      #expect(page.contains(part), "\(part) is missing")
    }
    for reference in ["src=\"http", "href=", "<script", "@import", "url("] { #expect(!page.contains(reference)) }
    #expect(page.components(separatedBy: "<svg")[1].contains("9 generated"))
    // Never over another file.
    #expect(try run(["audit", "report", "--to", file.path]).exitCode == 2)
  }

  @Test func `a bundle is checked by its own verifier, and a changed one is refused`() throws {
    defer { try? FileManager.default.removeItem(at: home) }
    let folder = try TestData.temporaryFolder("bundle")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("evidence.zip")
    let result = try run(["audit", "bundle", file.path, "--json"])
    #expect(result.exitCode == 0, "\(result.errors)")
    let events = try result.json()["events"] as? Int
    #expect(try result.json()["anchor"] as? Int == events)
    func python(_ arguments: [String]) throws -> Program.Result { try Program.run("/usr/bin/env", ["python3"] + arguments, in: folder) }
    let extract = "import zipfile; z = zipfile.ZipFile('evidence.zip'); open('verify.py', 'wb').write(z.read('verify.py')); print(len(z.read('verify.py').splitlines()))"
    let lines = try python(["-c", extract])
    #expect(Int(lines.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 1000 < 100)
    let objects = home.appendingPathComponent("workspace/objects").path
    let verified = try python(["verify.py", "evidence.zip", "--objects", objects])
    #expect(verified.exitCode == 0 && verified.output.hasPrefix("All as recorded"), "\(verified.output)\(verified.errors)")
    #expect(try python(["verify.py", "evidence.zip", "--fingerprint", String(repeating: "0", count: 32)]).exitCode == 1)

    let unpacked = try python(["verify.py", "."])
    #expect(unpacked.exitCode == 2 && unpacked.errors.contains("no ZIP file"), "\(unpacked.errors)")

    // A hostile bundle ends with a sentence and an exit code, never with a traceback.
    try Data(contentsOf: file).prefix(20_000).write(to: folder.appendingPathComponent("cut.zip"))
    for (change, code, message) in [
      ("del m['events.ndjson']", 1, "missing: events.ndjson"), ("m['../../evil'] = b'x'", 1, "lead out of the bundle"),
      ("m['/etc/evil'] = b'x'", 1, "lead out of the bundle"), ("m['more.txt'] = b'x'", 1, "manifest: more.txt"),
      ("m['artifacts.ndjson'] = b'[' * 100000", 3, "damaged"), ("m['edges.ndjson'] = bytes(range(256))", 3, "damaged"),
      ("a = json.loads(m['anchor.json']); a['publicKey'] = '0' * 64; m['anchor.json'] = json.dumps(a).encode()", 1, "a key that the log does not name"),
      ("m['runs.ndjson'] = m['runs.ndjson'].replace(b'ingest', b'digest'); remake()", 1, "run 1"),
      ("m['patients.ndjson'] = b''; remake()", 1, "patients"),
      ("e = json.loads(m['artifacts.ndjson'].splitlines()[0]); e['sha256'] = '../../../../etc/passwd'; m['artifacts.ndjson'] += json.dumps(e).encode()", 1,
       "object of artifact 1"),
    ] {
      let made = try python([
        "-c", """
          import zipfile, hashlib, json
          z = zipfile.ZipFile('evidence.zip')
          m = {n: z.read(n) for n in z.namelist()}
          def remake():
            m["MANIFEST.sha256"] = "".join(sorted(hashlib.sha256(b).hexdigest() + "  " + n + "\\n" for n, b in m.items() if n != "MANIFEST.sha256")).encode()
          \(change)
          with zipfile.ZipFile('hostile.zip', 'w') as f:
            for n, b in m.items(): f.writestr(n, b)
          """,
      ])
      #expect(made.exitCode == 0, "\(made.errors)")
      let refused = try python(["verify.py", "hostile.zip", "--objects", objects])
      #expect(Int(refused.exitCode) == code && refused.output.contains(message) && !refused.errors.contains("Traceback"), "\(change): \(refused.output)\(refused.errors)")
    }
    let cut = try python(["verify.py", "cut.zip"])
    #expect(cut.exitCode != 0 && !cut.errors.contains("Traceback"))

    // Each with a manifest that was made anew, as a forger would.
    for (member, old, new) in [
      ("artifacts.ndjson", "\\\"cyst\\\"", "\\\"normal\\\""), ("events.ndjson", "ingest", "digest"), ("edges.ndjson", "normalized", "generated"),
      ("anchor.json", "\\\"artifacts\\\":", "\\\"artifacts\\\":1"),
    ] {
      let forge = """
        import zipfile, hashlib
        z = zipfile.ZipFile('evidence.zip')
        m = {n: z.read(n) for n in z.namelist()}
        assert b"\(old)" in m["\(member)"]
        m["\(member)"] = m["\(member)"].replace(b"\(old)", b"\(new)", 1)
        m["MANIFEST.sha256"] = "".join(sorted(hashlib.sha256(b).hexdigest() + "  " + n + "\\n" for n, b in m.items() if n != "MANIFEST.sha256")).encode()
        with zipfile.ZipFile('forged.zip', 'w') as f:
          for n, b in m.items(): f.writestr(n, b)
        """
      let forged = try python(["-c", forge])
      #expect(forged.exitCode == 0, "\(forged.errors)")
      let refused = try python(["verify.py", "forged.zip"])
      #expect(refused.exitCode == 1 && !refused.output.hasPrefix("All"), "\(member): \(refused.output)\(refused.errors)")
    }
  }
}
