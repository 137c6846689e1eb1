package import Diagnostics

/// Why a checkpoint cannot be read, written or fitted to a network. `file` is the last component of the model file's name.
package enum CheckpointError: ExplainedError, Equatable {
  /// The file cannot be opened, read or written; `reason` is the system's text.
  case unreadable(file: String, reason: String)
  case unwritable(file: String, reason: String)
  /// The bytes are not a safetensors file.
  case malformed(file: String, reason: String)
  /// The file's content is not what its checksum was made of.
  case altered(file: String)
  /// The file is sound, but lacks a tensor that the network has.
  case missingTensor(file: String, name: String)
  /// The file holds a tensor that the network does not have.
  case unknownTensor(file: String, name: String)
  case wrongShape(file: String, name: String, found: [Int], expected: [Int])
  case wrongElementType(file: String, name: String, found: String, expected: String)
  /// A stored number is NaN or infinite.
  case notFinite(file: String, name: String)
  /// A metadata entry that ScanForge writes is absent or does not say what this reader needs.
  case wrongKind(file: String, reason: String)

  package var kind: FailureKind {
    switch self {
    case .unreadable, .unwritable: .surroundings
    default: .request
    }
  }

  package var code: String {
    switch self {
    case .unreadable: "checkpoint.unreadable"
    case .unwritable: "checkpoint.unwritable"
    case .malformed: "checkpoint.malformed"
    case .altered: "checkpoint.altered"
    case .missingTensor: "checkpoint.missingTensor"
    case .unknownTensor: "checkpoint.unknownTensor"
    case .wrongShape: "checkpoint.wrongShape"
    case .wrongElementType: "checkpoint.wrongElementType"
    case .notFinite: "checkpoint.notFinite"
    case .wrongKind: "checkpoint.wrongKind"
    }
  }

  package var place: String? {
    switch self {
    case .unreadable(let file, _), .unwritable(let file, _), .malformed(let file, _), .altered(let file), .missingTensor(let file, _),
      .unknownTensor(let file, _), .wrongShape(let file, _, _, _), .wrongElementType(let file, _, _, _), .notFinite(let file, _),
      .wrongKind(let file, _):
      file
    }
  }

  package var what: String {
    switch self {
    case .unreadable(_, let reason): "the model file cannot be read: \(reason)"
    case .unwritable(_, let reason): "the model file cannot be written: \(reason)"
    case .malformed(_, let reason): "this is not a sound safetensors file: \(reason)"
    case .altered: "its bytes are not those that were written: the checksum differs"
    case .missingTensor(_, let name): "the tensor \(name) is missing"
    case .unknownTensor(_, let name): "the network has no tensor \(name)"
    case .wrongShape(_, let name, let found, let expected): "the tensor \(name) has shape \(found), the network needs \(expected)"
    case .wrongElementType(_, let name, let found, let expected): "the tensor \(name) holds \(found), \(expected) is needed"
    case .notFinite(_, let name): "the tensor \(name) holds NaN or infinite values"
    case .wrongKind(_, let reason): reason
    }
  }

  package var remedy: String {
    switch self {
    case .unreadable: "Check that the file exists and may be read."
    case .unwritable: "Check free space and permissions of the folder."
    case .malformed, .altered: "Copy the file again from its source, or train again."
    case .missingTensor, .unknownTensor, .wrongShape, .wrongElementType: "Use the file with the configuration that it was trained with."
    case .notFinite: "Go back to an earlier checkpoint, or train again with a lower learning rate."
    case .wrongKind: "Give a model that ScanForge trained for this purpose."
    }
  }
}
