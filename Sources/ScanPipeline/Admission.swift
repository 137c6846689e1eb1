import Diagnostics
package import Foundation
import ScanCatalog
package import ScanDeid
import ScanIO
import ScanImaging
import ScanModel

/// What goes in, as the user named it. Holds identified paths, so it lives in memory only.
package struct Intake: Sendable {
  package var inputs: [URL] = []
  package var labels = LabelSource.none
  package var subjects = SubjectSource.standard
  package var masks = MaskSource.none
  package var terms: String?
  package var stopsOnItemError = false

  package init() {}

  package init(
    inputs: [URL], labels: LabelSource = .none, subjects: SubjectSource = .standard, masks: MaskSource = .none, terms: String? = nil,
    stopsOnItemError: Bool = false
  ) {
    self.inputs = inputs
    self.labels = labels
    self.subjects = subjects
    self.masks = masks
    self.terms = terms
    self.stopsOnItemError = stopsOnItemError
  }

  /// The files, in byte order of their paths within what was named.
  ///
  /// - Throws: `InputError` when something named is not there or there is no file at all.
  package func items() throws(InputError) -> [InputItem] { try files().items }

  /// `items`, and what was passed over.
  ///
  /// - Throws: as `items`.
  package func files() throws(InputError) -> (items: [InputItem], skipped: SkippedInputs) {
    try InputCollector.collect(inputs.map(\.path), tables: [labels.table, subjects.table, masks.table].compactMap(\.self))
  }
}

