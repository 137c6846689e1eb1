package import Diagnostics

/// What can go wrong with anchors and their key before anything is compared.
package enum AnchorError: ExplainedError, Equatable {
  case missing
  case unreadable
  /// The folder that `SCANFORGE_ANCHORS` names.
  case folderMissing
  /// The file is there and is no anchor.
  case notAnAnchor
  /// The file is an anchor that this workspace's history does not agree with.
  case disagrees
  case none
  case signingKey
  /// The workspace is open for reading and has no recorded key.
  case signingKeyNotRecorded

  package var kind: FailureKind {
    switch self {
    case .missing, .unreadable, .folderMissing, .signingKey, .signingKeyNotRecorded: .surroundings
    case .notAnAnchor, .none: .request
    case .disagrees: .finding
    }
  }

  package var code: String {
    switch self {
    case .missing: "anchor.missing"
    case .unreadable: "anchor.unreadable"
    case .folderMissing: "anchor.folderMissing"
    case .notAnAnchor: "anchor.notAnAnchor"
    case .disagrees: "anchor.mismatch"
    case .none: "anchor.none"
    case .signingKey: "anchor.signingKey"
    case .signingKeyNotRecorded: "anchor.signingKeyNotRecorded"
    }
  }

  package var what: String {
    switch self {
    case .missing: "there is no such anchor file"
    case .unreadable: "the anchor file cannot be read or written"
    case .folderMissing: "the folder that SCANFORGE_ANCHORS names is not there, so the signed head of this run was kept in the workspace alone"
    case .notAnAnchor: "the file that the anchor would replace is not an anchor"
    case .disagrees: "the anchor that would be replaced does not agree with this workspace"
    case .none: "this workspace has no anchor yet"
    case .signingKeyNotRecorded: "the workspace has no recorded signing key"
    case .signingKey: "the signing key of the workspace cannot be used"
    }
  }

  package var remedy: String {
    switch self {
    case .missing: "Give the file that scanforge audit anchor wrote."
    case .unreadable: "Give a file, in a folder that may be used."
    case .folderMissing: "Mount or make it and run scanforge audit anchor with a file in it; what the run made is recorded."
    case .notAnAnchor: "Choose another name."
    case .disagrees: "Keep it as evidence, run scanforge audit verify --anchor with it, and choose another name for the new one."
    case .none: "Name one with --anchor, or make one with scanforge audit anchor FILE."
    case .signingKeyNotRecorded: "Open it where it may be written, once."
    case .signingKey: "Check owner and mode of keys/signing.key; if the key is lost, move the file away and a new one is made and recorded."
    }
  }
}
