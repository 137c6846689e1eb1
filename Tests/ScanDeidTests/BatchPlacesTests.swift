import Foundation
import ScanDeid
import ScanModel
import TestSupport
import Testing

/// Where a batch may read and write, and what it goes on with: found out before anything is read.
struct BatchPlacesTests {
  private func expectRefusal(_ result: Program.Result, _ code: Int32, _ message: String, _ location: SourceLocation = #_sourceLocation) {
    #expect(result.exitCode == code, "\(result.errors)", sourceLocation: location)
    #expect(result.errors.contains(message), "\(result.errors)", sourceLocation: location)
  }

  @Test func `a key or a mapping inside an input is refused and nothing is made`() throws {
    let sandbox = try Sandbox(patients: 1, instances: 1)
    defer { sandbox.remove() }
    let before = try FileManager.default.subpathsOfDirectory(atPath: sandbox.path("."))
    let base = ["deidentify", sandbox.path("in"), "--output", sandbox.path("out")]
    let message = "input 1: the key or the mapping lies inside this input folder"
    for more in [["--key", "in/key"], ["--key", "in/below/key"], ["--key", "key", "--mapping", "in/map"], ["--mapping", "in"]] {
      let arguments = more.map { $0.hasPrefix("--") ? $0 : sandbox.path($0) }
      expectRefusal(try Program.run("scanforge", base + arguments), 2, message)
      #expect(try FileManager.default.subpathsOfDirectory(atPath: sandbox.path(".")) == before)
    }
    // By another way to the same folder.
    try FileManager.default.createSymbolicLink(atPath: sandbox.path("way"), withDestinationPath: sandbox.path("in"))
    expectRefusal(try Program.run("scanforge", base + ["--key", sandbox.path("way/key")]), 2, message)
  }

  @Test func `a mapping that cannot be kept is found before a file is read`() throws {
    let sandbox = try Sandbox(patients: 1, instances: 1)
    defer { sandbox.remove() }
    try Data("mine".utf8).write(to: URL(fileURLWithPath: sandbox.path("afile")))
    for place in ["afile", "afile/map"] {
      expectRefusal(try sandbox.run(["--mapping", sandbox.path(place)]), 2, "the mapping's folder, or a part of its path, is there already")
    }
    expectRefusal(try sandbox.run(["--mapping", "/proc/nowhere"]), 3, "the mapping cannot be written")
    // An earlier mapping that cannot be read would be written over, and its rows lost.
    try FileManager.default.createDirectory(atPath: sandbox.path("map"), withIntermediateDirectories: true)
    let old = URL(fileURLWithPath: sandbox.path("map/uid_mapping.csv"))
    try Data([0x69, 0xFF, 0xFE]).write(to: old)
    expectRefusal(try sandbox.run(["--mapping", sandbox.path("map")]), 3, "a mapping of an earlier run is there and cannot be read")
    #expect(try Data(contentsOf: old) == Data([0x69, 0xFF, 0xFE]))
    #expect(!FileManager.default.fileExists(atPath: sandbox.path("out")))
    #expect(try String(contentsOfFile: sandbox.path("afile"), encoding: .utf8) == "mine")
  }

  @Test func `another key or other options are not mixed into an output folder`() throws {
    let sandbox = try Sandbox(patients: 2, instances: 1)
    defer { sandbox.remove() }
    #expect(try sandbox.run([]).exitCode == 0)
    let before = try sandbox.outputs()
    func run(_ key: String?, _ more: [String]) throws -> Program.Result {
      let keyed = key.map { ["--key", sandbox.path($0)] } ?? []
      return try Program.run("scanforge", ["deidentify", sandbox.path("in"), "--output", sandbox.path("out")] + keyed + more)
    }
    let message = "the output folder holds the results of another request, which differs in "
    expectRefusal(try run("key", ["--option", "retainUIDs"]), 2, message + "the options (then none; now retainUIDs)")
    expectRefusal(try run("key", ["--keep-names"]), 2, message + "--keep-names")
    expectRefusal(try run("other", []), 2, message + "the key")
    #expect(!FileManager.default.fileExists(atPath: sandbox.path("other")))
    #expect(try Program.run("scanforge", ["key", "new", "--key", sandbox.path("other")]).exitCode == 0)
    expectRefusal(try run("other", ["--option", "cleanGraphics"]), 2, message + "the key, the options (then none; now cleanGraphics)")
    #expect(try sandbox.outputs() == before)
    // The same again goes on, with new files too; and nothing lies in the folder but outputs.
    try sandbox.write(Planted.patient(instance: 50), "in/later.dcm")
    let again = try run("key", ["--json"]).json()
    #expect(again["unchanged"] as? Int == 2 && again["written"] as? Int == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox.path("out")).allSatisfy { !$0.hasPrefix(".") })
    // What was made with a key that is gone cannot be continued by any.
    #expect(try Program.run("scanforge", ["deidentify", sandbox.path("in"), "--output", sandbox.path("once")]).exitCode == 0)
    let mixed = try Program.run("scanforge", ["deidentify", sandbox.path("in"), "--output", sandbox.path("once"), "--key", sandbox.path("key")])
    expectRefusal(mixed, 2, message + "the key")
    // An emptied folder begins anew.
    for name in try FileManager.default.contentsOfDirectory(atPath: sandbox.path("out")) {
      try FileManager.default.removeItem(atPath: sandbox.path("out/\(name)"))
    }
    #expect(try run("key", ["--option", "retainUIDs"]).exitCode == 0)
  }
}
