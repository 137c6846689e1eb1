package import Diagnostics

/// Why a file's bytes could not be had. The file's name is not part of any sentence; who asked knows which file it was.
package enum ScanFileError: ExplainedError, Equatable {
  case missing
  case denied
  case directory
  /// A pipe, a socket, a device.
  case notRegular
  case tooLarge(limitBytes: Int)
  /// The system's error number.
  case unreadable(Int32)
  /// The file changed while it was read.
  case changed

  package var kind: FailureKind {
    switch self {
    case .tooLarge, .changed: .item
    default: .surroundings
    }
  }

  package var code: String {
    switch self {
    case .missing: "file.missing"
    case .denied: "file.denied"
    case .directory: "file.directory"
    case .notRegular: "file.notRegular"
    case .tooLarge: "file.tooLarge"
    case .unreadable: "file.unreadable"
    case .changed: "file.changed"
    }
  }

  package var what: String {
    switch self {
    case .missing: "The file does not exist"
    case .denied: "The file may not be read (permission denied)"
    case .directory: "This is a folder, not a file"
    case .notRegular: "This is not a regular file"
    case .tooLarge(let limitBytes): "The file is larger than \(limitBytes >> 20) MiB"
    case .unreadable(let number): "The file cannot be read (system error \(number))"
    case .changed: "The file changed while it was read"
    }
  }

  package var remedy: String {
    switch self {
    case .missing: "Check the path."
    case .denied: "Give yourself read permission, or run as a user who has it."
    case .directory: "Name the files in it."
    case .notRegular: "Copy its content to a file first."
    case .tooLarge: "Split the file into smaller images."
    case .unreadable: "Check the disk and the network mount, then try again."
    case .changed: "Wait until the copy is complete, then try again."
    }
  }
}