/// De-identifies the intake and records every result as an `acquired` artifact.
package struct Admission {
  package let options: Set<DeidOption>
  package let context: RunContext

  package init(options: Set<DeidOption>, context: RunContext) {
    self.options = options
    self.context = context
  }

  /// Artifacts recorded at a time.
  private static let batch = 64

  /// What one file became.
  private struct Admitted: Sendable {
    let draft: ArtifactDraft
    let mask: StoredObject?
    let split: Split?
    let risks: [String]
    let warnings: [ScanWarning]
    let isOwnSubject: Bool
  }

  package func run() throws -> StageOutcome { try admit().outcome }

  /// - Returns: what was done, and the artifacts of the intake, new or known from before.
  func admit() throws -> (outcome: StageOutcome, images: [ArtifactID]) {
    let intake = context.intake
    let sheet = try ScanSheet(labels: intake.labels, subjects: intake.subjects)
    let masks = try MaskSheet(intake.masks)
    let key = try context.key(for: "ingest")
    try Self.check(key, in: context.catalog)
    let (found, skipped) = try intake.files()
    let images = masks.images(found)
    guard !images.isEmpty else { throw InputError.empty }
    let items = try context.ledger.share(of: images) { $0.relativePath.revealed }
    let run = try context.ledger.openRun(
      op: "ingest",
      parameters: .object([
        "profile": .string("basic"), "options": .array(options.map(\.rawValue).sorted().map { .string($0) }),
        "key": .string(key.fingerprint), "terms": intake.terms.map { .string($0) } ?? .null,
      ]), seed: nil, determinism: .bitwise)
    let stage = "deidentify"
    context.progress(.began(stage: stage, total: items.count, unit: "files"))
    let unmatched = sheet.warning(beside: found.map { URL(fileURLWithPath: $0.path.revealed) })
    for warning in [skipped.warning, unmatched, masks.warning(among: images)].compactMap(\.self) { context.progress(.warning(stage: stage, text: warning)) }
    // The subject is used as HMAC input only.
    let stream = CleanStream(
      deidentifier: try Deidentifier(options: options, key: key), threads: context.threads, pixels: .decoded,
      subject: { sheet.subject(of: URL(fileURLWithPath: $0.path.revealed))?.revealed })
    let objects = context.ledger.objects
    let terms = intake.terms
    let withdrawn = try WithdrawnRegister(context.catalog.workspace, key: key)
    var tally = Tally()
    var splits: [Pseudonym: Split] = [:]
    var waiting: [ArtifactDraft] = []
    var recorded: Set<ArtifactID> = []
    func record() throws {
      recorded.formUnion(zip(waiting, try run.record(waiting)).filter { $0.0.kind == .image }.map(\.1))
      waiting = []
    }
    try stream.forEach(items) { item, clean in
      try Admission.admit(
        URL(fileURLWithPath: item.path.revealed), clean, sheet, mask: masks.mask(of: item), terms: terms, withdrawn, into: objects)
    } deliver: { item in
      switch item.outcome {
      case .done(let admitted):
        if let split = admitted.split, let patient = admitted.draft.patient {
          if let known = splits[patient], known != split { throw CatalogError.patientInTwoSplits(patient.text) }
          splits[patient] = split
        }
        var draft = admitted.draft
        draft.place = item.input.number
        waiting.append(draft)
        if let mask = admitted.mask {
          waiting.append(
            .derived(
              mask, kind: .mask, media: "image/tiff", from: [(.draft(waiting.count - 1), Catalog.maskRole)], label: admitted.draft.label))
        }
        tally.add(admitted)
      case .failed(let error):
        tally.failures += 1
        context.progress(.warning(stage: stage, text: "file \(item.input.number) (\(item.id)): \(error)"))
        if intake.stopsOnItemError { throw PipelineError.itemFailed(stage: stage, number: item.input.number) }
      }
      if waiting.count >= Admission.batch { try record() }
      context.progress(.advanced(stage: stage, done: item.input.number))
      return !context.isCancelled()
    }
    try record()
    try context.checkCancelled()
    if !splits.isEmpty { try run.assignSplits(splits) }
    try run.finish(exit: tally.failures == 0 ? 0 : 1)
    if tally.ownSubjects > 0 {
      context.progress(
        .warning(
          stage: stage,
          text:
            "\(tally.ownSubjects) TIFF or PNG files name no subject, so each counts as a patient of its own; use subjectFrom when files share one"
        ))
    }
    for (risk, count) in tally.risks.sorted(by: { $0.key < $1.key }) {
      context.progress(.warning(stage: stage, text: "\(count) images may show identifying pixels (\(risk)); pixels are not cleaned"))
    }
    for line in tally.warnings.lines { context.progress(.warning(stage: stage, text: line)) }
    tally.recorded = recorded.count
    let summary = tally.summary(of: items.count, labelled: intake.labels != .none)
    context.progress(.ended(stage: stage, summary: summary))
    let figures = [
      "images": Double(tally.recorded), "masks": Double(tally.masks), "files": Double(items.count),
      "atRisk": Double(tally.risks.values.reduce(0, +)),
    ]
    let outcome = StageOutcome(
      summary: summary, figures: figures.merging(tally.warnings.figures) { first, _ in first },
      failedItems: tally.failures)
    return (outcome, recorded.sorted())
  }

  /// Under another key the same person would become a new patient, and might end in another part.
  ///
  /// - Throws: `CatalogError.keyDiffers`.
  static func check(_ key: PseudonymKey, in catalog: Catalog) throws {
    if let known = try catalog.patientsKey(), known != key.fingerprint { throw CatalogError.keyDiffers(expected: known) }
  }

  /// Runs on a worker thread, right after cleaning.
  private static func admit(
    _ file: URL, _ clean: CleanScan, _ sheet: ScanSheet, mask: String?, terms: String?, _ withdrawn: WithdrawnRegister, into objects: ObjectStore
  ) throws -> Admitted {
    var split: Split?
    if let named = sheet.split(of: file) {
      guard let known = Split(rawValue: named) else { throw PipelineError.unknownSplit }
      split = known
    }
    let maskBytes = try mask.map { try MaskReader.encode($0, for: clean) }
    let (bytes, media) = try ScanFileEncoder.encode(clean)
    guard !withdrawn.contains(clean.patient), !withdrawn.contains(contentOf: bytes) else {
      throw CatalogError.patientWithdrawn(clean.patient.text)
    }
    let object = try objects.store(bytes, of: clean)
    let maskObject = try maskBytes.map { try objects.store($0, of: clean.patient) }
    var attributes = ArtifactAttributes(describing: clean)
    // A DICOM object tells what de-identification left of it; other files have the CSV file alone.
    if clean.format != .dicom { for (attribute, value) in sheet.attributes(of: file) { attributes[attribute] = value } }
    attributes.terms = terms
    let draft = ArtifactDraft.acquired(
      object, media: media, label: sheet.label(of: file, dataset: clean.dataset), consent: terms, attributes: attributes)
    let isOwnSubject = clean.format != .dicom && sheet.subject(of: file) == nil
    return Admitted(
      draft: draft, mask: maskObject, split: split, risks: clean.record.risks, warnings: clean.warnings, isOwnSubject: isOwnSubject)
  }

  private struct Tally {
    var recorded = 0
    var failures = 0
    var ownSubjects = 0
    var unlabelled = 0
    var masks = 0
    var risks: [String: Int] = [:]
    var warnings = ScanWarningTally()

    mutating func add(_ admitted: Admitted) {
      for risk in admitted.risks { risks[risk, default: 0] += 1 }
      warnings.add(admitted.warnings)
      if admitted.isOwnSubject { ownSubjects += 1 }
      if admitted.draft.label == nil { unlabelled += 1 }
      if admitted.mask != nil { masks += 1 }
    }

    func summary(of files: Int, labelled: Bool) -> String {
      var text = "\(recorded) images of \(files) files"
      if failures > 0 { text += ", \(failures) failed" }
      if masks > 0 { text += ", \(masks) with a mask" }
      if labelled, unlabelled > 0 { text += ", \(unlabelled) without a label" }
      return text
    }
  }
}

/// Which errors concern one item: everything else ends the work.
enum ItemPolicy {
  static func check(_ error: any Error) throws {
    guard let explained = error as? any ExplainedError else { throw error }
    if explained.kind != .item { throw error }
  }
}

extension ArtifactAttributes {
  /// What the catalog keeps of a de-identified image: geometry, modality, and what the chosen options left of the patient.
  init(describing clean: CleanScan) {
    self.init()
    let dataset = clean.dataset
    rows = clean.pixels?.rows
    columns = clean.pixels?.columns
    frames = clean.pixels?.frames
    bitsStored = clean.pixels?.bitsStored
    modality = dataset.text(.modality)
    bodyPart = dataset.text(.bodyPartExamined)
    sex = dataset.text(.patientSex)
    ageBand = dataset.text(.patientAge).flatMap(AgeBand.init(age:))?.text
    let maker = [dataset.text(.manufacturer), dataset.text(.manufacturerModelName)].compactMap { $0 }
    scanner = maker.isEmpty ? nil : maker.joined(separator: " ")
    seriesInstanceUID = dataset.text(.seriesInstanceUID)
    sopInstanceUID = dataset.text(.sopInstanceUID)
    spacingMillimeters = SpacingMillimeters(dataset) ?? SpacingMillimeters(clean.spacingMillimeters)
    deidentification = clean.record
    isSynthetic = dataset.text(.syntheticData) == "YES"
  }
}
