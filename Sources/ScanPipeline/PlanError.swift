package import Diagnostics

/// Why a pipeline cannot run. Found before any scan is opened.
package enum PlanError: ExplainedError, Equatable {
  /// A position in the YAML file; lines and columns count from 1.
  package struct Position: Sendable, Equatable {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
      self.line = line
      self.column = column
    }
  }

  /// What a file is that cannot be read as a YAML file.
  package enum Unreadable: Sendable, Equatable { case missing, folder, notPermitted, notText, broken }

  case unreadable(file: String, Unreadable)
  case syntax(String, Position?)
  case unknownKey(String, in: String, known: [String], Position)
  case duplicateKey(String, in: String, Position)
  case missingKey(String, in: String, Position)
  case wrongType(key: String, expected: String, Position)
  case outOfRange(key: String, allowed: String, Position)
  case unknownStage(String, known: [String], Position)
  case needs(stage: String, what: String, remedy: String, Position)
  case noStages

  package var kind: FailureKind { if case .unreadable = self { .surroundings } else { .request } }

  package var code: String {
    switch self {
    case .unreadable: "pipeline.unreadable"
    case .syntax: "pipeline.syntax"
    case .unknownKey: "pipeline.unknownKey"
    case .duplicateKey: "pipeline.duplicateKey"
    case .missingKey: "pipeline.missingKey"
    case .wrongType: "pipeline.wrongType"
    case .outOfRange: "pipeline.outOfRange"
    case .unknownStage: "pipeline.unknownStage"
    case .needs: "pipeline.needs"
    case .noStages: "pipeline.noStages"
    }
  }

  package var position: Position? {
    switch self {
    case .unreadable, .noStages: nil
    case .syntax(_, let position): position
    case .unknownKey(_, _, _, let position), .duplicateKey(_, _, let position), .missingKey(_, _, let position),
      .wrongType(_, _, let position), .outOfRange(_, _, let position), .unknownStage(_, _, let position), .needs(_, _, _, let position):
      position
    }
  }

  package var place: String? {
    if case .unreadable(let file, _) = self { return file }
    return position.map { "line \($0.line):\($0.column)" }
  }

  package var what: String {
    switch self {
    case .unreadable(_, let why):
      switch why {
      case .missing: "The file does not exist"
      case .folder: "This is a folder, not a YAML file"
      case .notPermitted: "The file may not be read (permission denied)"
      case .notText: "The file is not UTF-8 text"
      case .broken: "The file cannot be read"
      }
    case .syntax(let text, _): "This is not valid YAML: \(text)"
    case .unknownKey(let key, let section, _, _): "\(section) has no key \(key)"
    case .duplicateKey(let key, let section, _): "\(section) has the key \(key) twice"
    case .missingKey(let key, let section, _): "\(section) needs the key \(key)"
    case .wrongType(let key, let expected, _): "\(key) must be \(expected)"
    case .outOfRange(let key, let allowed, _): "\(key) must be \(allowed)"
    case .unknownStage(let name, _, _): "There is no stage \(name)"
    case .needs(let stage, let what, _, _): "\(stage) needs \(what)"
    case .noStages: "The pipeline has no stages"
    }
  }

  package var remedy: String {
    switch self {
    case .unreadable(_, let why):
      switch why {
      case .missing: "Check the path."
      case .folder: "Name a file in it."
      case .notPermitted: "Change its permissions."
      case .notText: "Save it as UTF-8."
      case .broken: "Check the disk and the network mount, then try again."
      }
    case .syntax: "Mend the line; Pipelines/quickstart.yaml is a working example."
    case .unknownKey(_, _, let known, _): "Known keys: \(known.joined(separator: ", "))."
    case .duplicateKey: "Keep one of them."
    case .missingKey(let key, _, _): "Add \(key)."
    case .wrongType, .outOfRange: "Change the value."
    case .unknownStage(_, let known, _): "Known stages: \(known.joined(separator: ", "))."
    case .needs(_, _, let remedy, _): remedy
    case .noStages: "List at least ingest and deidentify under stages."
    }
  }
}
