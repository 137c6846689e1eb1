package import Diagnostics
import Foundation
import ScanDeid
package import ScanIO
import ScanModel

/// Files in, de-identified files out: what `scanforge deidentify` does.
package struct DeidentifyBatch: Sendable {
  package enum ItemErrorPolicy: String, Sendable, CaseIterable {
    /// Record the item and go on.
    case `continue`
    /// End the batch at the first item that fails; what was written stays.
    case stop
  }

  package var inputs: [String]
  package var output: String
  package var profile: String
  package var options: [String]
  /// File of the pseudonym key; nil makes a key for this run alone and drops it.
  package var keyFile: String?
  /// Folder for `uid_mapping.csv` and `patid_mapping.csv`.
  package var mappingFolder: String?
  /// Output names are the inputs' relative paths instead of new ids.
  package var keepsNames: Bool
  package var onItemError: ItemErrorPolicy
  package var threads: Int

  package init(
    inputs: [String], output: String, profile: String = "basic", options: [String] = [], keyFile: String? = nil,
    mappingFolder: String? = nil,
    keepsNames: Bool = false, onItemError: ItemErrorPolicy = .continue, threads: Int
  ) {
    self.inputs = inputs
    self.output = output
    self.profile = profile
    self.options = options
    self.keyFile = keyFile
    self.mappingFolder = mappingFolder
    self.keepsNames = keepsNames
    self.onItemError = onItemError
    self.threads = threads
  }

  /// An item that failed.
  package struct Failure: Sendable {
    package let item: InputItem
    package let id: String
    package let error: any ExplainedError
  }

  /// Checks the request, then works through it.
  ///
  /// - Parameter failed: told of each item that fails, in input order.
  /// - Throws: `DeidError`, `InputError`, `KeyFileError`, `MappingFileError` before any output is written; `OutputError`, `DecodeWorkerError`
  ///   when the machine fails.
  package func run(
    reader: ScanReader = ScanReader(), progress: ProgressSink = { _ in }, failed: (Failure) -> Void = { _ in }
  ) throws -> DeidentifySummary {
    // The request is checked with a throw-away key, so that a wrong one leaves no key file behind.
    _ = try Deidentifier(profile: profile, options: options, key: PseudonymKey.random())
    let (items, skipped) = try InputCollector.collect(inputs)
    try checkPlaces()
    try checkEarlierRequest(nil)
    let key = try keyFile.map { path throws(KeyFileError) in try PseudonymKey.loadOrCreate(path) }
    if key == nil {
      progress(.note(stage: "deidentify", text: "without --key the pseudonyms follow from a key made for this run, which is dropped"))
    }
    let deidentifier = try Deidentifier(profile: profile, options: options, key: key?.key ?? .random())
    let keepsNames = keepsNames
    let request = BatchRequest(deidentifier, keepsNames: keepsNames)
    try checkEarlierRequest(request)
    let mapping = try mappingFolder.map { path throws(MappingFileError) in try MappingFiles(folder: path) }
    return try OutputError.naming(output) {
      let tree = try OutputTree(root: output)
      defer { tree.close() }
      request.mark(output)
      // Without a lasting key nothing can be continued.
      let journal = try key.map { _ in try BatchJournal(root: output, request) }
      let group = PublicationGroup(
        tree: tree, journal: journal, mapping: mapping,
        summary: DeidentifySummary(deidentifier: deidentifier, hasLastingKey: key != nil, files: items.count, skipped: skipped))
      return try work(items, deidentifier, into: group, tree, journal, reader: reader, progress: progress, failed: failed)
    }
  }

  /// Cleans and publishes what an earlier run of the same request has not.
  private func work(
    _ items: [InputItem], _ deidentifier: Deidentifier, into empty: PublicationGroup, _ tree: OutputTree, _ journal: BatchJournal?,
    reader: ScanReader, progress: ProgressSink, failed: (Failure) -> Void
  ) throws -> DeidentifySummary {
    var group = empty
    let keepsNames = keepsNames
    let remaining = items.filter { item in
      let entry = BatchJournal.source(item, key: deidentifier.key).flatMap { journal?.entry(of: $0, in: tree) }
      if let entry { group.add(earlier: entry) }
      return entry == nil
    }
    progress(.began(stage: "deidentify", total: items.count, unit: "files"))
    let stream = CleanStream(reader: reader, deidentifier: deidentifier, threads: threads, pixels: .untouched, mapping: group.mapping?.mapping)
    var done = items.count - remaining.count
    var isStopped = false
    do {
      try stream.forEach(remaining) { input, clean in
        let path = keepsNames ? input.relativePath.revealed : OutputNames.path(of: clean)
        return PublicationGroup.Prepared(
          staged: try tree.stage(try OutputNames.encode(clean)), path: path, source: BatchJournal.source(input, key: deidentifier.key),
          patient: clean.patient, record: clean.record, warnings: clean.warnings)
      } deliver: { item in
        done += 1
        group.add(item)
        let isLast = done == items.count
        group.summary.isInterrupted = Interruption.isRequested && !isLast
        let hasFailed: Bool = if case .failed = item.outcome { true } else { false }
        if isLast || group.isFull || group.summary.isInterrupted || (hasFailed && onItemError == .stop) {
          isStopped = !(try group.publish(stopsAtFailure: onItemError == .stop, failed: failed))
          if isStopped { return false }
        }
        progress(.advanced(stage: "deidentify", done: done))
        return !group.summary.isInterrupted
      }
    } catch {
      // A disk that is full takes no more files, but what is whole may have its name.
      _ = try? group.publish(stopsAtFailure: false, failed: failed)
      throw error
    }
    let summary = group.summary
    if !summary.isInterrupted, !isStopped { journal?.remove() }
    try group.mapping?.write()
    for line in summary.warnings.lines { progress(.warning(stage: "deidentify", text: line)) }
    progress(
      .ended(stage: "deidentify", summary: "\(summary.written) written, \(summary.unchanged) already there, \(summary.failed) failed"))
    return summary
  }

  /// The output must not feed the next run, nor carry the secrets; and these must not be taken for scans.
  private func checkPlaces() throws {
    func resolved(_ path: String) -> String { OutputFolder.resolved(URL(fileURLWithPath: path)) }
    let target = resolved(output)
    let secrets = [keyFile, mappingFolder].compactMap { $0 }.map(resolved)
    for (index, input) in inputs.enumerated() {
      let source = resolved(input)
      if OutputFolder.holds(source, target) { throw InputError.outputInsideInput(position: index + 1) }
      if secrets.contains(where: { OutputFolder.holds(source, $0) }) { throw InputError.secretInsideInput(position: index + 1) }
    }
    if secrets.contains(where: { OutputFolder.holds(target, $0) }) { throw InputError.secretInsideOutput }
    if let mappingFolder, !OutputFolder.isFolderOrFree(URL(fileURLWithPath: mappingFolder)) { throw MappingFileError.notAFolder }
    if keyFile == nil, holdsOutputs { throw InputError.outputNotEmpty }
  }

  private var holdsOutputs: Bool {
    let present = (try? FileManager.default.contentsOfDirectory(atPath: output)) ?? []
    return present.contains { !$0.hasPrefix(".") }
  }

  /// An output folder goes on as it was begun.
  ///
  /// - Parameter request: nil before the key is known; a key that is yet to be made is another one in any case.
  private func checkEarlierRequest(_ request: BatchRequest?) throws(InputError) {
    guard holdsOutputs, let earlier = BatchRequest(borneBy: output) else { return }
    let differences: [String]
    if let request {
      differences = request.differences(from: earlier)
    } else {
      differences = keyFile.map { access($0, F_OK) == 0 } ?? false ? [] : ["the key"]
    }
    guard differences.isEmpty else { throw .outputOfAnotherRequest(differences: differences) }
  }
}
