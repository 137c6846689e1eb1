package import Diagnostics

/// A place that results go to takes none: `FileWriteError` with the folder or file that the user named.
///
/// The place is the user's own word for where results go (`--output`, `--report`), never a name that came from a scan.
package struct OutputError: ExplainedError, Equatable {
  package let cause: FileWriteError
  /// Path of the folder or file.
  package let path: String

  package init(_ cause: FileWriteError, at path: String) {
    self.cause = cause
    self.path = path
  }

  package var kind: FailureKind { cause.kind }
  package var code: String { cause.code }
  package var what: String { cause.what }
  package var place: String? { path }
  package var remedy: String { cause.remedy }

  /// Does `body`, and says of a file that it cannot write that the place was `path`.
  package static func naming<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as FileWriteError {
      throw OutputError(error, at: path)
    }
  }
}
