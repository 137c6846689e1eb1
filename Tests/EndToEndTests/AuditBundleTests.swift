import Foundation
import TestSupport
import Testing

/// `audit bundle` on a real pipeline run, and the verifier that the bundle holds.
@Suite(.serialized) struct AuditBundleTests {
  private struct Bundle {
    /// A copy of the small run.
    let home: URL
    /// Holds `evidence.zip` and `verify.py`.
    let folder: URL

    func remove() { for url in [home, folder] { try? FileManager.default.removeItem(at: url) } }

    func scanforge(_ arguments: [String]) throws -> Program.Result {
      try Program.run("scanforge", arguments + ["--workspace", "workspace", "--progress", "none"], in: home)
    }

    func python(_ arguments: [String]) throws -> Program.Result { try Program.run("/usr/bin/env", ["python3"] + arguments, in: folder) }

    /// Exit code and output by forgery, and of the random ones the number and those that were not found.
    func forged() throws -> (results: [String: (code: Int, said: String)], count: Int, missed: [String]) {
      try BundleForger.python.write(to: folder.appendingPathComponent("forge.py"), atomically: true, encoding: .utf8)
      let result = try python(["forge.py", "evidence.zip"])
      #expect(result.exitCode == 0, "\(result.errors)")
      let json = try result.json()
      let random = try #require(json["random"] as? [String: Any])
      let results = json.compactMapValues { ($0 as? [Any]).map { ($0[0] as? Int ?? -1, $0[1] as? String ?? "") } }
      return (results, try #require(random["count"] as? Int), try #require(random["missed"] as? [String]))
    }
  }

  /// - Parameter prepare: gets the copy of the small run before the bundle is made.
  private func bundle(_ prepare: (URL) throws -> Void = { _ in }) throws -> Bundle {
    let bundle = Bundle(home: try SmallRun.copy(), folder: try TestData.temporaryFolder("bundle"))
    try prepare(bundle.home)
    let result = try bundle.scanforge(["audit", "bundle", bundle.folder.appendingPathComponent("evidence.zip").path, "--json"])
    #expect(result.exitCode == 0, "\(result.errors)")
    #expect(try result.json()["anchor"] as? Int == result.json()["events"] as? Int)
    let extract = "import zipfile; open('verify.py', 'wb').write(zipfile.ZipFile('evidence.zip').read('verify.py'))"
    #expect(try bundle.python(["-c", extract]).exitCode == 0)
    return bundle
  }

  @Test func `a bundle is for its owner alone and is checked by its own short verifier`() throws {
    let bundle = try bundle()
    defer { bundle.remove() }
    let attributes = try FileManager.default.attributesOfItem(atPath: bundle.folder.appendingPathComponent("evidence.zip").path)
    #expect((attributes[.posixPermissions] as? Int).map { $0 & 0o077 } == 0)
    let verifier = try String(contentsOf: bundle.folder.appendingPathComponent("verify.py"), encoding: .utf8)
    #expect(verifier.split(separator: "\n", omittingEmptySubsequences: false).count - 1 < 100)

    let alone = try bundle.python(["verify.py", "evidence.zip"])
    #expect(alone.exitCode == 0 && alone.output.hasPrefix("All as recorded"), "\(alone.output)\(alone.errors)")
    for part in ["Not checked: the signer", "Not checked: the bytes of the objects"] { #expect(alone.output.contains(part), "\(alone.output)") }
    let anchor = bundle.home.appendingPathComponent("anchor.json").path
    let taken = try bundle.scanforge(["audit", "anchor", anchor])
    let told = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: anchor))) as? [String: Any], "\(taken.errors)")
    let fingerprint = try #require(told["fingerprint"] as? String)
    let objects = bundle.home.appendingPathComponent("workspace/objects")
    let all = ["verify.py", "evidence.zip", "--fingerprint", fingerprint, "--objects", objects.path]
    let whole = try bundle.python(all)
    #expect(whole.exitCode == 0 && whole.output.split(separator: "\n").count == 1, "\(whole.output)\(whole.errors)")
    #expect(try bundle.python(["verify.py", "evidence.zip", "--fingerprint", String(repeating: "0", count: 32)]).exitCode == 1)
    try FileManager.default.removeItem(at: try #require(files(below: objects).first))
    let gone = try bundle.python(all)
    #expect(gone.exitCode == 1 && gone.output.hasPrefix("object of artifact"), "\(gone.output)")

    let unpacked = try bundle.python(["verify.py", "."])
    #expect(unpacked.exitCode == 2 && unpacked.errors.contains("no ZIP file"), "\(unpacked.errors)")
    let bytes = try Data(contentsOf: bundle.folder.appendingPathComponent("evidence.zip"))
    for length in [0, 20_000, bytes.count - 100, bytes.count - 1] {
      try bytes.prefix(length).write(to: bundle.folder.appendingPathComponent("cut.zip"))
      let cut = try bundle.python(["verify.py", "cut.zip"])
      #expect(cut.exitCode == 3 && cut.output.contains("damaged") && cut.errors.isEmpty, "\(length): \(cut.output)\(cut.errors)")
    }
  }

  @Test func `what a forger changes in any member is found`() throws {
    let bundle = try bundle()
    defer { bundle.remove() }
    let (results, count, missed) = try bundle.forged()
    #expect(results["control"]?.code == 0)
    let open = try #require(results["without anchor.json"])
    #expect(open.code == 0 && open.said.contains("Not checked: an anchor"), "\(open)")
    for (name, result) in results where !["control", "without anchor.json"].contains(name) {
      #expect(result.code == 1 && !result.said.contains("All as recorded"), "\(name): \(result)")
    }
    #expect(count > 25 && missed.isEmpty, "\(missed)")
  }

  @Test func `after a withdrawal a bundle verifies and says what can no longer be proved`() throws {
    let bundle = try bundle { home in
      let patient = try Program.run(
        "scanforge", ["catalog", "sql", "SELECT pseudonym FROM patient ORDER BY id LIMIT 1", "--workspace", "workspace", "--json"], in: home)
      let pseudonym = try #require((patient.json()["rows"] as? [[String]])?.first?.first)
      let result = try Program.run("scanforge", ["audit", "withdraw", pseudonym, "--execute", "--workspace", "workspace", "--progress", "none"], in: home)
      #expect(result.exitCode == 0, "\(result.errors)")
    }
    defer { bundle.remove() }
    let result = try bundle.python(["verify.py", "evidence.zip"])
    #expect(result.exitCode == 0, "\(result.output)")
    #expect(result.output.contains("Not checked: kind, origin, media, patient and parents of what was withdrawn"), "\(result.output)")
    let (results, count, missed) = try bundle.forged()
    #expect(results["control"]?.code == 0 && results["pseudonym"]?.code == 1 && results["emptied"]?.code == 1)
    #expect(count > 25 && missed.isEmpty, "\(missed)")
  }
}
