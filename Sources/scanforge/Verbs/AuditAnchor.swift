import ArgumentParser
import Foundation
import ScanCatalog

struct AuditAnchorVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "anchor", abstract: "Write a signed head of the event log, to be kept elsewhere.",
    discussion: """
      Whoever holds the file can tell with audit verify --anchor whether the history up to now was rewritten, cut or set back. Keep it where \
      the owner of the workspace cannot change it, and note the fingerprint. A copy goes into anchors/, as at the end of each run.
      """)

  @Argument(help: "File to write. An older anchor of this workspace is replaced; nothing else is.") var file: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try common.perform { console in
      let url = URL(fileURLWithPath: file)
      let (catalog, anchor) = try sign()
      try catalog.write(anchor, to: url)
      console.say("Signed event \(anchor.sequence), hash \(anchor.head).")
      console.say("Key fingerprint \(anchor.signer.fingerprint). Note it, and keep the file where the workspace's owner cannot change it.")
      let keys = try catalog.signerCount()
      if keys > 1 { console.say("The workspace has had \(keys) signing keys: who noted an earlier fingerprint has to be told of this one.") }
      console.result([
        "ok": CanonicalJSON.bool(true), "seq": .integer(anchor.sequence), "head": .string(anchor.head.hex),
        "fingerprint": .string(anchor.signer.fingerprint), "anchor": anchor.json,
      ])
      return true
    }
  }

  /// Opened for reading first, so that a long training is not waited for; an older workspace has to record a signing key once.
  private func sign() throws -> (Catalog, Anchor) {
    do {
      let catalog = try Catalog.openForReading(at: common.workspaceURL)
      return (catalog, try catalog.makeAnchor())
    } catch AnchorError.signingKeyNotRecorded {
      let catalog = try Catalog(Workspace.open(at: common.workspaceURL), mode: .readWrite)
      return (catalog, try catalog.makeAnchor())
    }
  }
}
