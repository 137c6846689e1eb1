import Foundation
import Glibc

/// Who runs which build where: what each `run` row says about its maker.
package struct ToolIdentity: Sendable, Equatable {
  package var version: String
  /// SHA-256 of the running executable.
  package var buildSHA256: String
  /// Login name of the account.
  package var actor: String
  package var host: String

  package init(version: String, buildSHA256: String, actor: String, host: String) {
    self.version = version
    self.buildSHA256 = buildSHA256
    self.actor = actor
    self.host = host
  }

  /// Version of ScanForge, as `--version` prints it.
  package static let version = "0.1.0"

  /// The running program on this host.
  package static let current: ToolIdentity = {
    let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let build = (try? ObjectStore.digest(of: executable))?.0.hex ?? "unknown"
    var name = [CChar](repeating: 0, count: 256)
    let host = gethostname(&name, name.count - 1) == 0 ? name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } : "unknown"
    let actor = getpwuid(geteuid()).flatMap { String(validatingCString: $0.pointee.pw_name) } ?? String(geteuid())
    return ToolIdentity(version: version, buildSHA256: build, actor: actor, host: host)
  }()
}
