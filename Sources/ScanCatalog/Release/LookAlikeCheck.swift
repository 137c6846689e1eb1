import Foundation
import GRDB

/// What `audit splits` found when it compared pictures of different parts: the parameters of a finished run `splits`.
///
/// Artifacts stand by their number, which outlives a withdrawal and tells nothing of a person.
package struct LookAlikeCheck: Sendable, Equatable {
  package struct Pair: Sendable, Equatable {
    package let held: ArtifactID
    package let other: ArtifactID

    package init(held: ArtifactID, other: ArtifactID) { (self.held, self.other) = (held, other) }
  }

  package let pairs: [Pair]
  /// Newest artifact that there was: what came later was not compared.
  package let through: ArtifactID
  /// See `LookAlikes.threshold`.
  package let threshold: Double

  package init(pairs: [Pair], through: ArtifactID, threshold: Double) {
    (self.pairs, self.through, self.threshold) = (pairs, through, threshold)
  }

  static let op = "splits"

  var parameters: CanonicalJSON {
    .object([
      "pairs": .array(pairs.map { .array([.integer($0.held.rawValue), .integer($0.other.rawValue)]) }),
      "through": .integer(through.rawValue), "threshold": .number(threshold),
    ])
  }

  init?(parameters: CanonicalJSON) {
    guard let pairs = parameters["pairs"]?.arrayValue, let through = parameters["through"]?.integerValue,
      let threshold = parameters["threshold"]?.numberValue
    else { return nil }
    self.init(
      pairs: pairs.compactMap { pair in
        guard let ids = pair.arrayValue?.compactMap(\.integerValue), ids.count == 2 else { return nil }
        return Pair(held: ArtifactID(rawValue: ids[0]), other: ArtifactID(rawValue: ids[1]))
      }, through: ArtifactID(rawValue: through), threshold: threshold)
  }
}

extension Catalog {
  package func record(_ check: LookAlikeCheck) throws { try beginRun(op: LookAlikeCheck.op, parameters: check.parameters).finish() }

  package func newestArtifact() throws -> ArtifactID {
    ArtifactID(rawValue: try read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM artifact") ?? 0 })
  }

  /// The last that was recorded.
  package func lookAlikeCheck() throws -> LookAlikeCheck? {
    let sql = "SELECT params FROM run WHERE op = ? AND exit = 0 ORDER BY id DESC LIMIT 1"
    let params = try read { try String.fetchOne($0, sql: sql, arguments: [LookAlikeCheck.op]) }
    return params.flatMap { CanonicalJSON(parsing: $0) }.flatMap { LookAlikeCheck(parameters: $0) }
  }
}
