import Foundation
import ScanDeid
import ScanModel
import TestSupport
import Testing

/// A batch that was killed goes on where it stopped.
struct ResumeTests {
  @Test func `a killed batch goes on without reading again what is published, and counts everything once`() throws {
    let sandbox = try Sandbox(patients: 1, instances: 300)
    defer { sandbox.remove() }
    _ = try sandbox.run([], output: "whole")
    let journal = sandbox.path("out/.scanforge-journal")
    let arguments = ["deidentify", sandbox.path("in"), "--output", sandbox.path("out"), "--key", sandbox.path("key"), "--mapping", sandbox.path("map")]
    let slow = try addSlowFile(to: sandbox)
    let running = try Program.start("scanforge", arguments + ["--threads", "1"])
    while running.process.isRunning, lines(journal) < 2 { usleep(500) }
    kill(running.process.processIdentifier, SIGKILL)
    #expect(running.wait().isSignaled)
    try FileManager.default.removeItem(at: slow)
    let published = lines(journal) - 1
    #expect((128..<300).contains(published))
    // A source that changed is another source.
    try Data(count: 64).write(to: URL(fileURLWithPath: sandbox.path("in/FAKE-4711-0.dcm")))
    // One that only seems unchanged would fail if it were read again.
    let second = sandbox.path("in/FAKE-4711-1.dcm")
    var status = stat()
    #expect(stat(second, &status) == 0)
    let handle = try #require(FileHandle(forWritingAtPath: second))
    handle.write(Data(count: Int(status.st_size)))
    try handle.close()
    #expect(utimensat(AT_FDCWD, second, [status.st_atim, status.st_mtim], 0) == 0)
    // Torn: the last line of a run that was killed while it wrote.
    let torn = try #require(FileHandle(forWritingAtPath: journal))
    torn.seekToEndOfFile()
    torn.write(Data("{\"source\":".utf8))
    try torn.close()
    let again = try Program.run("scanforge", arguments + ["--json"]).json()
    #expect(again["failed"] as? Int == 1, "the changed file is another source and is read")
    #expect((again["written"] as? Int ?? 0) + (again["unchanged"] as? Int ?? 0) == 299)
    #expect(again["unchanged"] as? Int == published - 1)
    #expect(!FileManager.default.fileExists(atPath: journal))
    #expect(try sandbox.outputs() == sandbox.outputs("whole"))
    let rows = try String(contentsOfFile: sandbox.path("map/uid_mapping.csv"), encoding: .utf8).split(separator: "\n").count
    #expect(rows == 1 + 300 + 3)
  }

  @Test func `the summary of a continued batch is that of one that ran through`() throws {
    let sandbox = try Sandbox(patients: 1, instances: 300)
    defer { sandbox.remove() }
    var whole = try sandbox.run(["--json"], output: "whole").json()
    let slow = try addSlowFile(to: sandbox)
    let running = try Program.start(
      "scanforge", ["deidentify", sandbox.path("in"), "--output", sandbox.path("out"), "--key", sandbox.path("key"), "--threads", "1"])
    while running.process.isRunning, lines(sandbox.path("out/.scanforge-journal")) < 2 { usleep(500) }
    kill(running.process.processIdentifier, SIGTERM)
    #expect(running.wait().exitCode == 1)
    try FileManager.default.removeItem(at: slow)
    var again = try sandbox.run(["--json"]).json()
    #expect(again["unchanged"] as? Int ?? 0 >= 128)
    for key in ["written", "unchanged"] {
      whole[key] = nil
      again[key] = nil
    }
    #expect(NSDictionary(dictionary: whole) == NSDictionary(dictionary: again))
  }

  /// The last file but one, of 60 MB, all zeros that take no disk: while it is worked on, the batch can be stopped.
  private func addSlowFile(to sandbox: Sandbox) throws -> URL {
    var dataset = Planted.patient(instance: 999)
    dataset.remove(.pixelData)
    dataset.set(.rows, us: 6_000)
    dataset.set(.columns, us: 10_000)
    try sandbox.write(dataset, "in/FAKE-4711-98z.dcm")
    let url = URL(fileURLWithPath: sandbox.path("in/FAKE-4711-98z.dcm"))
    let handle = try FileHandle(forWritingTo: url)
    try handle.seekToEnd()
    try handle.write(contentsOf: Data([0xE0, 0x7F, 0x10, 0, 0x4F, 0x42, 0, 0, 0, 0x87, 0x93, 0x03]))
    try handle.truncate(atOffset: try handle.offset() + 60_000_000)
    try handle.close()
    return url
  }

  private func lines(_ path: String) -> Int {
    (try? Data(contentsOf: URL(fileURLWithPath: path)))?.count { $0 == 10 } ?? 0
  }
}
