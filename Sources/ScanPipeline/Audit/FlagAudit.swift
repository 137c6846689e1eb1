package import Diagnostics
package import Foundation
import Glibc
package import ScanCatalog

/// `audit flags`: whether every file of an export says for itself, and beside itself, whether it was made artificially.
///
/// What a file must say is known from the catalog's record of the export when there is one, else from the export's own `metadata.csv`; from the
/// first a mark is also missed when the metadata was changed with it.
package struct FlagAudit {
  package struct Finding: Sendable, Equatable {
    package enum Code: String, Sendable, CaseIterable {
      /// The file carries no mark, and should.
      case missing = "flag.missing"
      /// The file's mark, or its metadata, says otherwise than the record.
      case wrong = "flag.wrong"
      /// A picture that no metadata tells of.
      case unlisted = "flag.unlisted"
      /// The manifest does not have the file, or has other bytes.
      case manifest = "flag.manifest"
      /// The file cannot be read.
      case unreadable = "flag.unreadable"
    }
    package let code: Code
    /// Below the export's root.
    package let path: String
    package let what: String
  }

  package struct Report: Sendable {
    package var findings: [Finding] = []
    /// Pictures that were looked at, and how many of them are synthetic.
    package var files = 0
    package var synthetic = 0
    package var formats: [String] = []
    package var usedCatalog = false
  }

  package let root: URL
  /// nil without a workspace.
  package let catalog: Catalog?

  package init(_ root: URL, catalog: Catalog?) {
    self.root = root.standardizedFileURL.resolvingSymlinksInPath()
    self.catalog = catalog
  }

  private static let metadata = "metadata.csv"

  /// - Throws: `FlagError.notAnExport` when no folder below the root has a `metadata.csv`.
  package func run() throws -> Report {
    var report = Report()
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: root.path, isDirectory: &isFolder), isFolder.boolValue else { throw FlagError.notAnExport }
    let files = ExportFiles(below: root.path)
    let paths = files.paths
    report.formats = Set(paths.filter { $0.hasSuffix("/" + Self.metadata) && $0.split(separator: "/").count == 2 }.map { String($0.split(separator: "/")[0]) })
      .sorted()
    guard !report.formats.isEmpty else { throw FlagError.notAnExport }
    let recorded = try truth(&report)
    report.usedCatalog = recorded?.isEmpty == false
    var told: [String: Bool] = [:]
    for format in report.formats {
      do {
        try read(metadataOf: format, recorded, &told, &report)
      } catch let error as CSVError {
        report.findings.append(Finding(code: .unreadable, path: "\(format)/\(Self.metadata)", what: error.what))
      }
    }
    try checkManifest(paths, &report)
    for path in files.unnamed {
      report.findings.append(Finding(code: .unlisted, path: path, what: "its name is not UTF-8, so neither metadata nor the manifest tells of it"))
    }
    for path in files.closed { report.findings.append(Finding(code: .unreadable, path: path, what: "the folder cannot be listed")) }
    for path in report.formats.compactMap(MarkDocument.required(of:)) where !paths.contains(path) {
      report.findings.append(Finding(code: .missing, path: path, what: "it is gone, and should tell which files are synthetic"))
    }
    for path in paths where Mark.canCarry(path) {
      if Interruption.isRequested { throw PipelineError.interrupted }
      if isUnreadable(path) {
        report.findings.append(Finding(code: .unreadable, path: path, what: "it cannot be read, so nothing is known of its mark"))
      } else {
        try check(path, &told, &report)
      }
    }
    report.findings.sort { ($0.path, $0.code.rawValue) < ($1.path, $1.code.rawValue) }
    return report
  }

  /// What the catalog recorded; nil without one, or when its tables cannot be read, which is told.
  private func truth(_ report: inout Report) throws -> ExportedTruth? {
    do {
      return try catalog.map { try ExportedTruth(of: root, in: $0) }
    } catch let error as CatalogError {
      guard case .unreadable = error else { throw error }
      report.findings.append(Finding(code: .unreadable, path: "catalog.sqlite", what: "\(error.what); run scanforge audit verify"))
      return nil
    }
  }

  /// Takes in what `FORMAT/metadata.csv` says, and compares it with the record.
  private func read(metadataOf format: String, _ recorded: ExportedTruth?, _ told: inout [String: Bool], _ report: inout Report) throws {
    let path = "\(format)/\(Self.metadata)"
    let table = try CSVTable(contentsOf: root.appendingPathComponent(path))
    let (pathColumn, markColumn, originColumn) = (try table.column("path"), try table.column("synthetic"), try table.column("origin"))
    for row in table.rows {
      let says = row[markColumn] == "true"
      let isMade = ["generated", "enhanced"].contains(row[originColumn])
      var truth = says || isMade
      if let known = recorded?.isSynthetic(row[pathColumn]) { truth = known }
      if says != truth {
        report.findings.append(Finding(code: .wrong, path: row[pathColumn], what: "\(path) says synthetic is \(says), and it is \(truth)"))
      }
      told[row[pathColumn]] = truth
    }
    // What the record holds and the metadata leaves out.
    for (path, truth) in recorded?.marks ?? [:] where path.hasPrefix(format + "/") && told[path] == nil {
      told[path] = truth
      report.findings.append(Finding(code: .unlisted, path: path, what: "\(format)/\(Self.metadata) does not tell of it, and the record does"))
    }
  }

  private func check(_ path: String, _ told: inout [String: Bool], _ report: inout Report) throws {
    guard let marks = try Mark.read(root.appendingPathComponent(path), path: path) else {
      report.findings.append(Finding(code: .unreadable, path: path, what: "it is no JSON, so nothing is known of its marks"))
      return
    }
    // A mask is of the image that it lies on; a document that leads to the table is right when it does.
    if let image = Self.masked(path).flatMap({ told[$0] }) { told[path] = told[path] ?? image }
    if marks.first?.path == path, MarkDocument(path) != nil { told[path] = true }
    requireAll(of: path, marks, told, &report)
    for mark in marks {
      if mark.isPicture { report.files += 1 }
      guard let truth = told[mark.path] ?? told[path] else {
        report.findings.append(Finding(code: .unlisted, path: mark.path, what: "no metadata tells of it"))
        continue
      }
      if truth, mark.isPicture { report.synthetic += 1 }
      switch mark.says {
      case nil where truth || mark.isRequired:
        report.findings.append(Finding(code: .missing, path: mark.path, what: "it is \(truth ? "synthetic" : "real") and carries no mark (\(mark.place))"))
      case let says? where says != truth:
        report.findings.append(Finding(code: .wrong, path: mark.path, what: "its mark (\(mark.place)) says \(says ? "synthetic" : "real"), and it is \(truth ? "synthetic" : "real")"))
      default: break
      }
    }
  }

  /// An archive or document that leaves out a file that it must hold or tell of.
  private func requireAll(of path: String, _ marks: [Mark], _ told: [String: Bool], _ report: inout Report) {
    let document = MarkDocument(path)
    guard document != nil || path.hasSuffix(".tar") else { return }
    let named = Set(marks.map(\.path))
    for (file, isSynthetic) in told where isSynthetic && !named.contains(file) && file != path {
      guard document?.covers(file) ?? file.hasPrefix(path + "/") else { continue }
      report.findings.append(Finding(code: .missing, path: file, what: "it is synthetic and \(path) does not tell of it"))
    }
  }

  private static func masked(_ path: String) -> String? { path.hasSuffix("_mask.nii") ? path.dropLast("_mask.nii".count) + ".nii" : nil }

  private func checkManifest(_ paths: [String], _ report: inout Report) throws {
    let name = "MANIFEST.sha256"
    guard let text = try? String(contentsOf: root.appendingPathComponent(name), encoding: .utf8) else {
      report.findings.append(Finding(code: .manifest, path: name, what: "there is no manifest"))
      return
    }
    var listed: [String: String] = [:]
    for line in text.split(separator: "\n") where line.utf8.count > 66 && !line.hasPrefix("\\") {
      listed[String(line.dropFirst(66))] = String(line.prefix(64))
    }
    for path in paths where path != name {
      guard let expected = listed.removeValue(forKey: path) else {
        report.findings.append(Finding(code: .manifest, path: path, what: "the manifest does not list it"))
        continue
      }
      if (try? ObjectStore.digest(of: root.appendingPathComponent(path)).0.hex) != expected {
        report.findings.append(Finding(code: .manifest, path: path, what: "its bytes are not those of the manifest"))
      }
    }
    for path in listed.keys.sorted() { report.findings.append(Finding(code: .manifest, path: path, what: "the manifest lists it, and it is gone")) }
  }

  /// No regular file, or one that may not be read. A pipe would be waited for.
  private func isUnreadable(_ path: String) -> Bool {
    let descriptor = open(root.appendingPathComponent(path).path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    var status = stat()
    return fstat(descriptor, &status) != 0 || status.st_mode & S_IFMT != S_IFREG
  }
}

