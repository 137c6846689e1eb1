package import Diagnostics
import Foundation
import PixelMath
package import ScanCatalog
import ScanDeid

/// `audit splits`: whether a held-out patient reached the training, over any number of steps, through models and super-resolution too, and
/// whether a held-out picture looks like one of another part.
package struct SplitAudit {
  package struct Finding: Sendable, Equatable {
    package enum Code: String, Sendable {
      /// A patient's rows stand in two parts.
      case patient = "split.patient"
      /// A model learned from a held-out patient.
      case model = "split.model"
      /// An image of another part was made from a held-out patient's.
      case item = "split.item"
      /// Two pictures of different parts look like one.
      case lookAlike = "split.look_alike"
      /// A picture, or a table of the catalog, cannot be read.
      case unreadable = "split.unreadable"
    }
    package let code: Code
    package let what: String
    /// The artifact it is about; of a pair the held-out one, then the other.
    package let artifacts: [ArtifactRecord]
    package let patients: [String]
    /// Of a pair of pictures.
    package let correlation: Double?

    package var json: CanonicalJSON {
      .object([
        "finding": .string(code.rawValue), "what": .string(what),
        "artifacts": .array(artifacts.map { $0.sha256.map { .string($0.hex) } ?? .null }), "patients": .array(patients.map { .string($0) }),
        "correlation": correlation.map { .number($0) } ?? .null,
      ])
    }
  }

  package struct Report: Sendable {
    package var findings: [Finding] = []
    /// Pictures that were compared.
    package var pictures = 0
    /// Correlation from which on two pictures count as one.
    package var threshold = 0.0
    /// What the most alike patients of the training part reach (99 % quantile); nil when there are too few.
    package var honest: Double?
    package var notChecked: [String] = []
    /// What is recorded, so that an export refuses look-alikes; nil when no pictures were compared.
    package var check: LookAlikeCheck?
  }

  package let catalog: Catalog
  package let threads: Int
  package let progress: ProgressSink
  /// Also compare pictures; without, the catalog alone is asked.
  package var comparesPictures = true

  package init(_ catalog: Catalog, threads: Int, progress: @escaping ProgressSink) {
    self.catalog = catalog
    self.threads = threads
    self.progress = progress
  }

  package func run() throws -> Report {
    var report = Report()
    let newest = try catalog.newestArtifact()
    try attempt("patients", &report) { $0.findings += try patientsInTwoParts() }
    try attempt("models", &report) { $0.findings += try throughEdges() }
    if comparesPictures { try attempt("lookAlikes", &report) { try comparePictures(&$0, newest) } } else { report.notChecked.append("lookAlikes") }
    return report
  }

  /// Where a table is damaged, goes on with the other questions.
  private func attempt(_ question: String, _ report: inout Report, _ ask: (inout Report) throws -> Void) throws {
    do {
      try ask(&report)
    } catch let error as CatalogError {
      guard case .unreadable = error else { throw error }
      report.notChecked.append(question)
      report.findings.append(
        Finding(code: .unreadable, what: "\(error.what); run scanforge audit verify", artifacts: [], patients: [], correlation: nil))
    }
  }

  private func patientsInTwoParts() throws -> [Finding] {
    try catalog.patientsInTwoParts().map { patient, parts in
      Finding(
        code: .patient, what: "patient \(patient) has images in \(parts.joined(separator: " and "))", artifacts: [], patients: [patient],
        correlation: nil)
    }
  }

  private func throughEdges() throws -> [Finding] {
    let leaks = Dictionary(grouping: try catalog.splitLeaks()) { $0.artifact }
    return try leaks.sorted { $0.key < $1.key }.map { id, leaks in
      let record = try catalog.artifact(id)
      let patients = Set(leaks.compactMap { $0.patient?.text }).sorted()
      let parts = Set(leaks.map(\.patientSplit.rawValue)).sorted().joined(separator: " and ")
      let isModel = record.kind == .model || record.kind == .checkpoint
      let name = record.attributes.values["model"]?.stringValue.map { " \($0)" } ?? ""
      let what = isModel
        ? "model\(name) learned from \(patients.count) patients of the \(parts) part"
        : "an image of the \(record.split?.rawValue ?? "unassigned") part goes back to \(patients.count) patients of the \(parts) part"
      return Finding(code: isModel ? .model : .item, what: what, artifacts: [record], patients: patients, correlation: nil)
    }
  }

  private func comparePictures(_ report: inout Report, _ newest: ArtifactID) throws {
    let slices = try catalog.current(catalog.artifacts(ArtifactQuery(origins: [.derived], kinds: [.slice])))
    let generated = try catalog.artifacts(ArtifactQuery(origins: [.generated], kinds: [.image]))
    var unreadable: [PictureReader.Unreadable] = []
    let pictures = try PictureReader(catalog: catalog, threads: threads, progress: progress)
      .read((slices + generated).filter { $0.split != nil }, stage: "pictures", unreadable: &unreadable) { record, plane in
        LookAlikes.Picture(plane, record: record, inAllTurns: record.split != .train)
      }
    report.findings += unreadable.map { one in
      Finding(code: .unreadable, what: "a picture of the \(one.record.split?.rawValue ?? "") part cannot be compared: \(one.why)",
        artifacts: [one.record], patients: [one.record.patient?.text].compactMap(\.self), correlation: nil)
    }
    let parts = Dictionary(grouping: pictures) { $0.record.split }
    let (training, validation, test) = (parts[.train] ?? [], parts[.val] ?? [], parts[.test] ?? [])
    let known = try LookAlikes(calibratedOn: training.filter { $0.record.origin == .derived }, in: catalog, threads: threads)
    (report.pictures, report.threshold, report.honest) = (pictures.count, known.threshold, known.honest)
    let pairs = try (known.pairs(of: test, among: training + validation) + known.pairs(of: validation, among: training))
      .sorted { ($0.held, $0.other) < ($1.held, $1.other) }
    // What was not compared may look like anything, so that nothing is recorded.
    if unreadable.isEmpty {
      report.check = LookAlikeCheck(
        pairs: pairs.map { .init(held: $0.held, other: $0.other) }, through: newest, threshold: known.threshold)
    } else {
      report.notChecked.append("unreadablePictures")
    }
    let byID = Dictionary(uniqueKeysWithValues: pictures.map { ($0.record.id, $0.record) })
    report.findings += pairs.map { pair in
      let records = [byID[pair.held], byID[pair.other]].compactMap(\.self)
      let parts = records.map { $0.split?.rawValue ?? "" }
      return Finding(
        code: .lookAlike,
        what: "a picture of the \(parts[0]) part shows what one of the \(parts[1]) part shows (correlation \(String(format: "%.4f", pair.correlation)))",
        artifacts: records, patients: records.compactMap { $0.patient?.text }, correlation: pair.correlation)
    }
  }
}
