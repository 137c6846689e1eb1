import ArgumentParser
import Foundation
import ScanCatalog
import ScanExport

struct AuditVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Prove what is in the workspace and where it came from.",
    subcommands: [
      AuditVerifyVerb.self, AuditAnchorVerb.self, AuditLineageVerb.self, AuditPatientVerb.self, AuditSplitsVerb.self, AuditTermsVerb.self,
      AuditWithdrawVerb.self,
    ])
}

/// What a user calls an artifact: a SHA-256 (or its beginning), a file that ScanForge stored, or one that it exported.
enum ArtifactName {
  static func resolve(_ text: String, in catalog: Catalog) throws -> [ArtifactRecord] {
    guard FileManager.default.fileExists(atPath: text) else { return try catalog.artifacts(sha256Prefix: text) }
    let (digest, _) = try ObjectStore.digest(of: URL(fileURLWithPath: text))
    let stored = try catalog.artifacts(sha256: digest)
    if !stored.isEmpty { return stored }
    if let source = try ExportIndex.artifactDigest(ofExported: digest, in: catalog) { return try catalog.artifacts(sha256: source) }
    throw CatalogError.unknownArtifact("the file with SHA-256 \(digest)")
  }
}
