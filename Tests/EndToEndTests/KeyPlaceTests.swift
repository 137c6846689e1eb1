import Foundation
import TestSupport
import Testing

/// The key that the patients were named with: no other one is used in its place, and a missing one is not made anew.
@Suite struct KeyPlaceTests {
  private func run(_ arguments: [String], in folder: URL) throws -> Program.Result {
    try Program.run("scanforge", arguments + ["--workspace", "workspace", "--progress", "none"], in: folder)
  }

  private func inCopy(_ body: (_ folder: URL, _ key: URL) throws -> Void) throws {
    let folder = try SmallRun.copy()
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder, folder.appendingPathComponent("workspace/keys/pseudonym.key"))
  }

  private func patient(in folder: URL) throws -> String {
    let rows = try run(["catalog", "sql", "SELECT pseudonym FROM patient LIMIT 1", "--json"], in: folder).json()["rows"]
    return try #require((rows as? [[Any]])?.first?.first as? String)
  }

  private func events(in folder: URL) throws -> Int {
    try #require((try run(["catalog", "sql", "SELECT count(*) FROM event", "--json"], in: folder).json()["rows"] as? [[Int]])?.first?.first)
  }

  @Test(arguments: [true, false])
  func `neither a missing key nor another one is used for the patients who are there`(isMissing: Bool) throws {
    try inCopy { folder, key in
      let (own, events) = (try Data(contentsOf: key), try events(in: folder))
      let patient = try patient(in: folder)
      try FileManager.default.removeItem(at: key)
      if !isMissing {
        try Data(own.reversed()).write(to: key)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key.path)
      }
      let before = isMissing ? nil : try Data(contentsOf: key)
      for command in [["ingest", "phantoms"], ["audit", "withdraw", patient, "--execute"], ["key", "new"], ["key", "rotate"]] {
        let result = try run(command, in: folder)
        #expect(result.exitCode == 2, "\(command): \(result.errors)")
        #expect(result.errors.contains("patients were named with"), "\(command): \(result.errors)")
      }
      #expect((try? Data(contentsOf: key)) == before)
      #expect(try self.events(in: folder) == events)
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("workspace/keys/withdrawn").path))
      let verified = try run(["audit", "verify"], in: folder)
      #expect(verified.exitCode == (isMissing ? 0 : 1), "\(verified.output)")
      try? FileManager.default.removeItem(at: key)
      try own.write(to: key)
      #expect(try run(["audit", "verify"], in: folder).exitCode == 0)
      #expect(try run(["audit", "withdraw", patient, "--execute"], in: folder).exitCode == 0)
    }
  }

  @Test func `files of runs are their owner's alone, whatever the umask`() throws {
    try inCopy { folder, _ in
      let script = "umask 000; exec \"$0\" generate --model cgan --per-label 2 --workspace workspace --progress none"
      let made = try Program.run("/bin/sh", ["-c", script, Program.url("scanforge").path], in: folder)
      #expect(made.exitCode == 0, "\(made.errors)")
      let all = files(below: folder.appendingPathComponent("workspace/runs"))
      let newest = try #require(all.compactMap { Int($0.deletingLastPathComponent().lastPathComponent) }.max())
      let own = all.filter { $0.path.contains("/runs/\(newest)/") }
      #expect(!own.isEmpty)
      for file in own {
        let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
        #expect(mode == 0o600, "\(file.lastPathComponent)")
      }
    }
  }

  @Test func `a name that is not UTF-8 is found wherever it lies, and collected`() throws {
    try inCopy { folder, _ in
      let script = """
        cd workspace && for place in objects objects/00 runs runs/1 models models/cgan; do mkdir -p $place; printf x > "$place/$(printf '\\377')"; done
        mkdir "objects/$(printf '\\376')" && printf y > "objects/$(printf '\\376')/z"
        """
      #expect(try Program.run("/bin/sh", ["-c", script], in: folder).exitCode == 0)
      let found = try run(["audit", "verify", "--json"], in: folder)
      #expect(found.exitCode == 1)
      let places = found.output.split(separator: "\n").compactMap { line -> String? in
        let json = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return json?["finding"] as? String == "object.unrecorded" ? json?["path"] as? String : nil
      }
      #expect(places.sorted() == ["models", "models/cgan", "objects", "objects", "objects/00", "runs", "runs/1"], "\(found.output)")
      let collected = try run(["catalog", "gc"], in: folder)
      #expect(collected.exitCode == 0, "\(collected.errors)")
      #expect(try run(["audit", "verify"], in: folder).exitCode == 0)
    }
  }

  @Test(arguments: ["pipe", "/dev/zero", "folder"])
  func `a catalog is not made anew from what is no file`(kind: String) throws {
    try inCopy { folder, _ in
      let place = kind.hasPrefix("/") ? kind : folder.appendingPathComponent(kind).path
      if kind == "pipe" { #expect(mkfifo(place, 0o600) == 0) }
      if kind == "folder" { try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false) }
      let script = "exec timeout -s KILL 60 \"$0\" catalog rebuild \"$1\" --replace --workspace workspace"
      let result = try Program.run("/bin/sh", ["-c", script, Program.url("scanforge").path, place], in: folder)
      #expect(result.exitCode == 3 && result.errors.contains("this is no regular file"), "\(result.exitCode): \(result.errors)")
      #expect(try run(["audit", "verify"], in: folder).exitCode == 0)
    }
  }
}
