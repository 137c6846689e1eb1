import ScanCatalog
import ScanModel

extension ExportItem {
  /// What the generator of this image was told beside the label; empty for any other image.
  var toldAttributes: [ScanAttribute: String] {
    var values: [ScanAttribute: String] = [:]
    for attribute in record.attributes.conditions { values[attribute] = record.attributes[attribute] }
    return values
  }

  /// The same by column.
  var attributeColumns: [String: CanonicalJSON] { Dictionary(uniqueKeysWithValues: toldAttributes.map { ($0.column, .string($1)) }) }
}
