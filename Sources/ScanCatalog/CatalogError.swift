package import Diagnostics
import Glibc

/// What can go wrong with a workspace and its catalog.
package enum CatalogError: ExplainedError, Equatable {
  // Surroundings
  case notAWorkspace
  case folderNotEmpty
  case notAFolder
  case networkFileSystem(type: String)
  case workspaceBusy
  case diskFull
  case noPermission
  case readOnlyMedium
  case fileSystem(operation: String, code: Int32)
  case unreadable(reason: String)
  case newerSchema(found: Int, known: Int)
  case olderSchema
  case objectMissing(ContentDigest)
  /// Objects or anchors are there, the catalog is not.
  case catalogMissing
  case noSuchFile
  /// The use of the pseudonym key is an event, and the log cannot be written.
  case keyUseNotRecorded
  // Findings
  /// An event export that is cut, or has a line that no export has.
  case notAnEventExport(line: Int)
  /// The bytes of an object or a model are not the recorded ones.
  case objectModified(ContentDigest)
  // Requests
  case unknownQueryKey(String)
  case malformedQuery(String)
  case unknownArtifact(String)
  case ambiguousArtifact(String, count: Int)
  case noPatients
  case fractionsInvalid(String)
  case splitDiffers
  case patientInTwoSplits(Pseudonymized)
  case modelName(String)
  case noSuchModel(String)
  case modelTainted(String)
  case unknownPatient(Pseudonymized)
  case termsForbidTraining(terms: String, items: Int)
  case readOnlyStatement
  case malformedStatement(String)
  case tooManyRows(Int)
  /// The output is there already.
  case fileExists
  case catalogIsThere
  // Items
  case patientWithdrawn(Pseudonymized)
  /// The user asked the program to stop.
  case interrupted

  /// What should be a file is a folder, a pipe or a device.
  case notAFile
  /// The pseudonym key is not in `keys/`, or is another than the one, of this fingerprint, that the patients were named with.
  case keyGone(expected: String)
  case keyDiffers(expected: String)
  /// A new key for a workspace whose patients were named with this one.
  case keyInUse(String)

  /// A pseudonym's text; it is not an identity, so it may be printed.
  package typealias Pseudonymized = String

  /// The workspace may be asked and not written.
  package var isOfReadOnly: Bool { self == .noPermission || self == .readOnlyMedium }

  package var kind: FailureKind {
    switch self {
    case .notAWorkspace, .folderNotEmpty, .notAFolder, .networkFileSystem, .workspaceBusy, .diskFull, .noPermission, .readOnlyMedium, .fileSystem,
      .unreadable, .newerSchema, .olderSchema, .objectMissing, .catalogMissing, .noSuchFile, .notAFile, .keyUseNotRecorded:
      .surroundings
    case .unknownQueryKey, .malformedQuery, .unknownArtifact, .ambiguousArtifact, .noPatients, .fractionsInvalid, .splitDiffers,
      .patientInTwoSplits, .modelName, .noSuchModel, .modelTainted, .unknownPatient, .termsForbidTraining, .readOnlyStatement, .malformedStatement,
      .tooManyRows, .fileExists, .catalogIsThere, .keyGone, .keyDiffers, .keyInUse:
      .request
    case .patientWithdrawn, .interrupted: .item
    case .objectModified, .notAnEventExport: .finding
    }
  }

  package var code: String {
    switch self {
    case .notAWorkspace: "workspace.missing"
    case .folderNotEmpty: "workspace.folderNotEmpty"
    case .notAFolder: "workspace.notAFolder"
    case .networkFileSystem: "workspace.networkFileSystem"
    case .workspaceBusy: "workspace.busy"
    case .diskFull: "workspace.diskFull"
    case .noPermission: "workspace.noPermission"
    case .readOnlyMedium: "workspace.readOnly"
    case .fileSystem: "workspace.fileSystem"
    case .unreadable: "catalog.unreadable"
    case .newerSchema: "catalog.newerSchema"
    case .olderSchema: "catalog.olderSchema"
    case .objectMissing: "object.missing"
    case .catalogMissing: "catalog.missing"
    case .noSuchFile: "file.missing"
    case .notAFile: "file.kind"
    case .keyGone: "key.missing"
    case .keyDiffers: "key.other"
    case .keyInUse: "key.inUse"
    case .notAnEventExport: "events.malformed"
    case .tooManyRows: "catalog.tooManyRows"
    case .fileExists: "file.exists"
    case .catalogIsThere: "catalog.exists"
    case .keyUseNotRecorded: "key.useNotRecorded"
    case .objectModified: "object.modified"
    case .unknownQueryKey: "query.unknownKey"
    case .malformedQuery: "query.malformed"
    case .unknownArtifact: "artifact.unknown"
    case .ambiguousArtifact: "artifact.ambiguous"
    case .noPatients: "split.noPatients"
    case .fractionsInvalid: "split.fractionsInvalid"
    case .splitDiffers: "split.differs"
    case .patientInTwoSplits: "split.patientInTwo"
    case .modelName: "model.name"
    case .noSuchModel: "model.unknown"
    case .modelTainted: "model.tainted"
    case .unknownPatient: "patient.unknown"
    case .termsForbidTraining: "terms.forbidTraining"
    case .readOnlyStatement: "catalog.readOnly"
    case .malformedStatement: "catalog.malformedStatement"
    case .patientWithdrawn: "patient.withdrawn"
    case .interrupted: "run.interrupted"
    }
  }

  package var what: String {
    switch self {
    case .notAWorkspace: "the workspace has no catalog"
    case .folderNotEmpty: "the folder holds other files and is not a workspace"
    case .notAFolder: "the workspace path is not a folder"
    case .networkFileSystem(let type): "the workspace lies on a network file system (\(type)), where SQLite's locks do not hold"
    case .workspaceBusy: "another scanforge is writing to this workspace"
    case .diskFull: "the disk is full"
    case .readOnlyMedium: "what would be written lies on a read-only file system"
    case .noPermission: "no permission to read or write the workspace"
    case .fileSystem(let operation, let code): "\(operation) failed (\(String(cString: strerror(code))))"
    case .unreadable(let reason): "the catalog cannot be read: \(reason)"
    case .newerSchema(let found, let known): "the catalog has schema version \(found), this program knows \(known)"
    case .olderSchema: "an older scanforge made the catalog, which lacks a table that this question needs"
    case .objectMissing(let digest): "the object \(digest) is not in the workspace"
    case .keyUseNotRecorded: "reading the pseudonym key has to be recorded, and the catalog cannot be written"
    case .catalogMissing: "the workspace has objects or anchors and no catalog.sqlite"
    case .noSuchFile: "there is no such file"
    case .notAFile: "this is no regular file"
    case .keyGone(let expected): "the pseudonym key that this workspace's patients were named with (fingerprint \(expected)) is not in keys/"
    case .keyDiffers(let expected): "the pseudonym key in keys/ is not the one that this workspace's patients were named with (fingerprint \(expected))"
    case .keyInUse(let fingerprint): "this workspace's patients were named with the key \(fingerprint)"
    case .notAnEventExport(let line): "line \(line) of the file is not one of an event export"
    case .tooManyRows(let limit): "the statement gives more than \(limit) rows"
    case .fileExists: "the output file is there already"
    case .catalogIsThere: "the workspace has a catalog that can be read"
    case .objectModified(let digest): "the bytes recorded as \(digest) were changed"
    case .unknownQueryKey(let key): "the query key \(key) is not known"
    case .malformedQuery(let text): "the query part \(text) is not of the form key=value"
    case .unknownArtifact(let text): "nothing is recorded for \(text)"
    case .ambiguousArtifact(let text, let count): "\(text) stands for \(count) different objects"
    case .noPatients: "there are no patients to split"
    case .fractionsInvalid(let text): "the fractions \(text) do not add up to 1"
    case .splitDiffers: "this workspace is already split with other fractions or another seed"
    case .patientInTwoSplits(let pseudonym): "patient \(pseudonym) would be in two splits"
    case .modelName(let name): "\(name) cannot be the name of a model"
    case .noSuchModel(let name): "there is no model named \(name)"
    case .modelTainted(let name): "the model \(name) learned from a patient who has withdrawn"
    case .unknownPatient(let pseudonym): "the catalog knows no patient \(pseudonym)"
    case .termsForbidTraining(let terms, let items): "the terms \(terms) of \(items) images forbid training"
    case .readOnlyStatement: "the statement is none that reads"
    case .malformedStatement(let message): "SQLite refuses the statement: \(message)"
    case .patientWithdrawn(let pseudonym): "patient \(pseudonym) has withdrawn"
    case .interrupted: "stopped on request; nothing was changed"
    }
  }

  package var remedy: String {
    switch self {
    case .notAWorkspace: "Make one with scanforge init, or name another with --workspace."
    case .folderNotEmpty: "Choose an empty or a new folder."
    case .notAFolder: "Choose a folder."
    case .networkFileSystem: "Choose a folder on a local disk."
    case .workspaceBusy: "Wait until it has ended, or use another workspace."
    case .diskFull: "Free some space and run the same command again; nothing half-written counts."
    case .readOnlyMedium: "Copy the workspace to a disk that can be written, or mount this one for writing; questions are answered as it is."
    case .noPermission: "Check owner and mode of the workspace folder."
    case .fileSystem: "Check the disk and the mode of the workspace folder."
    case .unreadable: "Restore catalog.sqlite from a backup, then run scanforge audit verify."
    case .newerSchema: "Use a newer scanforge."
    case .olderSchema: "Bring it up to date with scanforge init --workspace DIR, which changes no row."
    case .objectMissing: "Run scanforge audit verify to see what else is missing."
    case .keyUseNotRecorded: "Use the workspace where it may be written, or give --key FILE to verbs that have it."
    case .catalogMissing: "Put a backup of catalog.sqlite back, or run scanforge catalog rebuild with an event export."
    case .noSuchFile: "Check the path."
    case .notAFile: "Give the path of a file."
    case .keyGone: "Put it back as keys/pseudonym.key; under another key every patient would count as a new one."
    case .keyDiffers: "Put the earlier key back as keys/pseudonym.key, or start a new workspace: under another key every patient would count as a new one."
    case .keyInUse: "Start a new workspace for a new key: under another one every patient would count as new, and none could be withdrawn."
    case .notAnEventExport: "Give a whole file that scanforge catalog events wrote."
    case .tooManyRows: "Add a LIMIT, or open a backup of the catalog with sqlite3."
    case .fileExists: "Choose another name; nothing is written over."
    case .catalogIsThere: "Run scanforge audit verify; give --replace to put the rebuilt one in its place (the old one is kept beside it)."
    case .objectModified: "Run scanforge audit verify to see what else was changed; nothing is made from changed bytes."
    case .unknownQueryKey: "Use label, split, origin, kind, modality or run."
    case .malformedQuery: "Write for example label=AbdomenCT,split=train."
    case .unknownArtifact: "Give a SHA-256 (at least 4 digits) or a file that ScanForge made; see scanforge catalog list."
    case .ambiguousArtifact: "Give more digits of the SHA-256."
    case .noPatients: "Run scanforge ingest first."
    case .fractionsInvalid: "Write for example --train 0.8 --test 0.2."
    case .splitDiffers: "A split never changes: use the recorded fractions and seed, or a new workspace."
    case .patientInTwoSplits: "Give all images of a patient the same split."
    case .modelName: "Use letters, digits, dot, dash and underscore."
    case .noSuchModel: "List them with scanforge catalog list --kind model."
    case .modelTainted: "Train it again without that patient (scanforge train --replace)."
    case .unknownPatient: "Give a pseudonym (P and 16 digits) or a patient number of this workspace; see scanforge catalog list. Whoever withdrew is known by number alone."
    case .termsForbidTraining: "Leave these images out with --data; scanforge audit terms lists them."
    case .readOnlyStatement: "Use SELECT; the catalog is written by scanforge alone."
    case .malformedStatement: "Correct the SQL; docs/cli.md lists tables and columns."
    case .patientWithdrawn: "Leave this patient's files out."
    case .interrupted: "Run the same command again."
    }
  }
}