/// Why a folder cannot be audited for marks.
package enum FlagError: ExplainedError, Equatable {
  case notAnExport

  package var kind: FailureKind { .surroundings }
  package var code: String { "flags.notAnExport" }
  package var what: String { "the folder holds no export" }
  package var remedy: String { "Name the folder that scanforge export --to was given." }
}

/// What the catalog recorded about the files of one export folder.
private struct ExportedTruth {
  private(set) var marks: [String: Bool] = [:]
  var isEmpty: Bool { marks.isEmpty }

  /// The last export of each format to that folder counts.
  init(of root: URL, in catalog: Catalog) throws {
    var query = ArtifactQuery(kinds: [.export])
    query.onlyActive = false
    let runs = Dictionary(uniqueKeysWithValues: try catalog.runs().map { ($0.id, $0) })
    var last: [String: [String: Bool]] = [:]
    for export in try catalog.artifacts(query) {
      let parameters = runs[export.run].flatMap { CanonicalJSON(parsing: $0.params) }
      let place = (parameters?["to"] ?? export.attributes.values["folder"])?.stringValue
      guard place.map({ URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }) == root.path, let digest = export.sha256,
        let table = try? CSVTable(String(decoding: catalog.objects.read(digest), as: UTF8.self)), let path = try? table.column("path"),
        let mark = try? table.column("synthetic"), let format = parameters?["format"]?.stringValue ?? export.attributes.values["format"]?.stringValue
      else { continue }
      last[format] = Dictionary(table.rows.map { ($0[path], $0[mark] == "true") }, uniquingKeysWith: { $1 })
    }
    for rows in last.values { marks.merge(rows) { $1 } }
  }

  func isSynthetic(_ path: String) -> Bool? { marks[path] }
}
