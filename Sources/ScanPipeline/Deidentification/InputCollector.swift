package import Diagnostics
import Foundation

/// A file to read, with its place in the batch.
package struct InputItem: Sendable {
  /// From 1, in the order of the batch; names the item in messages.
  package let number: Int
  package let path: Redacted<String>
  /// Its path below the folder that was named, or its file name when it was named itself.
  package let relativePath: Redacted<String>

  package init(number: Int, path: Redacted<String>, relativePath: Redacted<String>) {
    self.number = number
    self.path = path
    self.relativePath = relativePath
  }
}

/// What a collection passed over, as counts.
package struct SkippedInputs: Sendable, Equatable, Codable {
  /// Names that begin with a dot.
  package var hidden = 0
  /// DICOM directories, by name.
  package var directories = 0
  /// Tables: those that the request names, and what `generate` leaves beside its images.
  package var tables = 0
  /// Symbolic links, pipes and devices inside folders.
  package var special = 0
  /// Files that were named or reached twice.
  package var repeated = 0
  /// Files and folders inside folders whose names are not UTF-8.
  package var unreadableNames = 0
  /// ScanForge workspaces: folders that hold `catalog.sqlite` and `objects/`.
  package var workspaces = 0

  package init() {}

  /// The counts above zero in words, those that may lack a scan first.
  package var words: [String] { unusual + SkippedInputs.worded([(hidden, "hidden"), (directories, "DICOMDIR"), (tables, tables == 1 ? "table" : "tables")]) }

  /// One sentence when more than hidden files and DICOM directories was passed over.
  package var warning: String? {
    unusual.isEmpty ? nil : "passed over and not read: " + unusual.joined(separator: ", ")
  }

  private var unusual: [String] {
    SkippedInputs.worded([
      (unreadableNames, "with names that are not UTF-8 (rename them to have them read)"),
      (workspaces, workspaces == 1 ? "ScanForge workspace" : "ScanForge workspaces"),
      (special, "links or devices"), (repeated, "named twice"),
    ])
  }

  private static func worded(_ counts: [(Int, String)]) -> [String] { counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" } }
}

/// Finds the files of a batch: named files, and all files below named folders, in byte order of their relative paths.
///
/// What is named is followed, also a symbolic link. Inside folders links are not followed: nothing outside what was named is read, and no
/// loop can form. Hidden files, DICOMDIR, tables, ScanForge workspaces and names that are not UTF-8 are passed over and counted.
package enum InputCollector {
  /// - Parameter tables: files that are no scans wherever they lie.
  /// - Throws: `InputError.missing`, `.denied`, `.empty`.
  package static func collect(_ inputs: [String], tables: [String] = []) throws(InputError) -> (items: [InputItem], skipped: SkippedInputs) {
    var walk = Walk(tables: tables)
    for (index, input) in inputs.enumerated() { try walk.add(input, position: index + 1) }
    guard !walk.found.isEmpty else { throw .empty }
    let items = walk.found.enumerated().map {
      InputItem(number: $0.offset + 1, path: Redacted($0.element.path), relativePath: Redacted($0.element.relative))
    }
    return (items, walk.skipped)
  }

  private struct FileID: Hashable {
    let device: UInt64
    let inode: UInt64

    init(_ status: stat) { (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino)) }
  }

  private struct Walk {
    var found: [(path: String, relative: String)] = []
    var skipped = SkippedInputs()
    private var seen: Set<FileID> = []
    private let tables: Set<FileID>

    init(tables: [String]) {
      self.tables = Set(
        tables.compactMap { path in
          var status = stat()
          return stat(path, &status) == 0 ? FileID(status) : nil
        })
    }

    mutating func add(_ input: String, position: Int) throws(InputError) {
      var status = stat()
      guard stat(input, &status) == 0 else { throw errno == EACCES ? .denied(position: position) : .missing(position: position) }
      if status.st_mode & S_IFMT == S_IFDIR {
        var files: [(path: String, relative: String, id: FileID)] = []
        guard try walk(input, "", &files, position: position) else { throw .denied(position: position) }
        for file in files.sorted(by: { $0.relative.utf8.lexicographicallyPrecedes($1.relative.utf8) }) {
          take(file.path, file.relative, file.id)
        }
      } else {
        take(input, (input as NSString).lastPathComponent, FileID(status))
      }
    }

    private mutating func take(_ path: String, _ relative: String, _ id: FileID) {
      if tables.contains(id) { return skipped.tables += 1 }
      if seen.insert(id).inserted { found.append((path, relative)) } else { skipped.repeated += 1 }
    }

    /// - Returns: false when the folder cannot be read.
    private mutating func walk(
      _ folder: String, _ relative: String, _ files: inout [(path: String, relative: String, id: FileID)], position: Int
    ) throws(InputError) -> Bool {
      guard let entries = FolderEntries(of: folder) else { return false }
      if entries.isWorkspace {
        skipped.workspaces += 1
        return true
      }
      skipped.hidden += entries.hidden
      skipped.unreadableNames += entries.unreadable
      for name in entries.names {
        let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
        let below = relative.isEmpty ? name : relative + "/" + name
        var status = stat()
        guard lstat(path, &status) == 0 else {
          // A file that is gone by now is none; anything else is told.
          if errno == EACCES { throw .denied(position: position) }
          if errno != ENOENT { skipped.special += 1 }
          continue
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: guard try walk(path, below, &files, position: position) else { throw .denied(position: position) }
        case S_IFREG where name.uppercased() == "DICOMDIR": skipped.directories += 1
        case S_IFREG where name == AttributeSheet.fileName: skipped.tables += 1
        case S_IFREG: files.append((path, below, FileID(status)))
        default: skipped.special += 1
        }
      }
      return true
    }
  }
}

