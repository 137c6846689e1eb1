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
  /// - Throws: `DeidError`, `InputError`, `KeyFileError` before anything is written; `FileWriteError`, `DecodeWorkerError` when the machine fails.
  package func run(
    reader: ScanReader = ScanReader(), progress: ProgressSink = { _ in }, failed: (Failure) -> Void = { _ in }
  ) throws -> DeidentifySummary {
    // The request is checked with a throw-away key, so that a wrong one leaves no key file behind.
    _ = try Deidentifier(profile: profile, options: options, key: PseudonymKey.random())
    let (items, skipped) = try InputCollector.collect(inputs)
    try checkPlaces()
    let key = try keyFile.map { path throws(KeyFileError) in try PseudonymKey.loadOrCreate(path) }
    if key == nil {
      progress(.note(stage: "deidentify", text: "without --key the pseudonyms follow from a key made for this run, which is dropped"))
    }
    let deidentifier = try Deidentifier(profile: profile, options: options, key: key?.key ?? .random())
    let mapping = try mappingFolder.map { try MappingFiles(folder: $0) }
    let tree = try OutputTree(root: output)
    defer { tree.close() }
    let keepsNames = keepsNames
    // Without a lasting key nothing can be continued.
    let journal = try key.map { _ in try BatchJournal(root: output, deidentifier: deidentifier, keepsNames: keepsNames) }
    var group = PublicationGroup(
      tree: tree, journal: journal, mapping: mapping,
      summary: DeidentifySummary(deidentifier: deidentifier, hasLastingKey: key != nil, files: items.count, skipped: skipped))
    let remaining = items.filter { item in
      let entry = BatchJournal.source(item, key: deidentifier.key).flatMap { journal?.entry(of: $0, in: tree) }
      if let entry { group.add(earlier: entry) }
      return entry == nil
    }
    progress(.began(stage: "deidentify", total: items.count, unit: "files"))
    let stream = CleanStream(reader: reader, deidentifier: deidentifier, threads: threads, pixels: .untouched, mapping: mapping?.mapping)
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
    try mapping?.write()
    for line in summary.warnings.lines { progress(.warning(stage: "deidentify", text: line)) }
    progress(
      .ended(stage: "deidentify", summary: "\(summary.written) written, \(summary.unchanged) already there, \(summary.failed) failed"))
    return summary
  }

  /// The output must not feed the next run, nor carry the secrets.
  private func checkPlaces() throws(InputError) {
    let target = DeidentifyBatch.resolved(output)
    for (index, input) in inputs.enumerated() {
      let source = DeidentifyBatch.resolved(input)
      if target == source || target.hasPrefix(source + "/") { throw .outputInsideInput(position: index + 1) }
    }
    for secret in [keyFile, mappingFolder].compactMap({ $0 }).map(DeidentifyBatch.resolved) where (secret + "/").hasPrefix(target + "/") {
      throw .secretInsideOutput
    }
    let present = (try? FileManager.default.contentsOfDirectory(atPath: output)) ?? []
    if keyFile == nil, present.contains(where: { !$0.hasPrefix(".") }) { throw .outputNotEmpty }
  }

  /// The absolute path with links resolved as far as it exists.
  private static func resolved(_ path: String) -> String {
    var existing = URL(fileURLWithPath: path).standardizedFileURL
    var rest: [String] = []
    while access(existing.path, F_OK) != 0, existing.path != "/" {
      rest.append(existing.lastPathComponent)
      existing.deleteLastPathComponent()
    }
    return rest.reversed().reduce(existing.resolvingSymlinksInPath().path) { $0 == "/" ? "/" + $1 : $0 + "/" + $1 }
  }
}
