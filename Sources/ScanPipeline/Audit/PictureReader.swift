import Diagnostics
import PixelMath
import ScanCatalog

/// Reads recorded pictures on all threads, some at a time; one that cannot be read is told and keeps none of the others from it.
struct PictureReader {
  package struct Unreadable: Sendable, Equatable {
    let record: ArtifactRecord
    /// Why, in a sentence without a full stop.
    let why: String
  }

  let catalog: Catalog
  let threads: Int
  let progress: ProgressSink

  private static let batch = 256

  /// - Parameters:
  ///   - stage: name of the work, for its progress.
  ///   - unreadable: gets those that could not be read.
  ///   - make: what is kept of a picture, in the order of `records`; nil leaves it out.
  func read<Kept>(
    _ records: [ArtifactRecord], stage: String, unreadable: inout [Unreadable], _ make: @escaping (ArtifactRecord, Plane) -> Kept?
  ) throws -> [Kept] {
    progress(.began(stage: stage, total: records.count, unit: "pictures"))
    var kept: [Kept] = []
    for start in stride(from: 0, to: records.count, by: Self.batch) {
      if Interruption.isRequested { throw PipelineError.interrupted }
      let batch = Array(records[start..<min(start + Self.batch, records.count)])
      let read = Concurrent.map(batch, threads: threads) { record in Result { make(record, try StoredPlane(record, in: catalog).plane) } }
      for (record, result) in zip(batch, read) {
        switch result {
        case .success(let one): if let one { kept.append(one) }
        case .failure(let error as any ExplainedError): unreadable.append(Unreadable(record: record, why: error.what))
        case .failure(let error): throw error
        }
      }
      progress(.advanced(stage: stage, done: start + batch.count))
    }
    progress(.ended(stage: stage, summary: "\(kept.count) read"))
    return kept
  }
}
