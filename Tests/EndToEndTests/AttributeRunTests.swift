import Foundation
import TestSupport
import Testing

/// Attributes of DICOM from ingest to export: what de-identification leaves, what a model is conditioned on, what its images say of themselves.
@Suite(.serialized) struct AttributeRunTests {
  /// A workspace of the phantoms with sex and age, and the model `people` conditioned on all four attributes; made once.
  private static let folder: URL = {
    do {
      let folder = try TestData.temporaryFolder("attributes")
      try FileManager.default.copyItem(at: SmallRun.folder.appendingPathComponent("phantoms"), to: folder.appendingPathComponent("phantoms"))
      let text = "condition: [modality, bodyPart, sex, ageBand]\nbatch: 4\nwidth: 4\nlatent: 8\n"
      try text.write(to: folder.appendingPathComponent("people.yaml"), atomically: true, encoding: .utf8)
      for arguments in [
        ["ingest", "phantoms/dicom", "--label-from", "folder", "--option", "retainPatientCharacteristics"],
        ["train", "cgan", "--name", "people", "--size", "32", "--steps", "6", "--seed", "2", "--config", "people.yaml"],
      ] {
        let result = try Program.run("scanforge", arguments + ["--workspace", "w"], in: folder)
        precondition(result.exitCode == 0, "\(arguments): \(result.errors)")
      }
      return folder
    } catch {
      preconditionFailure("the workspace cannot be made: \(error)")
    }
  }()

  private func run(_ arguments: [String], workspace: String = "w") throws -> Program.Result {
    try Program.run("scanforge", arguments + ["--workspace", workspace], in: Self.folder)
  }

  private func values(_ sql: String, workspace: String = "w") throws -> [[String]] {
    let result = try run(["catalog", "sql", sql, "--json"], workspace: workspace)
    #expect(result.exitCode == 0, "\(result.errors)")
    let rows = try #require(try result.json()["rows"] as? [[Any]])
    return rows.map { $0.map { "\($0)" } }
  }

  private static let columns = "attributes ->> '$.modality', attributes ->> '$.bodyPart', attributes ->> '$.sex', attributes ->> '$.ageBand'"

  @Test func `sex and age stay only where they are retained, modality and body part always`() throws {
    let kept = try values("SELECT DISTINCT \(Self.columns) FROM artifact WHERE kind = 'slice' ORDER BY 1, 2, 3, 4")
    #expect(Set(kept.map { $0[0] + $0[1] }) == ["CTABDOMEN", "MRHEAD"])
    #expect(Set(kept.map { $0[2] }) == ["F", "M"] && Set(kept.map { $0[3] }) == ["060-069", "070-079"], "\(kept)")
    let result = try run(["ingest", "phantoms/dicom", "--label-from", "folder"], workspace: "basic")
    #expect(result.exitCode == 0, "\(result.errors)")
    let basic = try values("SELECT DISTINCT \(Self.columns) FROM artifact WHERE kind = 'slice' ORDER BY 1, 2", workspace: "basic")
    #expect(Set(basic.map { $0[0] + $0[1] }) == ["CTABDOMEN", "MRHEAD"])
    #expect(basic.allSatisfy { $0[2] == "<null>" && $0[3] == "<null>" }, "\(basic)")
    let refused = try run(["train", "cgan", "--size", "32", "--steps", "1", "--config", "people.yaml"], workspace: "basic")
    #expect(refused.exitCode == 2 && refused.errors.contains("of no training image sex is known. Known are modality, bodyPart."), "\(refused.errors)")
  }

  @Test func `generated images record what they were asked for and carry it into exports`() throws {
    let made = try run(
      ["generate", "--model", "people", "--label", "normal", "--count", "5", "--seed", "4", "--sex", "F", "--sex", "M", "--age-band", "070-079", "--modality", "MR"])
    #expect(made.exitCode == 0, "\(made.errors)")
    let rows = try values("SELECT \(Self.columns), attributes ->> '$.conditions' FROM artifact WHERE origin = 'generated' ORDER BY id")
    // The body part is drawn: MR was of heads alone.
    #expect(rows == ["F", "F", "F", "M", "M"].map { ["MR", "HEAD", $0, "070-079", "[\"modality\",\"bodyPart\",\"sex\",\"ageBand\"]"] }, "\(rows)")
    let verified = try run(["audit", "verify"])
    #expect(verified.exitCode == 0, "\(verified.output)")

    for format in ["dicom", "imagefolder"] {
      let exported = try run(["export", "--format", format, "--to", "out", "--query", "origin=generated"])
      #expect(exported.exitCode == 0, "\(exported.errors)")
      let lines = try String(contentsOf: Self.folder.appendingPathComponent("out/\(format)/metadata.csv"), encoding: .utf8).split(separator: "\n")
      let header = try #require(lines.first).split(separator: ",", omittingEmptySubsequences: false).map(String.init)
      let sex = try #require(header.firstIndex(of: "sex"))
      let found = lines.dropFirst().map { String($0.split(separator: ",", omittingEmptySubsequences: false)[sex]) }
      #expect(found.sorted() == ["F", "F", "F", "M", "M"] && header.contains("body_part"))
    }
    let guess = try run(["generate", "--model", "people", "--label", "normal", "--count", "2", "--modality", "CT", "--body-part", "HEAD", "--output", "guess"])
    #expect(guess.exitCode == 0 && guess.errors.contains("2 images are of combinations that no training image had"), "\(guess.errors)")
    // Taken in again, the objects say the same.
    let again = try run(["ingest", "out/dicom/train", "--label-from", "folder", "--option", "retainPatientCharacteristics"], workspace: "again")
    #expect(again.exitCode == 0, "\(again.errors)")
    let read = try values("SELECT \(Self.columns) FROM artifact WHERE kind = 'slice' ORDER BY 3", workspace: "again")
    #expect(read == ["F", "F", "F", "M", "M"].map { ["MR", "HEAD", $0, "070-079"] }, "\(read)")
  }

