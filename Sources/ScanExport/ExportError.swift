package import Diagnostics
package import ScanCatalog

/// Why an export was refused or failed.
package enum ExportError: ExplainedError, Equatable {
  case unknownFormat(String, known: [String])
  case nothingToExport(String)
  case folderNotOurs(String)
  case insideWorkspace
  /// Items that must not leave, with the reasons.
  case refused([ReleaseFinding])
  case needsMasks(String)
  /// The folder holds a format that another workspace wrote.
  case otherWorkspace(String)
  /// Another export writes to the folder.
  case busy
  case unreadableItem(number: Int)
  case mixedSeries
  case notARegularFile
  /// Look-alikes are to be left out, and not all pictures were compared.
  case notCompared

  /// Why items must not leave; empty for other errors.
  package var findings: [ReleaseFinding] { if case .refused(let findings) = self { findings } else { [] } }

  package var kind: FailureKind {
    switch self {
    case .unknownFormat, .nothingToExport, .folderNotOurs, .insideWorkspace, .needsMasks, .otherWorkspace, .notCompared: .request
    case .refused, .mixedSeries: .finding
    case .unreadableItem, .notARegularFile, .busy: .surroundings
    }
  }

  package var code: String {
    switch self {
    case .unknownFormat: "export.unknownFormat"
    case .nothingToExport: "export.nothing"
    case .folderNotOurs: "export.folderNotOurs"
    case .insideWorkspace: "export.insideWorkspace"
    case .refused: "export.refused"
    case .needsMasks: "export.needsMasks"
    case .otherWorkspace: "export.otherWorkspace"
    case .busy: "export.busy"
    case .unreadableItem: "export.unreadableItem"
    case .mixedSeries: "export.mixedSeries"
    case .notARegularFile: "export.notARegularFile"
    case .notCompared: "export.notCompared"
    }
  }

  package var what: String {
    switch self {
    case .unknownFormat(let name, _): "there is no export format \(name)"
    case .nothingToExport(let format): "no item of the workspace fits the query for \(format)"
    case .folderNotOurs(let name): "the output folder has a folder \(name) that no export made"
    case .insideWorkspace: "the output folder lies inside the workspace"
    case .refused(let findings): "\(findings.count) reasons forbid this export: \(ReleaseFinding.digest(findings))"
    case .needsMasks(let format): "\(format) needs masks, and no image that fits the query has one"
    case .otherWorkspace(let format):
      "the output folder has a folder \(format) that this workspace did not write, or that holds what was withdrawn since"
    case .busy: "another export is writing to the output folder"
    case .unreadableItem(let number): "the object of artifact \(number) cannot be written as this format's image"
    case .mixedSeries: "a series would hold real and synthetic images"
    case .notCompared: "look-alikes cannot be left out, since not all pictures were compared"
    case .notARegularFile: "the output folder holds something that is neither a file nor a folder"
    }
  }

  package var remedy: String {
    switch self {
    case .unknownFormat(_, let known): "Use one of \(known.joined(separator: ", "))."
    case .nothingToExport: "Look at scanforge catalog list, then change --query or --split, or ingest and generate first."
    case .folderNotOurs: "Choose another output folder, or move that folder away."
    case .insideWorkspace: "Choose a folder outside the workspace."
    case .refused(let findings): ReleaseFinding.remedies(findings)
    case .needsMasks: "Ingest the images with --mask-from folder:DIR or csv:FILE."
    case .otherWorkspace: "Choose another output folder, or remove that one and export it again from this workspace."
    case .busy: "Wait until it has ended."
    case .unreadableItem: "Run scanforge audit verify; when that finds nothing, leave the item out with --query."
    case .mixedSeries: "Export real and synthetic images separately with --query origin=…"
    case .notARegularFile: "Choose an empty output folder."
    case .notCompared: "Run scanforge audit splits first."
    }
  }
}
