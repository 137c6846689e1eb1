import Foundation
import TestSupport
import Testing

/// `audit report` and `audit bundle` on a real pipeline run.
@Suite(.serialized) struct AuditEvidenceTests {
  private func run(_ arguments: [String]) throws -> Program.Result {
    try Program.run("scanforge", arguments + ["--workspace", "workspace", "--progress", "none"], in: SmallRun.folder)
  }

  @Test func `the report is one page without references to anything else`() throws {
    _ = SmallRun.result
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
    _ = SmallRun.result
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
    let objects = SmallRun.folder.appendingPathComponent("workspace/objects").path
    let verified = try python(["verify.py", "evidence.zip", "--objects", objects])
    #expect(verified.exitCode == 0 && verified.output.hasPrefix("All as recorded"), "\(verified.output)\(verified.errors)")
    #expect(try python(["verify.py", "evidence.zip", "--fingerprint", String(repeating: "0", count: 32)]).exitCode == 1)

    let unpacked = try python(["verify.py", "."])
    #expect(unpacked.exitCode == 2 && unpacked.errors.contains("no ZIP file"), "\(unpacked.errors)")

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
