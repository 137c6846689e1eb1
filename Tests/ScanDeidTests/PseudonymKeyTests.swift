import Foundation
import ScanDeid
import TestSupport
import Testing

struct PseudonymKeyTests {
  @Test func `a key file is made once, private, in a private folder`() throws {
    let folder = try TestData.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("keys/pseudonym.key").path
    let first = try PseudonymKey.loadOrCreate(path)
    let second = try PseudonymKey.loadOrCreate(path)
    #expect(first.isNew && !second.isNew)
    #expect(first.key.fingerprint == second.key.fingerprint)
    #expect(try mode(path) == 0o600)
    #expect(try mode(folder.appendingPathComponent("keys").path) == 0o700)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == 32)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("keys").path) == ["pseudonym.key"])
    #expect(throws: KeyFileError.exists) { try PseudonymKey.random().create(path) }
  }

  @Test func `a key that others can read is closed before use`() throws {
    let folder = try TestData.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("k").path
    try PseudonymKey.random().create(path)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    _ = try PseudonymKey.load(path)
    #expect(try mode(path) == 0o600)
  }

  @Test func `what is no key is refused`() throws {
    let folder = try TestData.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("k").path
    #expect(throws: KeyFileError.missing) { try PseudonymKey.load(path) }
    try Data(repeating: 1, count: 31).write(to: URL(fileURLWithPath: path))
    #expect(throws: KeyFileError.notAKey) { try PseudonymKey.load(path) }
    try Data(repeating: 1, count: 33).write(to: URL(fileURLWithPath: path))
    #expect(throws: KeyFileError.notAKey) { try PseudonymKey.load(path) }
    #expect(throws: KeyFileError.notAKey) { try PseudonymKey.load(folder.path) }
    let pipe = folder.appendingPathComponent("pipe").path
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(throws: KeyFileError.notAKey) { try PseudonymKey.load(pipe) }
  }

  @Test func `rotation keeps the old key under its fingerprint`() throws {
    let folder = try TestData.temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("k").path
    let first = try PseudonymKey.loadOrCreate(path).key
    let rotated = try PseudonymKey.rotate(path)
    #expect(rotated.old.fingerprint == first.fingerprint)
    #expect(rotated.new.fingerprint != first.fingerprint)
    #expect(try PseudonymKey.load(path).fingerprint == rotated.new.fingerprint)
    #expect(try PseudonymKey.load(path + "." + first.fingerprint).fingerprint == first.fingerprint)
    #expect(try mode(path) == 0o600)
  }

  @Test func `no text of a key gives it away`() {
    let bytes = (0..<32).map { UInt8($0 * 7 + 1) }
    let key = PseudonymKey(bytes: bytes)!
    var dumped = ""
    dump(key, to: &dumped)
    for text in ["\(key)", String(reflecting: key), dumped] {
      #expect(!text.contains("1, 8, 15"))
      #expect(!text.contains("01080f"))
    }
    #expect("\(key)" == "PseudonymKey(\(key.fingerprint))")
  }

  /// Computed with Python: hmac.new(bytes(range(32)), b"scanforge/1/patient\0FAKE-1", "sha256").
  @Test func `results are the HMACs that the documentation says`() {
    let key = PseudonymKey(bytes: Array(0..<32))!
    #expect(key.pseudonym(of: "FAKE-1").text == "Pf4e550f565a4f0d1")
    #expect(key.uid(for: "1.2.3") == "2.25.48238681905795856584579740133361597526")
  }

  @Test func `purposes do not share results, and standard UIDs stay`() {
    let key = Planted.key
    #expect(key.uid(for: "1.2.840.10008.1.2.1") == "1.2.840.10008.1.2.1")
    #expect(key.uid(for: "1.2.3 \0") == key.uid(for: "1.2.3"))
    let patient = key.pseudonym(of: "x")
    #expect(key.rank(of: patient, seed: 1) != key.rank(of: patient, seed: 2))
    #expect(key.rank(of: patient, seed: 1) == key.rank(of: patient, seed: 1))
    #expect(key.itemID(of: "x") != String(patient.text.dropFirst()))
  }

  @Test(arguments: ["1.2.840.10008.447788123.1", "1.2.840.10008.1.2.3.4.5.6.7.8.9.1", "1.2.840.10008.5..1", "1.2.840.10008.", "1.2.840.10008.1.x"])
  func `a UID that only begins like a standard one is replaced`(uid: String) {
    #expect(Planted.key.uid(for: uid).hasPrefix("2.25."))
  }

  @Test func `made UIDs are legal`() {
    for number in 0..<500 {
      let uid = Planted.key.uid(for: "1.9.\(number)")
      #expect(uid.utf8.count <= 64)
      #expect(uid.hasPrefix("2.25."))
      #expect(!uid.dropFirst(5).hasPrefix("0"))
      #expect(uid.utf8.allSatisfy { $0 == 0x2E || (48...57).contains($0) })
    }
  }

  private func mode(_ path: String) throws -> Int {
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
    return try #require(mode).intValue & 0o777
  }
}
