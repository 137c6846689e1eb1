import Diagnostics
import Foundation

/// An error as the command line shows it: exit code, stable code, one sentence.
struct Failure {
  let exitCode: Int32
  let code: String
  let message: String

  init(_ error: any Error) {
    if let explained = error as? any ExplainedError {
      exitCode = explained.kind.exitCode
      code = explained.code
      message = explained.description
    } else if let cocoa = error as? CocoaError {
      // Foundation's own text holds the path; the code alone says enough.
      exitCode = 3
      code = "file.\(cocoa.code.rawValue)"
      message = "\(Failure.sentence(cocoa)) Check that the file or folder exists, may be used, and that the disk is not full."
    } else if let posix = error as? POSIXError {
      exitCode = 3
      code = "posix.\(posix.code.rawValue)"
      message = "The system refused: \(String(cString: strerror(posix.code.rawValue))). Check the path, its permissions and the free space."
    } else {
      // Only the type: a foreign error's text may hold a path or a value.
      exitCode = 70
      code = "bug"
      message = "An error that should have been explained reached the top (\(type(of: error))). Please report it with the command that you ran."
    }
  }

  /// As `init(_:)`, and where the workspace's disk or folder refused, which one that is: the user named it.
  init(_ error: any Error, workspace: String) {
    let plain = Failure(error)
    let places = ["workspace.diskFull", "workspace.noPermission", "workspace.readOnly", "workspace.fileSystem", "workspace.notAFolder"]
    let message = places.contains(plain.code) ? "workspace \(workspace): \(plain.message)" : plain.message
    self.init(exitCode: plain.exitCode, code: plain.code, message: message)
  }

  private init(exitCode: Int32, code: String, message: String) {
    (self.exitCode, self.code, self.message) = (exitCode, code, message)
  }

  var line: String { "scanforge: \(message)" }

  private static func sentence(_ error: CocoaError) -> String {
    switch error.code {
    case .fileNoSuchFile, .fileReadNoSuchFile: "A file or folder does not exist."
    case .fileReadNoPermission, .fileWriteNoPermission: "A file or folder may not be used (permission denied)."
    case .fileWriteOutOfSpace: "The disk is full."
    case .fileWriteVolumeReadOnly: "The disk is read-only."
    default: "A file could not be used (Foundation error \(error.code.rawValue))."
    }
  }
}
