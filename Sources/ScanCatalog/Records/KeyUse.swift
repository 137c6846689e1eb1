/// That someone used the key behind all pseudonyms: who, where, when, for what. The log keeps these; the key itself is nowhere but in `keys/`.
package struct KeyUse: Sendable, Equatable {
  package enum Act: String, Sendable {
    case made, read, replaced
  }

  package let act: Act
  /// `PseudonymKey.fingerprint`, of the new key where one was made.
  package let fingerprint: String
  /// The verb that asked for it.
  package let purpose: String
  package let actor: String
  package let host: String
  package let buildSHA256: String
  package let timeMilliseconds: Int64

  var json: CanonicalJSON {
    .object([
      "act": .string(act.rawValue), "actor": .string(actor), "build_sha256": .string(buildSHA256), "fingerprint": .string(fingerprint),
      "host": .string(host), "purpose": .string(purpose), "time_ms": .integer(timeMilliseconds), "type": .string("key.used"),
    ])
  }
}

extension KeyUse {
  init?(json: CanonicalJSON) {
    guard let act = json["act"]?.stringValue.flatMap({ Act(rawValue: $0) }), let fingerprint = json["fingerprint"]?.stringValue,
      let purpose = json["purpose"]?.stringValue, let actor = json["actor"]?.stringValue, let host = json["host"]?.stringValue,
      let build = json["build_sha256"]?.stringValue, let time = json["time_ms"]?.integerValue
    else { return nil }
    self.init(
      act: act, fingerprint: fingerprint, purpose: purpose, actor: actor, host: host, buildSHA256: build, timeMilliseconds: time)
  }
}
