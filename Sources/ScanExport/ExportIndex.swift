package import ScanCatalog

/// Finds what an exported file was made from: every export is an artifact whose object is its `metadata.csv`.
package enum ExportIndex {
  /// - Parameter digest: SHA-256 of an exported file.
  /// - Returns: SHA-256 of the artifact in the catalog; nil when no recorded export wrote such a file.
  package static func artifactDigest(ofExported digest: ContentDigest, in catalog: Catalog) throws -> ContentDigest? {
    for export in try catalog.artifacts(ArtifactQuery(kinds: [.export])).reversed() {
      guard let object = export.sha256 else { continue }
      let text = String(decoding: try catalog.objects.read(object), as: UTF8.self)
      // Hashes stand in the second and the last column, and hexadecimal digits are never quoted.
      for line in text.split(separator: "\n") where line.contains(",\(digest.hex),") {
        if let last = line.split(separator: ",").last, let found = ContentDigest(hex: String(last)) { return found }
      }
    }
    return nil
  }
}
