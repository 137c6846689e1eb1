package import Diagnostics

/// Why a network has no inference plan; it then runs operation by operation.
package enum InferenceError: ExplainedError, Equatable {
  /// The trace holds an operation, or an order of operations, that no layer of a plan computes.
  case unsupported(operation: String, reason: String)
  /// The network's result does not depend on its input.
  case constant

  package var kind: FailureKind { .request }
  package var code: String {
    switch self {
    case .unsupported: "inference.unsupported"
    case .constant: "inference.constant"
    }
  }
  package var what: String {
    switch self {
    case .unsupported(let operation, let reason): "the network's operation \(operation) does not fit into an inference plan: \(reason)"
    case .constant: "the network's result does not depend on its input"
    }
  }
  package var remedy: String { "Run the network without a plan." }
}
