/// What kind of failure an error is; the command line maps it to an exit code.
package enum FailureKind: Sendable, Equatable {
  /// One item (a file, an image) failed; the work as a whole goes on or stops by policy. Exit 1.
  case item
  /// The work ran and found something wrong (an audit finding, a leak). Exit 1.
  case finding
  /// The request is wrong: flags, YAML, an impossible combination. Nothing was touched. Exit 2.
  case request
  /// The surroundings fail: missing file, no permission, disk full, unreadable catalog. Exit 3.
  case surroundings

  package var exitCode: Int32 {
    switch self {
    case .item, .finding: 1
    case .request: 2
    case .surroundings: 3
    }
  }
}

/// An error that tells a user what went wrong, where, and how to fix it.
///
/// Each module has one enum that conforms. The three sentences are part of the interface and are compared whole in tests.
/// None may hold a path, a name or an element value of an identified scan: wrap such text in `Redacted`.
package protocol ExplainedError: Error, Sendable, CustomStringConvertible {
  /// Exit-code class.
  var kind: FailureKind { get }
  /// Stable machine-readable code, dotted, lower case: `tiff.unsupportedBitDepth`.
  var code: String { get }
  /// What went wrong, one sentence without a final full stop.
  var what: String { get }
  /// Where: a file's number, a page, a YAML line:column, a tag; nil when there is no place.
  var place: String? { get }
  /// How to fix it, one imperative sentence with a full stop.
  var remedy: String { get }
}

extension ExplainedError {
  package var place: String? { nil }

  /// `place: what. remedy`
  package var description: String {
    let head = place.map { "\($0): \(what)" } ?? what
    return "\(head). \(remedy)"
  }
}
