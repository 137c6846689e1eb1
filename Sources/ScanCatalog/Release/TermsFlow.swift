import GRDB

/// The terms that govern one artifact: of its own images, and of those that models behind it learned from.
package struct GoverningTerms: Sendable, Equatable {
  package var own: Set<String> = []
  package var inherited: Set<String> = []

  package init() {}

  /// The first rule that keeps it in the workspace, with the terms that hold the word.
  package func refusal(of origin: ArtifactOrigin) -> (rule: Terms.Rule, terms: String)? {
    for (texts, isOwn) in [(own, true), (inherited, false)] {
      for text in texts.sorted() {
        if let rule = Terms(text).ruleAgainstExport(of: origin, isOwn: isOwn) { return (rule, text) }
      }
    }
    return nil
  }
}

/// How many artifacts of each kind some terms govern.
package struct TermsTally: Sendable, Equatable {
  package let terms: String
  /// By origin (`acquired` … `generated`) for images and by kind (`model`, `dataset`, `export`) for others.
  package internal(set) var counts: [String: Int] = [:]
  package let rules: [Terms.Rule]
}

extension Catalog {
  /// Terms of each artifact, over any number of steps.
  package func terms(of ids: [ArtifactID]) throws -> [ArtifactID: GoverningTerms] {
    try read { db in
      var memo = TermsMemo()
      return try Dictionary(ids.map { ($0, try memo.terms(of: $0.rawValue, db)) }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// All terms in use, with what they govern; rows that are superseded or withdrawn are left out.
  package func termsTally() throws -> [TermsTally] {
    try read { db in
      var memo = TermsMemo()
      var tallies: [String: TermsTally] = [:]
      func count(_ terms: String, _ group: String, _ n: Int) {
        tallies[terms, default: TermsTally(terms: terms, rules: Terms(terms).rules)].counts[group, default: 0] += n
      }
      // Images carry their own terms; what is counted through a model is found from that model.
      let own = try Row.fetchAll(
        db,
        sql: """
          SELECT attributes ->> '$.terms' AS terms, CASE kind WHEN 'image' THEN origin ELSE kind END AS what, count(*) AS n FROM artifact
          WHERE state NOT IN ('withdrawn', 'superseded') AND terms IS NOT NULL GROUP BY 1, 2
          """)
      for row in own { count(row["terms"], row["what"], row["n"]) }
      let others = try Row.fetchAll(
        db,
        sql: """
          SELECT id, kind FROM artifact WHERE kind IN ('dataset', 'model', 'export') AND media != 'application/json' AND state NOT IN
          ('withdrawn', 'superseded') OR kind = 'dataset'
          """)
      for row in others {
        let governing = try memo.terms(of: row["id"], db)
        for terms in governing.own.union(governing.inherited) { count(terms, row["kind"], 1) }
        guard row["kind"] == ArtifactKind.model.rawValue else { continue }
        let made = try Row.fetchAll(
          db,
          sql: """
            SELECT a.origin, count(DISTINCT a.id) AS n FROM derivation d CROSS JOIN artifact a ON a.id = d.child
            WHERE d.parent = ? AND a.origin = 'generated' AND a.state NOT IN ('withdrawn', 'superseded') GROUP BY a.origin
            """, arguments: [row["id"] as Int64])
        for one in made { for terms in governing.inherited { count(terms, one["origin"], one["n"]) } }
      }
      return tallies.values.sorted { $0.terms < $1.terms }
    }
  }
}

extension Catalog {
  /// Exports that went out with items whose terms forbid it, such as those of a program that knew no terms.
  package func exportsAgainstTerms() throws -> [(export: ArtifactRecord, items: Int, terms: String)] {
    var all = ArtifactQuery(kinds: [.export])
    all.onlyActive = false
    return try artifacts(all).compactMap { export in
      let items = try parents(of: export.id).map(\.record)
      let terms = try terms(of: items.map(\.id))
      let refusals = items.compactMap { terms[$0.id]?.refusal(of: $0.origin) }
      return refusals.first.map { (export, refusals.count, $0.terms) }
    }
  }
}

/// Terms by artifact while a set of them is asked for: thousands of images share a model.
struct TermsMemo {
  private var known: [Int64: GoverningTerms] = [:]

  /// Terms of the artifact's own row, of its ancestors up to data sets, and of what is above those.
  static let query = """
    WITH RECURSIVE reached (id) AS (
      SELECT d.parent FROM derivation d CROSS JOIN artifact a ON a.id = d.child
        WHERE d.child = ?1 AND a.kind NOT IN ('dataset', 'export')
      UNION SELECT d.parent FROM reached CROSS JOIN artifact a ON a.id = reached.id AND a.kind NOT IN ('dataset', 'export')
        CROSS JOIN derivation d ON d.child = a.id
    )
    SELECT s.terms, 0 AS own FROM reached CROSS JOIN dataset_terms s ON s.dataset = reached.id
    UNION SELECT s.terms, 0 FROM dataset_terms s WHERE s.dataset = ?1
    UNION SELECT a.attributes ->> '$.terms' AS terms, 1 FROM reached CROSS JOIN artifact a ON a.id = reached.id WHERE terms IS NOT NULL
    UNION SELECT a.attributes ->> '$.terms' AS terms, 1 FROM artifact a WHERE a.id = ?1 AND terms IS NOT NULL
    """

  mutating func terms(of id: Int64, _ db: Database) throws -> GoverningTerms {
    if let found = known[id] { return found }
    // Images of one model and no other parent share an answer. A model is made by no model in one step, so this goes one step.
    let statement = try db.cachedStatement(
      sql: """
        SELECT min(d.parent) FROM derivation d CROSS JOIN artifact c ON c.id = d.child CROSS JOIN artifact p ON p.id = d.parent
        WHERE d.child = ? AND c.origin = 'generated' AND p.kind = 'model' AND p.origin != 'generated'
        GROUP BY d.child HAVING count(*) = 1
        """)
    let model = try Int64.fetchOne(statement, arguments: [id])
    if let model, let shared = known[model] { return shared }
    var terms = GoverningTerms()
    for row in try Row.fetchAll(db.cachedStatement(sql: Self.query), arguments: [id]) {
      if row["own"] == 1 { terms.own.insert(row["terms"]) } else { terms.inherited.insert(row["terms"]) }
    }
    known[id] = terms
    if let model { known[model] = try self.terms(of: model, db) }
    return terms
  }
}
