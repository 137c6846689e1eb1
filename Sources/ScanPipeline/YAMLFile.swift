import Foundation

/// The text of a YAML file that the user named.
enum YAMLFile {
  /// - Throws: `PlanError.unreadable`, which says what the file is instead.
  static func text(of url: URL) throws(PlanError) -> String {
    var status = stat()
    guard stat(url.path, &status) == 0 else { throw .unreadable(file: url.path, errno == EACCES ? .notPermitted : .missing) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw .unreadable(file: url.path, .folder) }
    guard access(url.path, R_OK) == 0 else { throw .unreadable(file: url.path, .notPermitted) }
    guard let data = try? Data(contentsOf: url) else { throw .unreadable(file: url.path, .broken) }
    guard let text = String(data: data, encoding: .utf8) else { throw .unreadable(file: url.path, .notText) }
    return text
  }
}
