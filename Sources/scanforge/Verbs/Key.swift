import ArgumentParser
import Foundation
import ScanCatalog
import ScanDeid

/// `scanforge key`: the secret behind all pseudonyms.
struct Key: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make, replace and tell apart pseudonym keys.",
    discussion:
      "The key decides every pseudonym, UID, date shift and split. Whoever has it can test whether a person is in a set: keep it apart from the data.",
    subcommands: [New.self, Rotate.self, Fingerprint.self])

  /// Which key file: the workspace's unless one is named.
  struct Place: ParsableArguments {
    @OptionGroup var common: CommonOptions

    @Option(help: "Key file (default: keys/pseudonym.key in the workspace).")
    var key: String?

    /// Records the use in the workspace's log, before anything is told. A key file of its own, or of a folder without a catalog, has no log.
    func record(_ act: KeyUse.Act, _ used: PseudonymKey, for purpose: String) throws {
      guard key == nil else { return }
      do {
        try Catalog.openForReading(at: common.workspaceURL).recordUse(of: used, act, for: purpose)
      } catch CatalogError.notAWorkspace {}
    }

    /// - Throws: `CatalogError.keyInUse` for the key of a workspace that has patients: they would be lost to everything that asks for the key.
    func checkNotInUse() throws {
      guard key == nil, let catalog = try? Catalog.openForReading(at: common.workspaceURL), let used = try catalog.patientsKey() else { return }
      throw CatalogError.keyInUse(used)
    }

    var path: String { key ?? common.workspaceURL.appendingPathComponent("keys/pseudonym.key").path }
  }

  struct Report: Encodable {
    let ok = true
    let fingerprint: String
    var previous: String?
  }

  struct New: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a key file (32 random bytes, mode 0600). Never replaces one.")
    @OptionGroup var place: Place

    func run() throws {
      try place.common.perform { console in
        try place.checkNotInUse()
        let key = PseudonymKey.random()
        try key.create(place.path)
        try place.record(.made, key, for: "key new")
        console.result(Report(fingerprint: key.fingerprint))
        console.say("New key, fingerprint \(key.fingerprint).")
        return true
      }
    }
  }

  struct Rotate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Put a new key in place; the old one stays beside it under its fingerprint.")
    @OptionGroup var place: Place

    func run() throws {
      try place.common.perform { console in
        try place.checkNotInUse()
        let (old, new) = try PseudonymKey.rotate(place.path)
        try place.record(.replaced, new, for: "key rotate")
        console.result(Report(fingerprint: new.fingerprint, previous: old.fingerprint))
        console.say("New key, fingerprint \(new.fingerprint). What was made with the old one (\(old.fingerprint)) is not continued by it.")
        return true
      }
    }
  }

  struct Fingerprint: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Tell keys apart: 16 digits that do not give the key away.")
    @OptionGroup var place: Place

    func run() throws {
      try place.common.perform { console in
        let key = try PseudonymKey.load(place.path)
        try place.record(.read, key, for: "key fingerprint")
        console.result(Report(fingerprint: key.fingerprint))
        console.say(key.fingerprint)
        return true
      }
    }
  }
}
