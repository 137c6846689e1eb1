package import Diagnostics
import PixelMath
package import ScanCatalog
import ScanDeid
import ScanImaging

/// `audit leaks`: whether generated images are copies of training images.
///
/// Each generated image's distance to its nearest training image is held against the same distance of real images that the model never saw, from
/// the same training images: both search one set, so its size favours neither.
package struct LeakAudit {
  package struct Suspect: Sendable {
    package let check: MemorizationCheck
    package let image: ArtifactRecord
    package let nearest: ArtifactRecord
  }

  /// What was found about one model's images.
  package struct Finding: Sendable {
    package let model: ArtifactRecord
    package let training: Int
    package let generated: Int
    /// Real images that stand for honest ones; with `isHeldOut` they are of the held-out parts, else of the training part, each compared with
    /// the images of other patients.
    package let honest: Int
    package let isHeldOut: Bool
    /// Distances: of honest images the smallest, the 1 % quantile and the median; of generated ones the smallest and the median.
    package let honestDistances: (least: Double, low: Double, median: Double)
    package let distances: (least: Double, median: Double)
    package let threshold: Double
    package let suspects: [Suspect]
    package let checks: [MemorizationCheck]
  }

  package struct Report: Sendable {
    /// One for each model.
    package var findings: [Finding] = []
    /// Models about which nothing can be said, with the reason.
    package var notChecked: [String] = []
    /// Pictures that cannot be read, with the reason.
    package var unreadable: [(record: ArtifactRecord, why: String)] = []
  }

  package let catalog: Catalog
  package let threads: Int
  package let progress: ProgressSink

  package init(_ catalog: Catalog, threads: Int, progress: @escaping ProgressSink) {
    self.catalog = catalog
    self.threads = threads
    self.progress = progress
  }

  private static let mostHonest = 1000

  package func run() throws -> Report {
    let images = try catalog.artifacts(ArtifactQuery(origins: [.generated], kinds: [.image]))
    var byModel: [ArtifactID: [ArtifactRecord]] = [:]
    for image in images {
      for parent in try catalog.parents(of: image.id) where parent.record.kind == .model { byModel[parent.record.id, default: []].append(image) }
    }
    var report = Report()
    var unreadable: [PictureReader.Unreadable] = []
    for (id, images) in byModel.sorted(by: { $0.key < $1.key }) {
      let model = try catalog.artifact(id)
      if let finding = try check(model, images, &unreadable) {
        report.findings.append(finding)
      } else {
        report.notChecked.append("images of the model \(model.sha256.map { String($0.hex.prefix(16)) } ?? "\(id)"): fewer than \(CopyBounds.least) real images to compare with")
      }
    }
    report.unreadable = Dictionary(unreadable.map { ($0.record.id, $0) }) { first, _ in first }
      .sorted { $0.key < $1.key }.map { ($0.value.record, $0.value.why) }
    return report
  }

  /// Records what was found, so that an export can say *checked*. Where pictures cannot be read there is nothing to record: what was made may be
  /// a copy of one of them.
  ///
  /// - Returns: whether something was recorded.
  @discardableResult
  package func record(_ report: Report) throws -> Bool {
    let findings = report.findings
    guard !findings.isEmpty, report.unreadable.isEmpty else { return report.unreadable.isEmpty }
    let run = try catalog.beginRun(
      op: "leaks",
      parameters: .object([
        "measure": .string(CopySearch.measure),
        "models": .array(
          findings.map {
            .object([
              "sha256": $0.model.sha256.map { .string($0.hex) } ?? .null, "threshold": .number($0.threshold), "honest": .integer(Int64($0.honest)),
              "training": .integer(Int64($0.training)),
            ])
          }),
      ]))
    for finding in findings { try run.record(finding.checks) }
    try run.finish()
    return true
  }

  private func check(
    _ model: ArtifactRecord, _ images: [ArtifactRecord], _ unreadable: inout [PictureReader.Unreadable]
  ) throws -> Finding? {
    let above = try catalog.lineage(of: [model.id], .up, isSummarized: true).artifacts.filter { $0.kind == .dataset }
    let learned = try above.flatMap { try catalog.parents(of: $0.id).map(\.record) }.filter { $0.kind == .slice && $0.sha256 != nil }
    guard learned.count >= CopyBounds.least else { return nil }
    let known = Set(learned.map(\.id))
    let patients = Set(learned.compactMap(\.patient))
    let slices = try catalog.current(catalog.artifacts(ArtifactQuery(origins: [.derived], kinds: [.slice])))
    let held = slices.filter { slice in !known.contains(slice.id) && !(slice.patient.map(patients.contains) ?? false) }
    let isHeldOut = held.count >= CopyBounds.least
    let honest = spread(isHeldOut ? held : learned)

    let reader = PictureReader(catalog: catalog, threads: threads, progress: progress)
    let training = try reader.read(learned, stage: "training images", unreadable: &unreadable) { (record: $0, likeness: Likeness($1)) }
    let search = CopySearch(training.map { CopySearch.Original(patient: $0.record.patient, likeness: $0.likeness) })
    let baseline = try reader.read(honest, stage: "honest images", unreadable: &unreadable) { (record: $0, turns: Likeness.turned($1)) }
    let made = try reader.read(images, stage: "generated images", unreadable: &unreadable) { (record: $0, turns: Likeness.turned($1)) }
    let honestFound = try nearest(baseline) { one in search.nearest(to: one.turns) { $0.patient == one.record.patient } }.compactMap(\.self)
    guard let bounds = CopyBounds(honest: honestFound) else { return nil }
    let found = try nearest(made) { search.nearest(to: $0.turns) }
    var (checks, suspects): ([MemorizationCheck], [Suspect]) = ([], [])
    for (one, found) in zip(made, found) {
      guard let found else { continue }
      let check = MemorizationCheck(
        artifact: one.record.id, distance: found.distance, baseline: bounds.low, score: bounds.share(asNearAs: found.distance),
        isFlagged: bounds.isCopy(found))
      checks.append(check)
      if check.isFlagged { suspects.append(Suspect(check: check, image: one.record, nearest: training[found.nearest].record)) }
    }
    let distances = checks.map(\.distance).sorted()
    guard !distances.isEmpty else { return nil }
    return Finding(
      model: model, training: learned.count, generated: images.count, honest: bounds.count, isHeldOut: isHeldOut,
      honestDistances: (bounds.smallest, bounds.low, bounds.median), distances: (distances[0], distances[distances.count / 2]),
      threshold: bounds.threshold, suspects: suspects, checks: checks)
  }

  private func nearest<Picture>(_ pictures: [Picture], _ search: @escaping (Picture) -> CopySearch.Found?) throws -> [CopySearch.Found?] {
    try Concurrent.map(pictures, threads: threads) { picture in
      Result {
        if Interruption.isRequested { throw PipelineError.interrupted }
        return search(picture)
      }
    }.map { try $0.get() }
  }

  /// Evenly spread over all.
  private func spread(_ records: [ArtifactRecord]) -> [ArtifactRecord] {
    let count = min(records.count, Self.mostHonest)
    return (0..<count).map { records[$0 * records.count / count] }
  }
}
