package import Diagnostics
import Foundation
import ForgeTensor
package import ScanCatalog
import ScanDeid
import ScanIO
import ScanModel

/// `audit replay`: makes generated and super-resolved images again from their records and compares bytes.
///
/// Bytes are the same on the same instruction set, whatever the number of threads. Across instruction sets they are where both sides ran with
/// `SCANFORGE_KERNELS=portable`; elsewhere a difference is told, not counted as wrong.
package struct ReplayAudit {
  package struct Outcome: Sendable {
    package enum Result: String, Sendable {
      case same
      /// The bytes differ, and nothing excuses it.
      case different
      /// The bytes differ, and another instruction set made them.
      case otherISA
      /// The bytes differ, and another version of the program made them.
      case otherVersion
      /// The record does not say enough, or what it needs is gone.
      case impossible
    }
    package let artifact: ArtifactID
    package let expected: ContentDigest?
    package let made: ContentDigest?
    package let result: Result
    package let why: String
  }

  package let catalog: Catalog
  package let progress: ProgressSink

  package init(_ catalog: Catalog, threads: Int, progress: @escaping ProgressSink) {
    KernelTable.threads = threads
    self.catalog = catalog
    self.progress = progress
  }

  /// Name of the instruction set that this machine replays with.
  package static var isa: String { KernelTable.current.name }

  /// What can be replayed: generated and super-resolved images whose objects are there, `count` of them evenly spread; nil for all.
  package func candidates(_ count: Int?) throws -> [ArtifactID] {
    let all = try catalog.artifacts(ArtifactQuery(origins: [.generated, .enhanced], kinds: [.image])).map(\.id)
    guard let count, count < all.count else { return all }
    return (0..<count).map { all[$0 * all.count / count] }
  }

  package func run(_ ids: [ArtifactID]) throws -> [Outcome] {
    progress(.began(stage: "replay", total: ids.count, unit: "images"))
    let runs = Dictionary(uniqueKeysWithValues: try catalog.runs().map { ($0.id, $0) })
    var outcomes: [Outcome] = []
    // Model by model, so that each is loaded once.
    let records = try catalog.artifacts(ids).sorted { ($0.run, $0.id) < ($1.run, $1.id) }
    var generators = Makers()
    for record in records {
      if Interruption.isRequested { throw PipelineError.interrupted }
      guard let run = runs[record.run] else { continue }
      outcomes.append(try outcome(record, run, &generators))
      progress(.advanced(stage: "replay", done: outcomes.count))
    }
    progress(.ended(stage: "replay", summary: "\(outcomes.count) images"))
    return outcomes.sorted { $0.artifact < $1.artifact }
  }

  private struct Makers {
    var generator: (run: RunID, value: ImageGenerator)?
    var upscaler: (run: RunID, value: ImageUpscaler)?
  }

  private func outcome(_ record: ArtifactRecord, _ run: RunRecord, _ makers: inout Makers) throws -> Outcome {
    let parameters = CanonicalJSON(parsing: run.params) ?? .null
    func outcome(_ result: Outcome.Result, _ why: String, _ made: ContentDigest? = nil) -> Outcome {
      Outcome(artifact: record.id, expected: record.sha256, made: made, result: result, why: why)
    }
    guard record.state == .active else { return outcome(.impossible, "it is \(record.state.rawValue)") }
    let bytes: [UInt8]?
    do {
      bytes = try record.origin == .generated ? generate(record, run, parameters, &makers) : upscale(record, run, parameters, &makers)
    } catch let error as any ExplainedError {
      return outcome(.impossible, error.what)
    }
    guard let bytes else { return outcome(.impossible, "its record does not say how it was made") }
    let made = ContentDigest(of: bytes)
    if made == record.sha256 { return outcome(.same, "", made) }
    let isa = parameters["isa"]?.stringValue ?? "unknown"
    if isa != Self.isa { return outcome(.otherISA, "made with \(isa), this machine runs \(Self.isa)", made) }
    if run.toolVersion != ToolIdentity.version {
      return outcome(.otherVersion, "made by version \(run.toolVersion), this is \(ToolIdentity.version)", made)
    }
    return outcome(.different, "the same request gives other bytes", made)
  }

  /// Weights by the parent edge, not by name: a name may stand for a newer model.
  private func weights(of record: ArtifactRecord) throws -> URL? {
    guard let digest = try catalog.parents(of: record.id).first(where: { $0.record.kind == .model })?.record.sha256 else { return nil }
    let url = catalog.objects.url(of: digest)
    guard let (found, _) = try? ObjectStore.digest(of: url) else { throw CatalogError.objectMissing(digest) }
    guard found == digest else { throw CatalogError.objectModified(digest) }
    return url
  }

  private func precision(_ parameters: CanonicalJSON) -> InferencePrecision {
    parameters["precision"]?.stringValue.flatMap(InferencePrecision.init(rawValue:)) ?? .fp32
  }

  private func generate(_ record: ArtifactRecord, _ run: RunRecord, _ parameters: CanonicalJSON, _ makers: inout Makers) throws -> [UInt8]? {
    guard let seed = record.attributes.seed, let index = record.attributes.sampleIndex, let label = record.label,
      let name = parameters["model"]?.stringValue, let model = try weights(of: record)
    else { return nil }
    let generator: ImageGenerator
    if let known = makers.generator, known.run == run.id {
      generator = known.value
    } else {
      generator = try ImageGenerator(
        model: model, name: name, seed: UInt64(bitPattern: seed), truncation: parameters["truncation"]?.numberValue.map { Float($0) },
        precision: precision(parameters))
      makers.generator = (run.id, generator)
    }
    return try TIFFWriter.encode(generator.item(label: label.name, record.attributes, index: index).scan)
  }

  private func upscale(_ record: ArtifactRecord, _ run: RunRecord, _ parameters: CanonicalJSON, _ makers: inout Makers) throws -> [UInt8]? {
    guard let source = try catalog.parents(of: record.id).first(where: { $0.role == "source" })?.record, let model = try weights(of: record) else {
      return nil
    }
    let upscaler: ImageUpscaler
    if let known = makers.upscaler, known.run == run.id {
      upscaler = known.value
    } else {
      let refinement = RefinementRequest(
        backProjections: parameters["backProjections"]?.integerValue.map(Int.init), isEnsemble: parameters["ensemble"]?.boolValue ?? false)
      upscaler = try ImageUpscaler(model: model, precision: precision(parameters), refinement: refinement)
      makers.upscaler = (run.id, upscaler)
    }
    guard let clean = try upscaler.readmitted(source, in: catalog) else { return nil }
    if let stream = try upscaler.stream(clean, over: ImageUpscaler.largestInMemory, spoolingIn: FileManager.default.temporaryDirectory) {
      let file = FileManager.default.temporaryDirectory.appendingPathComponent("scanforge-replay-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: file) }
      try DurableFile.write(to: file) { try TIFFWriter.write(stream, descriptor: $0) }
      return try [UInt8](Data(contentsOf: file, options: .mappedIfSafe))
    }
    return try upscaler.encoded(clean, of: source).bytes
  }
}
