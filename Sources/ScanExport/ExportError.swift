package import Diagnostics

/// Why an export was refused or failed.
package enum ExportError: ExplainedError, Equatable {
  case unknownFormat(String, known: [String])
  case nothingToExport(String)
  case folderNotOurs(String)
  case insideWorkspace
  case splitLeak(patients: [String], items: Int)
  case unreadableItem(number: Int)
  case mixedSeries
  case notARegularFile

  package var kind: FailureKind {
    switch self {
    case .unknownFormat, .nothingToExport, .folderNotOurs, .insideWorkspace: .request
    case .splitLeak, .mixedSeries: .finding
    case .unreadableItem, .notARegularFile: .surroundings
    }
  }

  package var code: String {
    switch self {
    case .unknownFormat: "export.unknownFormat"
    case .nothingToExport: "export.nothing"
    case .folderNotOurs: "export.folderNotOurs"
    case .insideWorkspace: "export.insideWorkspace"
    case .splitLeak: "export.splitLeak"
    case .unreadableItem: "export.unreadableItem"
    case .mixedSeries: "export.mixedSeries"
    case .notARegularFile: "export.notARegularFile"
    }
  }

  package var what: String {
    switch self {
    case .unknownFormat(let name, _): "there is no export format \(name)"
    case .nothingToExport(let format): "no item of the workspace fits the query for \(format)"
    case .folderNotOurs(let name): "the output folder has a folder \(name) that no export made"
    case .insideWorkspace: "the output folder lies inside the workspace"
    case .splitLeak(let patients, let items):
      "held-out patients reached \(items) items of another part (\(patients.prefix(3).joined(separator: ", "))\(patients.count > 3 ? " …" : ""))"
    case .unreadableItem(let number): "the object of artifact \(number) cannot be read as an image"
    case .mixedSeries: "a series would hold real and synthetic images"
    case .notARegularFile: "the output folder holds something that is neither a file nor a folder"
    }
  }

  package var remedy: String {
    switch self {
    case .unknownFormat(_, let known): "Use one of \(known.joined(separator: ", "))."
    case .nothingToExport: "Look at scanforge catalog list, then change --query or --split, or ingest and generate first."
    case .folderNotOurs: "Choose another output folder, or move that folder away."
    case .insideWorkspace: "Choose a folder outside the workspace."
    case .splitLeak: "Train again on the training part alone, generate anew, and leave the leaked items out with --query."
    case .unreadableItem: "Run scanforge audit verify."
    case .mixedSeries: "Export real and synthetic images separately with --query origin=…"
    case .notARegularFile: "Choose an empty output folder."
    }
  }
}