/// What is wrong with the inputs or outputs that a request names. Positions, not paths: paths may hold names.
package enum InputError: ExplainedError, Equatable {
  case missing(position: Int)
  case denied(position: Int)
  case empty
  /// The output folder is the input folder, or inside it.
  case outputInsideInput(position: Int)
  /// The key or the mapping would travel with the output.
  case secretInsideOutput
  /// The key or the mapping lies inside an input folder.
  case secretInsideInput(position: Int)
  /// The output folder holds what another key or other options gave.
  case outputOfAnotherRequest(differences: [String])
  /// A run without a lasting key cannot continue an earlier one.
  case outputNotEmpty

  package var kind: FailureKind {
    switch self {
    case .missing, .denied, .empty: .surroundings
    case .outputInsideInput, .secretInsideOutput, .secretInsideInput, .outputOfAnotherRequest, .outputNotEmpty: .request
    }
  }

  package var code: String {
    switch self {
    case .missing: "input.missing"
    case .denied: "input.denied"
    case .empty: "input.empty"
    case .outputInsideInput: "output.insideInput"
    case .secretInsideOutput: "output.holdsSecret"
    case .secretInsideInput: "input.holdsSecret"
    case .outputOfAnotherRequest: "output.otherRequest"
    case .outputNotEmpty: "output.notEmpty"
    }
  }

  package var what: String {
    switch self {
    case .missing: "the file or folder does not exist"
    case .denied: "the file or folder may not be read (permission denied)"
    case .empty: "there is no file to read"
    case .outputInsideInput: "the output folder is this input folder or lies inside it"
    case .secretInsideOutput: "the key or the mapping would lie inside the output folder and travel with it"
    case .secretInsideInput: "the key or the mapping lies inside this input folder and would be read as a scan"
    case .outputOfAnotherRequest(let differences):
      "the output folder holds the results of another request, which differs in \(differences.joined(separator: ", "))"
    case .outputNotEmpty: "the output folder is not empty, and without --key a run cannot continue an earlier one"
    }
  }

  package var place: String? {
    switch self {
    case .missing(let position), .denied(let position), .outputInsideInput(let position), .secretInsideInput(let position): "input \(position)"
    default: nil
    }
  }

  package var remedy: String {
    switch self {
    case .missing: "Check the path."
    case .denied: "Give yourself read permission, or run as a user who has it."
    case .empty: "Name files, or folders that hold DICOM, TIFF or PNG files; hidden files, links, ScanForge workspaces and names that are not UTF-8 do not count."
    case .outputInsideInput: "Choose an output folder outside all inputs."
    case .secretInsideOutput, .secretInsideInput: "Keep the key and the mapping in a private folder elsewhere."
    case .outputOfAnotherRequest: "Choose another output folder, or repeat the earlier request as it was: every file would get a second copy beside the first."
    case .outputNotEmpty: "Choose an empty folder, or keep a key with --key FILE."
    }
  }
}
