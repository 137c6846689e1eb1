import Foundation
import Glibc
import GRDB

/// Hashes every object and compares `objects/` with the catalog, one of 256 folders at a time on each thread.
struct ObjectVerifier: Sendable {
  let catalog: Catalog
  let threads: Int
  /// False while another program writes: its objects come before their rows.
  let checksUnrecorded: Bool
  /// Bytes of objects that only artifacts below this id have are not hashed.
  let first: Int64
  /// Share of the objects whose bytes are hashed, 1 for all of them.
  let share: Double
  let progress: @Sendable (_ bytes: Int64) -> Void

  struct Result: Sendable {
    fileprivate var findings: [AuditFinding] = []
    /// Objects that were hashed.
    var checked = 0
    /// Objects that were there and not hashed, for `first` or `share`.
    var leftOut = 0
    var bytes: Int64 = 0
    /// Folders whose rows cannot be read, so that nothing can be said of their objects.
    var unreadFolders = 0
  }

  /// - Parameter report: gets the findings in the order of the folders.
  func verify(report: (AuditFinding) -> Void) throws -> Result {
    var all = try strays()
    all.findings.forEach(report)
    try OrderedWork(count: 256, ahead: 2 * max(1, threads)).run(threads: max(1, threads)) {
      try verify(prefix: String($0 + 256, radix: 16).suffix(2).description)
    } take: { part in
      part.findings.forEach(report)
      all.checked += part.checked
      all.leftOut += part.leftOut
      all.bytes += part.bytes
      all.unreadFolders += part.unreadFolders
    }
    all.findings = []
    return all
  }

  private struct Expectation {
    /// The last one, of those that have these bytes.
    let artifact: Int64
    let bytes: Int64
    let isNeeded: Bool
  }

  private func verify(prefix: String) throws -> Result {
    var result = Result()
    // Nobody can know beforehand which objects are drawn.
    var random = SystemRandomNumberGenerator()
    let folder = catalog.workspace.objects.appendingPathComponent(prefix, isDirectory: true)
    var status = stat()
    var names: Set<String> = []
    var listed: [FolderEntry] = []
    if lstat(folder.path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else {
        result.findings.append(AuditFinding(.objectSymlink, "a folder of objects is something else", path: "objects/\(prefix)"))
        return result
      }
      listed = try FolderEntry.list(folder)
      names = Set(listed.compactMap(\.text))
    }
    let expected: [String: Expectation]
    do {
      expected = try expectations(prefix)
    } catch CatalogError.unreadable {
      result.unreadFolders = 1
      return result
    }
    for (sha256, object) in expected.sorted(by: { $0.key < $1.key }) {
      let name = String(sha256.dropFirst(2))
      guard names.remove(name) != nil else {
        if object.isNeeded {
          result.findings.append(
            AuditFinding(.objectMissing, "the object of artifact \(object.artifact) is gone", artifact: object.artifact, sha256: sha256))
        }
        continue
      }
      guard object.artifact >= first, share >= 1 || Double.random(in: 0..<1, using: &random) < share else {
        result.leftOut += 1
        continue
      }
      try catalog.checkStop()
      check(folder.appendingPathComponent(name), sha256, object, &result)
    }
    for (index, entry) in listed.enumerated() where entry.text.map(names.contains) ?? true {
      reportStray(entry, number: index + 1, in: "objects/\(prefix)", &result)
    }
    return result
  }

  private func expectations(_ prefix: String) throws -> [String: Expectation] {
    try catalog.read { db in
      var expected: [String: Expectation] = [:]
      let rows = try BareStatement(
        db,
        """
        SELECT a.id, a.sha256, a.bytes, a.state FROM (\(ContentIndex.matches(db))) c CROSS JOIN artifact a ON a.id = c.artifact
        WHERE a.sha256 >= ?1 AND a.sha256 < ?1 || 'g' ORDER BY a.sha256, a.id
        """)
      rows.bind(prefix, at: 1)
      while try rows.next() {
        guard let name = rows.text(1), let id = rows.integer(0), let bytes = rows.integer(2) else { continue }
        let isNeeded = ["active", "tainted"].contains(rows.text(3))
        expected[name] = Expectation(artifact: id, bytes: bytes, isNeeded: isNeeded || expected[name]?.isNeeded == true)
      }
      return expected
    }
  }

  private func check(_ url: URL, _ sha256: String, _ object: Expectation, _ result: inout Result) {
    var status = stat()
    let path = "objects/\(sha256.prefix(2))/\(sha256.dropFirst(2))"
    guard lstat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      result.findings.append(
        AuditFinding(
          .objectSymlink, "the object of artifact \(object.artifact) is not a regular file", artifact: object.artifact, sha256: sha256, path: path))
      return
    }
    result.checked += 1
    let found: (ContentDigest, Int64)
    do {
      found = try ObjectStore.digest(of: url)
    } catch {
      result.findings.append(
        AuditFinding(
          .objectUnreadable, "the object of artifact \(object.artifact) cannot be read", artifact: object.artifact, sha256: sha256, path: path))
      return
    }
    if found.0.hex != sha256 || found.1 != object.bytes {
      result.findings.append(
        AuditFinding(
          .objectModified, "the object of artifact \(object.artifact) is not what was recorded", artifact: object.artifact, sha256: sha256,
          path: path))
    }
    result.bytes += found.1
    progress(found.1)
  }

  /// Whatever lies in `objects/` beside its 256 folders.
  private func strays() throws -> Result {
    var result = Result()
    var status = stat()
    if lstat(catalog.workspace.objects.path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
      result.findings.append(AuditFinding(.objectSymlink, "the folder of objects is something else", path: "objects"))
    }
    for (index, entry) in FolderEntry.listIfAny(catalog.workspace.objects).enumerated()
    where !(entry.name.count == 2 && entry.name.allSatisfy(ContentDigest.isHexDigit)) {
      reportStray(entry, number: index + 1, in: "objects", &result)
    }
    return result
  }

  /// - Parameter number: place of the entry among all of its folder, from 1, by the bytes of their names.
  private func reportStray(_ entry: FolderEntry, number: Int, in folder: String, _ result: inout Result) {
    // A name that ScanForge did not give may identify someone: such an entry is told by its place in `ls -A` of the C locale.
    let isOwnName = entry.name.allSatisfy(ContentDigest.isHexDigit)
    let path = isOwnName ? "\(folder)/\(String(decoding: entry.name, as: UTF8.self))" : folder
    let place = isOwnName ? "" : ": entry \(number) of \(folder), by the bytes of the names"
    if entry.kind == S_IFLNK {
      result.findings.append(AuditFinding(.objectSymlink, "a symbolic link lies among the objects\(place)", path: path))
    } else if checksUnrecorded {
      result.findings.append(AuditFinding(.objectUnrecorded, "a file among the objects is in no row\(place)", path: path))
    }
  }
}
