import ScanCatalog

/// How many files an export has of each part, label and origin.
struct ExportTally {
  struct Row: Equatable {
    let part: String
    let label: String
    let origin: String
    let count: Int
  }

  /// Sorted by part, label, origin.
  let rows: [Row]

  init(_ files: [ExportedFile]) {
    var counts: [[String]: Int] = [:]
    for file in files { counts[[file.item.part, file.item.labelName, file.item.record.origin.rawValue], default: 0] += 1 }
    rows = counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
      Row(part: $0.key[0], label: $0.key[1], origin: $0.key[2], count: $0.value)
    }
  }
}
