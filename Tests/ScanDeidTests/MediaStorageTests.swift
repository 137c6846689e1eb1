import Foundation
import ScanDeid
import ScanModel
import TestSupport
import Testing

/// Objects whose class and instance stand in the File Meta Information alone.
struct MediaStorageTests {
  private static let instance = "1.3.6.1.4.1.99999.8.15"

  /// A whole image that does not say its class and instance.
  private func nameless() -> Dataset {
    var dataset = Planted.patient(instance: 1)
    dataset.remove(.sopClassUID)
    dataset.remove(.sopInstanceUID)
    return dataset
  }

  @Test func `they are written, the instance replaced like every reference to it`() throws {
    let sandbox = try Sandbox(patients: 0, instances: 0)
    defer { sandbox.remove() }
    try sandbox.write(nameless(), "in/nameless.dcm", instance: Self.instance)
    var reference = Dataset()
    reference.set(.referencedSOPClassUID, .UI, text: UID.ctImageStorage)
    reference.set(.referencedSOPInstanceUID, .UI, text: Self.instance)
    var other = Planted.patient(instance: 2)
    other.set(.sourceImageSequence, sequence: [reference])
    try sandbox.write(other, "in/other.dcm")
    let result = try sandbox.run(["--mapping", sandbox.path("map"), "--keep-names", "--json"])
    #expect(result.exitCode == 0, "\(result.output)")
    let rows = try String(contentsOfFile: sandbox.path("map/uid_mapping.csv"), encoding: .utf8).split(separator: "\n")
    let new = try #require(rows.first { $0.hasPrefix(Self.instance + ",") }).dropFirst(Self.instance.count + 1)
    #expect(new.hasPrefix("2.25."))
    let named = try dataset("out/nameless.dcm", in: sandbox)
    #expect(named.text(.sopClassUID) == UID.ctImageStorage)
    #expect(named.text(.sopInstanceUID) == String(new))
    #expect(named.text(.patientIdentityRemoved) == "YES")
    #expect(try dataset("out/other.dcm", in: sandbox).items(.sourceImageSequence).first?.text(.referencedSOPInstanceUID) == String(new))
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: sandbox.path("out/nameless.dcm"))))
    #expect(Planted.occurrences(of: Self.instance, in: bytes) == 0)
  }

  @Test func `a directory and a fragment without pixels stay refused, each with its reason`() throws {
    let sandbox = try Sandbox(patients: 0, instances: 0)
    defer { sandbox.remove() }
    try sandbox.write(nameless(), "in/directory.dcm", sopClass: "1.2.840.10008.1.3.10", instance: Self.instance)
    var fragment = nameless()
    fragment.remove(.pixelData)
    try sandbox.write(fragment, "in/fragment.dcm", instance: Self.instance)
    try sandbox.write(nameless(), "in/odd.dcm", sopClass: "Quarlsborough", instance: Self.instance)
    let result = try sandbox.run(["--json"])
    #expect(result.exitCode == 1)
    let failures = try #require(try result.json()["failures"] as? [[String: Any]])
    #expect(failures.map { $0["code"] as? String } == ["deid.directory", "dicom.write.missingAttribute", "dicom.write.missingAttribute"])
    #expect(!result.output.contains("Quarlsborough") && !result.errors.contains("Quarlsborough"))
    #expect(try sandbox.outputs().isEmpty)
  }

  /// The dataset of an output: behind preamble, magic and the meta group, whose length its first element tells.
  private func dataset(_ name: String, in sandbox: Sandbox) throws -> Dataset {
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: sandbox.path(name))))
    let length = bytes[140..<144].enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    return try ExplicitStream.decode(Array(bytes[(144 + length)...]))
  }
}
