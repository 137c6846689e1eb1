package import Foundation

/// What `audit verify` is asked to look at.
package struct AuditRequest: Sendable {
  /// An anchor file as it was read; `anchor` is nil when the file is none, which is a finding.
  package struct GivenAnchor: Sendable {
    let anchor: Anchor?

    /// - Throws: `AnchorError.missing`, `unreadable`.
    package init(reading file: URL) throws { anchor = try Anchor.read(file) }
  }

  package var anchor: GivenAnchor?
  /// Leave out rows, edges and bytes of the artifacts that were recorded before the anchor. Without a given one, before the newest in `anchors/`.
  package var sinceAnchor = false
  /// Share of the objects whose bytes are hashed, above 0 and at most 1. Each is drawn on its own, by the system's random numbers.
  package var sample: Double?
  /// Fingerprint of the key that must have signed the anchor.
  package var fingerprint: String?

  package init() {}

  /// What is found when the catalog cannot be opened at all.
  package var unreadable: [AuditFinding] {
    AnchorCheck(given: anchor, fingerprint: fingerprint, kept: []).unreadable
  }
}

/// How much a sampled verification saw.
package struct AuditSample: Sendable, Equatable {
  package let share: Double
  package let checked: Int
  package let of: Int

  package init(share: Double, checked: Int, of: Int) {
    self.share = share
    self.checked = checked
    self.of = of
  }

  /// Probability that one at least of `changed` changed objects was hashed: 1 - (1 - share)^changed.
  package func detection(ofChanged changed: Int) -> Double { share >= 1 ? 1 : -expm1(Double(changed) * log1p(-share)) }

  /// Numbers of changed objects that are told.
  private static let examples = [1, 10, 100, 1000]

  var json: CanonicalJSON {
    .object([
      "share": .number(share), "objects": .integer(Int64(checked)), "of": .integer(Int64(of)),
      "detection": .object(Dictionary(uniqueKeysWithValues: Self.examples.map { ("\($0)", .number(detection(ofChanged: $0))) })),
    ])
  }

  /// A sentence.
  package var text: String {
    let chances = Self.examples.map { k in
      let chance = detection(ofChanged: k)
      return "\(k): \(share < 1 && chance > 0.9999 ? "over 99.99 %" : Self.percent(chance))"
    }
    return "Sampled \(checked) of \(of) objects (\(Self.percent(share))). A change is found with 1 - (1 - share)^k for k changed objects: "
      + chances.joined(separator: ", ") + "."
  }

  private static func percent(_ value: Double) -> String { String(format: "%.4g %%", value * 100) }
}
