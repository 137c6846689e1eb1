import ScanCatalog
import ScanDeid
import ScanModel

/// What a data sheet says of an export, from the catalog alone.
struct DatasetFacts {
  let contents: ExportedSet
  let graph: ProvenanceGraph

  init(_ contents: ExportedSet) throws {
    self.contents = contents
    graph = try ProvenanceGraph(contents)
  }

  static let title = "ScanForge export"
  /// When a data set is published is for the publisher to say; a fixed day keeps equal exports equal.
  static let datePublished = "1970-01-01"

  var description: String {
    let synthetic = contents.files.count(where: \.isSynthetic)
    return
      "\(contents.files.count) medical images, \(contents.files.count - synthetic) of them de-identified scans and \(synthetic) made or enlarged by a "
      + "model. For research, not for diagnosis."
  }

  var license: String {
    contents.terms.isEmpty ? "Not stated: ask whoever provides these images." : contents.terms.joined(separator: ", ")
  }

  /// Patients behind the files themselves.
  var patients: Int { Set(contents.files.compactMap(\.item.record.patient)).count }

  /// Patients that a model behind the files learned from, also where the files have none.
  var patientsBehind: Int { Set(graph.artifacts.compactMap(\.patient)).count }

  var collection: String {
    let acquired = graph.artifacts.filter { $0.origin == .acquired && $0.kind == .image }
    return
      "\(acquired.count) acquired images of \(patientsBehind) patients (\(Self.counts(acquired.map { $0.attributes.modality ?? "OT" })))."
  }

  var preprocessing: String {
    graph.activities.map { "\($0.op): \($0.parameters.text)\($0.seed.map { ", seed \($0)" } ?? ""), ScanForge \($0.version)" }.joined(
      separator: "; ")
  }

  var deidentification: String {
    let records = graph.artifacts.compactMap(\.attributes.deidentification)
    let editions = Set(records.map(\.edition)).sorted().joined(separator: ", ")
    let options = Set(records.flatMap(\.options)).sorted().joined(separator: ", ")
    let risks = Self.counts(records.flatMap(\.risks))
    return "De-identified by the Basic Application Confidentiality Profile of DICOM PS3.15 (\(editions))"
      + (options.isEmpty ? "" : ", options \(options)") + ". Patients are named by keyed pseudonyms."
      + (risks.isEmpty ? "" : " Images whose pixels may identify someone: \(risks).")
  }

  var balance: String {
    let records = contents.files.map(\.item.record)
    return [
      "label: \(Self.counts(records.map { $0.label?.name ?? "unlabelled" }))", "origin: \(Self.counts(records.map(\.origin.rawValue)))",
      "sex: \(Self.counts(records.map { $0.attributes.sex ?? "unknown" }))",
      "age: \(Self.counts(records.map { $0.attributes.ageBand ?? "unknown" }))",
      "scanner: \(Self.counts(records.map { $0.attributes.scanner ?? "unknown" }))",
    ].joined(separator: "; ")
  }

  private static func counts(_ values: [String]) -> String {
    var counts: [String: Int] = [:]
    for value in values { counts[value, default: 0] += 1 }
    return counts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}
