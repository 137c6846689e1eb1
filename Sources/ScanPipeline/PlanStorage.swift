package import Diagnostics
import ForgeGAN
package import Foundation
import Glibc

/// Where `--store-plan` writes: beside the model.
package enum PlanStorage {
  /// Looks before hours of work whether it can be written.
  ///
  /// - Throws: `PlanStorageError`.
  package static func check(beside model: URL) throws(PlanStorageError) {
    let folder = ModelFolder.modelFile(model).deletingLastPathComponent().path
    guard access(folder, W_OK) != 0 else { return }
    let code = errno
    // What is stored already need not be written.
    if let names = try? FileManager.default.contentsOfDirectory(atPath: folder), names.contains(where: { $0.hasSuffix(".plan") }) { return }
    throw code == EROFS ? .readOnly : .noPermission
  }
}

/// Why prepared weights cannot be stored.
package enum PlanStorageError: ExplainedError, Equatable {
  case readOnly
  case noPermission

  package var kind: FailureKind { .surroundings }
  package var code: String { self == .readOnly ? "plan.readOnly" : "plan.noPermission" }
  package var what: String {
    switch self {
    case .readOnly: "the model lies on a read-only file system, where --store-plan cannot write beside it"
    case .noPermission: "--store-plan writes beside the model, and there is no permission to"
    }
  }
  package var remedy: String { "Leave --store-plan out, or copy the model to a folder that can be written." }
}