  @Test(arguments: ["png", "npz"])
  func `files say which image shows what, and an image does not depend on the rest of the request`(format: String) throws {
    func make(_ name: String, _ more: [String]) throws -> URL {
      let output = Self.folder.appendingPathComponent("\(name)-\(format)")
      let result = try run(
        ["generate", "--model", "people", "--label", "normal", "--seed", "4", "--output", output.path, "--format", format] + more)
      #expect(result.exitCode == 0, "\(result.errors)")
      return output
    }
    let both = try make("both", ["--count", "4", "--sex", "F", "--sex", "M"])
    // A smaller request into the same folder would leave images of the larger one among its own.
    if format == "png" {
      let smaller = try run(
        ["generate", "--model", "people", "--label", "normal", "--seed", "4", "--output", both.path, "--format", format, "--count", "1", "--sex", "F"])
      #expect(smaller.exitCode == 2 && smaller.errors.contains("Choose an empty folder"), "\(smaller.errors)")
    }
    let one = try make("one", ["--count", "2", "--sex", "f"])
    if format == "npz" {
      let bytes = try Data(contentsOf: both.appendingPathComponent("generated.npz"))
      #expect(bytes.range(of: Data("sex.npy".utf8)) != nil && bytes.range(of: Data("'<U1'".utf8)) != nil)
    } else {
      let sheet = try String(contentsOf: both.appendingPathComponent("attributes.csv"), encoding: .utf8)
      let lines = sheet.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
      #expect(lines[0] == ["path", "label", "modality", "body_part", "sex", "age_band"])
      let rows = (0..<4).map { ["normal/normal-00000\($0).png", "normal", $0 < 2 ? "F" : "M"] }
      #expect(lines.dropFirst().map { [$0[0], $0[1], $0[4]] } == rows)
      // The phantoms' heads are of MR, their abdomens of CT.
      #expect(lines.dropFirst().allSatisfy { [["CT", "ABDOMEN"], ["MR", "HEAD"]].contains([$0[2], $0[3]]) }, "\(sheet)")
      for name in ["normal/normal-000000.png", "normal/normal-000001.png"] {
        #expect(try Data(contentsOf: both.appendingPathComponent(name)) == Data(contentsOf: one.appendingPathComponent(name)))
      }
      let back = try run(["ingest", both.path, "--label-from", "csv:\(both.path)/attributes.csv"], workspace: "back")
      #expect(back.exitCode == 0, "the sheet is no image that failed: \(back.errors)")
      #expect(try values("SELECT attributes ->> '$.sex', count(*) FROM artifact WHERE kind = 'slice' GROUP BY 1 ORDER BY 1", workspace: "back") == [["F", "2"], ["M", "2"]])
    }
  }

  @Test func `what the model does not know is exit 2 with what it knows, and nothing is written`() throws {
    for (arguments, message) in [
      (["--sex", "O"], "the model was not trained on the sex \"O\". Use one of F, M, or leave sex out for a mix."),
      (["--age-band", "44"], "Use one of 060-069, 070-079, or leave ageBand out for a mix."),
    ] {
      let result = try run(["generate", "--model", "people", "--count", "1", "--output", "nothing"] + arguments)
      #expect(result.exitCode == 2 && result.errors.contains(message), "\(result.errors)")
      #expect(!FileManager.default.fileExists(atPath: Self.folder.appendingPathComponent("nothing").path))
    }
    _ = SmallRun.result
    let plain = try Program.run(arguments: ["generate", "--model", "workspace/models/cgan/model.safetensors", "--count", "1", "--sex", "F", "--output", "nothing"])
    #expect(plain.exitCode == 2 && plain.errors.contains("the model is not conditioned on sex. It knows labels alone."), "\(plain.errors)")
    let unknown = Self.folder.appendingPathComponent("unknown.yaml")
    try "condition: [weight]\n".write(to: unknown, atomically: true, encoding: .utf8)
    let training = try run(["train", "cgan", "--steps", "1", "--config", "unknown.yaml"], workspace: "none")
    #expect(training.exitCode == 2 && training.errors.contains("condition must be among modality, bodyPart, sex, ageBand"), "\(training.errors)")
  }

  @Test func `a training on attributes has the same bytes with two threads, in parts, and in another workspace`() throws {
    func train(_ workspace: String, _ more: [String]) throws {
      let result = try run(
        ["train", "cgan", "--data", "phantoms/dicom", "--option", "retainPatientCharacteristics", "--size", "32", "--steps", "6", "--seed", "2",
         "--config", "people.yaml", "--checkpoint-seconds", "0"] + more, workspace: workspace)
      #expect(result.exitCode == 0, "\(result.errors)")
    }
    try train("first", ["--threads", "1"])
    for stop in ["2", "5", "6"] { try train("second", ["--threads", "2", "--stop-after", stop] + (stop == "2" ? [] : ["--resume"])) }
    for file in ["model.safetensors", "state.safetensors"] {
      let files = try ["first", "second"].map { try Data(contentsOf: Self.folder.appendingPathComponent("\($0)/models/cgan/\(file)")) }
      #expect(files[0] == files[1], "\(file)")
    }
  }
}
