import Foundation
import GRDB

extension Catalog {
  /// Role of the edge from a mask to the image that it outlines.
  package static let maskRole = "outlines"

  /// The masks that can be used, by the image they belong to; of several the last.
  package func masks(of images: [ArtifactID]) throws -> [ArtifactID: ArtifactRecord] {
    let seeds = CanonicalJSON.array(images.map { .integer($0.rawValue) }).text
    return try read { db in
      var found: [ArtifactID: ArtifactRecord] = [:]
      for row in try Row.fetchAll(db, sql: MaskPairs.sql, arguments: [seeds, Self.maskRole]) {
        found[ArtifactID(rawValue: row["image"])] = try ArtifactRecord(row: row)
      }
      return found
    }
  }
}

package enum MaskPairs {
  /// Active masks below the images of a JSON array, by id.
  package static let sql = """
    SELECT s.value AS image, \(ArtifactRecord.columns) FROM json_each(?) s CROSS JOIN derivation d ON d.parent = s.value
    CROSS JOIN artifact a ON a.id = d.child LEFT JOIN patient p ON p.id = a.patient_id
    WHERE d.role = ? AND a.kind = 'mask' AND a.state = 'active' ORDER BY a.id
    """
}
