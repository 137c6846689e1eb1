package import ScanModel

/// PS3.15 Table E.3.10-1: private attributes that are known not to identify.
package enum SafePrivateAttributes {
  /// VR of the safe attribute `element` of `creator`'s block; nil when it is not in the table. UN where the table leaves the VR open.
  ///
  /// - Parameter element: the low byte of the element number; the high byte is the block that the file reserved.
  package static func vr(creator: String, group: UInt16, element: UInt8) -> VR? {
    parsed[creator]?[UInt32(group) << 8 | UInt32(element)]
  }

  package static var count: Int { parsed.values.reduce(0) { $0 + $1.count } }

  private static let parsed: [String: [UInt32: VR]] = {
    var table: [String: [UInt32: VR]] = [:]
    for record in TableText.records(rows) {
      let fields = record.split(separator: "|")
      for entry in fields[1].split(separator: " ") {
        let sides = entry.split(separator: ":")
        guard let address = UInt32(sides[0], radix: 16) else { preconditionFailure("Table E.3.10-1: \(entry)") }
        table[String(fields[0]), default: [:]][address] = sides.count > 1 ? VR(rawValue: String(sides[1].prefix(2))) ?? .UN : .UN
      }
    }
    return table
  }()
}
