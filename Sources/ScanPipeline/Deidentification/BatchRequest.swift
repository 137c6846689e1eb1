import Foundation
import ScanDeid

/// What decides the outputs of a batch beside its inputs.
///
/// The output folder bears it as an extended attribute, so that no file is added to what travels and results of two requests are not mixed by
/// mistake: under another key or option the same input would get a second copy under another name. Where the file system has no such attributes
/// (or a copy of the folder has lost them) nothing is known and nothing refused.
struct BatchRequest: Codable, Equatable {
  var version = 1
  let edition: String
  let keyFingerprint: String
  let profile: String
  let options: [String]
  let keepsNames: Bool

  private static let attribute = "user.scanforge.batch"
  private static let maximumBytes = 4096

  init(_ deidentifier: Deidentifier, keepsNames: Bool) {
    edition = Deidentifier.edition
    keyFingerprint = deidentifier.key.fingerprint
    profile = deidentifier.profile.rawValue
    options = deidentifier.options.map(\.rawValue).sorted()
    self.keepsNames = keepsNames
  }

  /// What the folder bears; nil when it bears nothing that can be read.
  init?(borneBy folder: String) {
    guard let read = BatchRequest.getAttribute else { return nil }
    var bytes = [UInt8](repeating: 0, count: BatchRequest.maximumBytes)
    let count = read(folder, BatchRequest.attribute, &bytes, bytes.count)
    guard count > 0, let known = try? JSONDecoder().decode(BatchRequest.self, from: Data(bytes[..<count])) else { return nil }
    self = known
  }

  /// Has the folder bear this request, where the file system can.
  func mark(_ folder: String) {
    guard let write = BatchRequest.setAttribute, let text = try? JSONEncoder().encode(self), text.count <= BatchRequest.maximumBytes else { return }
    _ = write(folder, BatchRequest.attribute, Array(text), text.count, 0)
  }

  /// What differs, in words; empty when the two give the same outputs.
  func differences(from earlier: BatchRequest) -> [String] {
    func said(_ options: [String]) -> String { options.isEmpty ? "none" : options.joined(separator: ", ") }
    var words: [String] = []
    if keyFingerprint != earlier.keyFingerprint { words.append("the key") }
    if options != earlier.options { words.append("the options (then \(said(earlier.options)); now \(said(options)))") }
    if profile != earlier.profile { words.append("the profile") }
    if keepsNames != earlier.keepsNames { words.append("--keep-names") }
    if edition != earlier.edition || version != earlier.version {
      words.append("the edition of the profile (then \(earlier.edition); now \(edition))")
    }
    return words
  }

  // `getxattr(2)` and `setxattr(2)`, which Swift's view of the C library lacks.
  private static let getAttribute = dlsym(nil, "getxattr").map {
    unsafeBitCast($0, to: (@convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutableRawPointer, Int) -> Int).self)
  }
  private static let setAttribute = dlsym(nil, "setxattr").map {
    unsafeBitCast($0, to: (@convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeRawPointer, Int, Int32) -> Int32).self)
  }
}
