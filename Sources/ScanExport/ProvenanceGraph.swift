import ScanCatalog

/// Everything that the files of an export were made from, over any number of steps: artifacts, the runs that made them, and edges.
///
/// The same in any workspace that did the same: artifacts are named by content, runs by `Catalog.activityDigest`; no ids, times or hosts.
struct ProvenanceGraph {
  /// One kind of work that was done.
  struct Activity {
    let digest: ContentDigest
    let op: String
    /// Canonical JSON, without the key's fingerprint.
    let parameters: CanonicalJSON
    let seed: Int64?
    let version: String
  }

  struct Edge {
    let child: ArtifactRecord
    let parent: ArtifactRecord
    let role: String
  }

  /// In the order in which they were recorded; what a withdrawal erased is left out.
  let artifacts: [ArtifactRecord]
  let edges: [Edge]
  /// By first use; two runs that did the same are one.
  let activities: [Activity]
  private let digests: [RunID: ContentDigest]

  init(_ contents: ExportedSet) throws {
    let catalog = contents.catalog
    let items = Set(contents.files.flatMap { [$0.item.record.id, $0.item.mask?.id].compactMap { $0 } }).sorted()
    let lineage = try catalog.lineage(of: items, .up, limit: Int(Int32.max))
    artifacts = lineage.artifacts.filter { $0.sha256 != nil }
    let known = Dictionary(uniqueKeysWithValues: artifacts.map { ($0.id, $0) })
    edges = lineage.edges.compactMap { edge in
      guard let child = known[edge.child], let parent = known[edge.parent] else { return nil }
      return Edge(child: child, parent: parent, role: edge.role)
    }
    let runs = Dictionary(uniqueKeysWithValues: try catalog.runs().map { ($0.id, $0) })
    var digests: [RunID: ContentDigest] = [:]
    var activities: [Activity] = []
    for run in Set(artifacts.map(\.run)).sorted() {
      let digest = try catalog.activityDigest(of: run)
      digests[run] = digest
      guard let record = runs[run], !activities.contains(where: { $0.digest == digest }) else { continue }
      var parameters = CanonicalJSON(parsing: record.params)?.objectValue ?? [:]
      parameters["key"] = nil
      activities.append(
        Activity(digest: digest, op: record.op, parameters: .object(parameters), seed: record.seed, version: record.toolVersion))
    }
    self.activities = activities
    self.digests = digests
  }

  func activity(of record: ArtifactRecord) -> ContentDigest { digests[record.run] ?? .zero }

  /// Weights that something was made with.
  var models: [ArtifactRecord] { artifacts.filter { $0.kind == .model } }
}
