import GRDB

/// What an export has to know of pictures that look like one of another part of the workspace.
package struct LookAlikeReview: Sendable {
  /// One for each pair of which something is selected.
  package var findings: [ReleaseFinding] = []
  /// Selected items that show what a picture of another part shows.
  package var items: Set<ArtifactID> = []
  /// Whether all selected items of a part were compared.
  package var isWhole = true
}

extension Catalog {
  /// Which items of `selection` show what an item of another part shows, as pictures themselves or through the images that they were made from. The
  /// other one need not be selected: who trains on one part may test on another that left before, or will.
  ///
  /// Generated images by themselves are not asked about: whether they are copies is for `audit leaks`.
  package func lookAlikes(among selection: [ArtifactRecord]) throws -> LookAlikeReview {
    var review = LookAlikeReview()
    guard selection.contains(where: { $0.split != nil && $0.origin != .generated }) else { return review }
    guard let check = try lookAlikeCheck() else {
      review.isWhole = false
      return review
    }
    review.isWhole = selection.allSatisfy { $0.id <= check.through }
    guard !check.pairs.isEmpty else { return review }
    let compared = Set(check.pairs.flatMap { [$0.held, $0.other] })
    let sources = try pictures(above: compared.union(selection.map(\.id)))
    func family(_ id: ArtifactID) -> Set<ArtifactID> { sources[id, default: []].union([id]) }
    var selected: [ArtifactID: Set<ArtifactID>] = [:]
    for record in selection { for picture in family(record.id) { selected[picture, default: []].insert(record.id) } }
    func items(_ id: ArtifactID) -> Set<ArtifactID> { family(id).reduce(into: []) { $0.formUnion(selected[$1, default: []]) } }
    for pair in check.pairs {
      let (held, other) = (items(pair.held), items(pair.other))
      guard let place = (held.isEmpty ? other : held).min() else { continue }
      review.items.formUnion(held.union(other))
      let (shown, like) = held.isEmpty ? (pair.other, pair.held) : (pair.held, pair.other)
      let note = held.isEmpty || other.isEmpty ? ", which is in the workspace and not selected," : ""
      review.findings.append(
        ReleaseFinding(.lookAlike, "artifact \(shown) shows what artifact \(like) of another part\(note) shows", artifact: place))
    }
    return review
  }

  /// One step up, without models.
  private func pictures(above ids: Set<ArtifactID>) throws -> [ArtifactID: Set<ArtifactID>] {
    let list = CanonicalJSON.array(ids.map { .integer($0.rawValue) }).text
    let rows = try read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT i.value AS child, d.parent FROM json_each(?) i CROSS JOIN derivation d ON d.child = i.value
          CROSS JOIN artifact a ON a.id = d.parent AND a.kind IN ('image', 'slice')
          """, arguments: [list])
    }
    return Dictionary(grouping: rows) { ArtifactID(rawValue: $0["child"]) }.mapValues { Set($0.map { ArtifactID(rawValue: $0["parent"]) }) }
  }
}
