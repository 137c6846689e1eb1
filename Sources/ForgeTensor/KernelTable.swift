internal import CForgeKernels
package import Diagnostics

/// What can go wrong when kernels are chosen.
package enum KernelError: ExplainedError, Equatable {
  /// `SCANFORGE_KERNELS` or a caller names a table that this build or CPU lacks.
  case unavailable(String, available: [String])

  package var kind: FailureKind { .request }
  package var code: String { "kernels.unavailable" }
  package var what: String {
    switch self {
    case .unavailable(let name, _): "the kernels \"\(name)\" are not available on this machine"
    }
  }
  package var remedy: String {
    switch self {
    case .unavailable(_, let available): "Set SCANFORGE_KERNELS to one of \(available.joined(separator: ", ")), or unset it."
    }
  }
}

/// The numeric inner loops in use: one C function table per instruction set.
package struct KernelTable: @unchecked Sendable {
  let slots: UnsafePointer<fk_table>

  /// The table of this task: the best for this CPU, or the one that `SCANFORGE_KERNELS` names.
  /// Another table for a stretch of code: `KernelTable.$current.withValue(.scalar) { … }`.
  @TaskLocal package static var current = KernelTable.selected

  /// Plain loops, correct for every geometry: what the other tables are compared with.
  package static let scalar = KernelTable(slots: fk_scalar_table())

  private static let selected: KernelTable = {
    guard let slots = fk_best_table() else { fatalError("SCANFORGE_KERNELS names kernels that this machine lacks; it has \(available)") }
    return KernelTable(slots: slots)
  }()

  /// Names of the tables that this CPU can run.
  package static var available: [String] { String(cString: fk_available_tables()).split(separator: ",").map(String.init) }

  /// Throws when `SCANFORGE_KERNELS` asks for what is not there; a program calls this before its first tensor.
  package static func checkSelection(_ requested: String?) throws(KernelError) {
    guard let requested, !requested.isEmpty else { return }
    _ = try named(requested)
  }

  package static func named(_ name: String) throws(KernelError) -> KernelTable {
    guard let slots = fk_table_named(name) else { throw .unavailable(name, available: available) }
    return KernelTable(slots: slots)
  }

  /// `scalar`, `portable` (the same bytes on every instruction set), `avx2`, `avx512`, `neon`.
  package var name: String { String(cString: slots.pointee.name) }

  /// Threads that kernels use; results never depend on it. Set it from one thread while no kernel runs; 0 means all cores.
  package static var threads: Int {
    get { Int(fk_threads()) }
    set { fk_set_threads(Int32(newValue)) }
  }
}

/// Traps when a kernel refuses: our own functions promised it a legal geometry.
@inline(__always)
func require(_ status: fk_status?, _ operation: @autoclosure () -> String) {
  guard status != FK_OK else { return }
  fatalError("\(operation()): kernel status \(status.map { String($0.rawValue) } ?? "none")")
}
