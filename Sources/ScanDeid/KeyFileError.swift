package import Diagnostics
import Foundation

/// What can be wrong with the file of a pseudonym key. No path: the command line adds it where it may.
package enum KeyFileError: ExplainedError, Equatable {
  case missing
  case exists
  case notAKey
  case tooOpen
  case unreadable(Int32)
  case unwritable(Int32)

  package var kind: FailureKind {
    switch self {
    case .exists: .request
    default: .surroundings
    }
  }

  package var code: String {
    switch self {
    case .missing: "key.missing"
    case .exists: "key.exists"
    case .notAKey: "key.malformed"
    case .tooOpen: "key.permissions"
    case .unreadable: "key.unreadable"
    case .unwritable: "key.unwritable"
    }
  }

  package var what: String {
    switch self {
    case .missing: "the key file does not exist"
    case .exists: "a key file is already there"
    case .notAKey: "the key file is not a pseudonym key (a regular file of 32 bytes)"
    case .tooOpen: "others can read the key file, and its permissions cannot be changed"
    case .unreadable(let number): "the key file cannot be read (\(String(cString: strerror(number))))"
    case .unwritable(let number): "the key file cannot be written (\(String(cString: strerror(number))))"
    }
  }

  package var remedy: String {
    switch self {
    case .missing: "Make one with `scanforge key new`, or name the right file."
    case .exists: "Use it, or put another in its place with `scanforge key rotate`."
    case .notAKey: "Restore it from a backup; results made with it cannot be continued with another key."
    case .tooOpen: "Make yourself its owner and set its mode to 0600."
    case .unreadable: "Check its owner and mode (0600)."
    case .unwritable: "Check that its folder exists, is yours and has space."
    }
  }
}
