import ScanModel

/// Which fragments make a frame, and the offset tables that say so. PS3.5 section A.4.
///
/// An offset table is kept only when each number in it is the offset of a fragment: nothing else can stand in it.
struct FragmentGroups {
  /// Fragments of each frame, as indices of items; item 0 is the Basic Offset Table.
  let ranges: [Range<Int>]
  /// The Basic Offset Table to write; nil when the dataset has no item for it.
  let table: [UInt8]?
  /// Offset and length of each frame, for the Extended Offset Table; nil when a frame has several fragments.
  let extended: (offsets: [UInt8], lengths: [UInt8])?

  static func make(_ items: [[UInt8]], frames: Int) -> FragmentGroups {
    guard let table = items.first, items.count > 1 else {
      return FragmentGroups(ranges: [], table: items.isEmpty ? nil : [], extended: nil)
    }
    let offsets = offsets(of: items)
    let all = 1..<items.count
    if all.count == frames {
      // A table that is there stays one.
      let own = table.isEmpty ? [] : littleEndian(offsets, bytes: 4)
      let lengths = all.map { items[$0].count }
      return FragmentGroups(
        ranges: all.map { $0..<$0 + 1 }, table: own, extended: (littleEndian(offsets, bytes: 8), littleEndian(lengths, bytes: 8)))
    }
    if let starts = starts(table, offsets), starts.count == frames {
      return FragmentGroups(ranges: ranges(starts, all), table: table, extended: nil)
    }
    if frames == 1 { return FragmentGroups(ranges: [all], table: table.isEmpty ? [] : [0, 0, 0, 0], extended: nil) }
    return FragmentGroups(ranges: ranges(all.filter { begins(items[$0]) || $0 == 1 }, all), table: [], extended: nil)
  }

  /// Where the fragments begin: bytes from the first one's item tag; every item has eight bytes before its value.
  private static func offsets(of items: [[UInt8]]) -> [Int] {
    var offset = 0
    return items.dropFirst().map { item in
      defer { offset += 8 + item.count + item.count % 2 }
      return offset
    }
  }

  /// The items at which the table says that frames begin; nil when it says something else.
  private static func starts(_ table: [UInt8], _ offsets: [Int]) -> [Int]? {
    guard !table.isEmpty, table.count % 4 == 0 else { return nil }
    let indices = Dictionary(uniqueKeysWithValues: offsets.enumerated().map { ($0.element, $0.offset + 1) })
    var starts: [Int] = []
    for entry in stride(from: 0, to: table.count, by: 4) {
      let offset = (0..<4).reduce(0) { $0 | Int(table[entry + $1]) << (8 * $1) }
      guard let index = indices[offset], index > starts.last ?? 0 else { return nil }
      starts.append(index)
    }
    return starts.first == 1 ? starts : nil
  }

  private static func ranges(_ starts: [Int], _ all: Range<Int>) -> [Range<Int>] {
    starts.indices.map { starts[$0]..<($0 + 1 < starts.count ? starts[$0 + 1] : all.upperBound) }
  }

  private static func begins(_ fragment: [UInt8]) -> Bool {
    fragment.starts(with: [0xFF, 0xD8]) || fragment.starts(with: [0xFF, 0x4F]) || fragment.starts(with: [0, 0, 0, 12, 0x6A, 0x50])
  }

  private static func littleEndian(_ numbers: [Int], bytes: Int) -> [UInt8] {
    numbers.flatMap { number in (0..<bytes).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
  }

  static let extendedOffsetTable = Tag(0x7FE0, 0x0001)
  static let extendedOffsetTableLengths = Tag(0x7FE0, 0x0002)
  static let encapsulatedTotalLength = Tag(0x7FE0, 0x0003)

  /// Writes the tables beside Pixel Data anew; those that do not say where the frames are go.
  ///
  /// - Returns: whether one of them was another before.
  static func mendTables(of dataset: inout Dataset) -> Bool {
    let old = [extendedOffsetTable, extendedOffsetTableLengths, encapsulatedTotalLength].map { dataset[$0] }
    guard old.contains(where: { $0 != nil }) else { return false }
    var new: [[UInt8]?] = [nil, nil, nil]
    if case .fragments(let items)? = dataset[.pixelData]?.value {
      let groups = make(items, frames: dataset.frameCount.frames)
      if let extended = groups.extended, groups.table == [] { new = [extended.offsets, extended.lengths, nil] }
      new[2] = littleEndian([items.dropFirst().reduce(0) { $0 + $1.count + $1.count % 2 }], bytes: 8)
    }
    for (element, bytes) in zip(old, new) {
      guard let element else { continue }
      // A pair or nothing: offsets without lengths are of no use (PS3.3 section C.7.6.3.1.8).
      let isPair = element.tag == encapsulatedTotalLength || (old[0] != nil && old[1] != nil)
      if let bytes, isPair {
        dataset.set(Element(element.tag, element.tag == encapsulatedTotalLength ? .UV : .OV, .bytes(bytes)))
      } else {
        dataset.remove(element.tag)
      }
    }
    return zip([extendedOffsetTable, extendedOffsetTableLengths, encapsulatedTotalLength], old).contains { dataset[$0] != $1 }
  }
}
