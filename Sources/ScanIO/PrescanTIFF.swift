import ScanModel

/// TIFF 6.0 and BigTIFF in both byte orders: directories, entries, strips and tiles.
///
/// Faults of page 0 refuse the file. A later page that looks like page 0 is a frame of the same image, and its faults are noted for whoever
/// decodes it; faults of other pages and of sub-directories are warnings.
enum PrescanTIFF {
  static func hasSignature(_ bytes: PrescanBytes) -> Bool {
    let heads: [[UInt8]] = [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]]
    return heads.contains { bytes.begins(with: $0) }
  }

  static func scan(_ bytes: PrescanBytes, limits: PrescanLimits) throws(PrescanError) -> PrescanReport {
    var report = PrescanReport(format: .tiff)
    let layout = TIFFLayout(isBigEndian: bytes.byte(at: 0) == 0x4D, isBig: bytes.byte(at: 2) == 43 || bytes.byte(at: 3) == 43)
    if layout.isBig {
      guard let width = bytes.word16(at: 4, bigEndian: layout.isBigEndian) else { throw .truncated(.tiff, place: "header") }
      guard width == 8 else { throw .structure(.tiff, place: "header") }
    }
    guard let first = layout.offset(bytes, at: layout.isBig ? 8 : 4) else { throw .truncated(.tiff, place: "header") }
    guard first > 0 else { throw .structure(.tiff, place: "header") }

    let page = try TIFFDirectory.read(bytes, at: first, layout, limits: limits)
    report.count = 1
    var parts = limits.entries
    report.geometry = try PrescanTIFFPage(page, number: 0, bytes, layout).check(limits: limits, parts: &parts, report: &report)
    if !page.isWhole { report.warn(.truncated) }
    walkRest(bytes, after: page, layout, limits: limits, report: &report)
    return report
  }

  /// Later pages and sub-directories, breadth first, each offset once: a loop ends here.
  private static func walkRest(
    _ bytes: PrescanBytes, after page: TIFFDirectory, _ layout: TIFFLayout, limits: PrescanLimits, report: inout PrescanReport
  ) {
    var visited: Set<Int> = [page.offset]
    var queue = page.successors(bytes, layout, limits: limits)
    var index = 0
    var entries = page.entries.count
    // Strips and tiles of later pages that are looked at; page 0 has been looked at in full.
    var parts = limits.entries
    while index < queue.count {
      let (offset, role) = queue[index]
      index += 1
      guard visited.insert(offset).inserted else {
        report.warn(.decoder)
        continue
      }
      guard report.count < limits.directories, entries < limits.entries else {
        report.warn(.decoder)
        return
      }
      report.count += 1
      if role == .subImage { report.warn(.morePages) }
      do throws(PrescanError) {
        let directory = try TIFFDirectory.read(bytes, at: offset, layout, limits: limits)
        entries += directory.entries.count
        queue += directory.successors(bytes, layout, limits: limits, isPage: role == .page).prefix(max(0, limits.directories - queue.count))
        if !directory.isWhole { report.warn(.truncated) }
        switch role {
        case .page:
          report.pages += 1
          let image = PrescanTIFFPage(directory, number: report.pages - 1, bytes, layout)
          guard image.hasSize(of: report.geometry) else {
            report.warn(.morePages)
            break
          }
          do throws(PrescanError) {
            if try image.check(limits: limits, parts: &parts, report: &report) == report.geometry { report.pagesAlike += 1 } else { report.warn(.morePages) }
          } catch {
            report.pageFault = report.pageFault ?? error
            throw error
          }
        case .subImage: _ = try PrescanTIFFPage(directory, number: nil, bytes, layout).check(limits: limits, parts: &parts, report: &report)
        case .metadata: break
        }
      } catch {
        if case .truncated = error { report.warn(.truncated) } else { report.warn(.decoder) }
      }
    }
  }
}

/// Byte order and width of offsets.
struct TIFFLayout {
  let isBigEndian: Bool
  let isBig: Bool

  var entrySize: Int { isBig ? 20 : 12 }
  var inlineBytes: Int { isBig ? 8 : 4 }

  /// An offset or count of the layout's width; nil outside the file or beyond `Int.max`.
  func offset(_ bytes: PrescanBytes, at position: Int) -> Int? {
    isBig
      ? bytes.word64(at: position, bigEndian: isBigEndian).flatMap { Int(exactly: $0) }
      : bytes.word32(at: position, bigEndian: isBigEndian).map(Int.init)
  }
}

/// One directory entry with its values' place.
struct TIFFEntry {
  let type: UInt16
  let count: Int
  /// Where the values lie; nil when that is outside the file.
  let values: Int?

  static func width(of type: UInt16) -> Int? {
    switch type {
    case 1, 2, 6, 7: 1
    case 3, 8: 2
    case 4, 9, 11, 13: 4
    case 5, 10, 12, 16, 17, 18: 8
    default: nil
    }
  }

  /// Value `index` as a non-negative integer; nil for other types and outside the file.
  func integer(_ index: Int, _ bytes: PrescanBytes, _ layout: TIFFLayout) -> Int? {
    guard index >= 0, index < count, let values, let width = TIFFEntry.width(of: type) else { return nil }
    let (distance, overflow) = index.multipliedReportingOverflow(by: width)
    guard !overflow, distance <= Int.max - values else { return nil }
    let position = values + distance
    switch type {
    case 1: return bytes.byte(at: position).map(Int.init)
    case 3: return bytes.word16(at: position, bigEndian: layout.isBigEndian).map(Int.init)
    case 4, 13: return bytes.word32(at: position, bigEndian: layout.isBigEndian).map(Int.init)
    case 16, 18: return bytes.word64(at: position, bigEndian: layout.isBigEndian).flatMap { Int(exactly: $0) }
    default: return nil
    }
  }
}

/// One image file directory.
struct TIFFDirectory {
  let offset: Int
  let entries: [UInt16: TIFFEntry]
  /// Offset of the next page; 0 at the end.
  let next: Int
  /// Every entry's values and the offset of the next page lie inside the file.
  let isWhole: Bool

  static func read(_ bytes: PrescanBytes, at offset: Int, _ layout: TIFFLayout, limits: PrescanLimits) throws(PrescanError) -> TIFFDirectory
  {
    let countBytes = layout.isBig ? 8 : 2
    guard bytes.holds(countBytes, at: offset) else { throw .truncated(.tiff, place: "directory") }
    let count: Int
    if layout.isBig {
      guard let wide = layout.offset(bytes, at: offset) else { throw .structure(.tiff, place: "directory") }
      count = wide
    } else {
      count = bytes.word16(at: offset, bigEndian: layout.isBigEndian).map(Int.init) ?? 0
    }
    guard count > 0 else { throw .structure(.tiff, place: "directory") }
    guard count <= limits.directoryEntries else { throw .tooMany(.tiff, what: .entries, limit: limits.directoryEntries) }
    let start = offset + countBytes
    guard bytes.holds(count * layout.entrySize, at: start) else { throw .truncated(.tiff, place: "directory") }
    var entries: [UInt16: TIFFEntry] = [:]
    var isWhole = true
    for index in 0..<count {
      let position = start + index * layout.entrySize
      guard let tag = bytes.word16(at: position, bigEndian: layout.isBigEndian),
        let type = bytes.word16(at: position + 2, bigEndian: layout.isBigEndian)
      else { throw .truncated(.tiff, place: "directory") }
      // An unknown type or a count beyond Int is skipped by readers, as TIFF 6.0 page 16 asks.
      guard let width = TIFFEntry.width(of: type), let valueCount = layout.offset(bytes, at: position + 4) else { continue }
      let field = position + (layout.isBig ? 12 : 8)
      var values: Int?
      if let size = product([valueCount, width]) {
        let place = size <= layout.inlineBytes ? field : layout.offset(bytes, at: field)
        if let place, bytes.holds(size, at: place) { values = place }
      }
      if values == nil { isWhole = false }
      if entries[tag] == nil { entries[tag] = TIFFEntry(type: type, count: valueCount, values: values) }
    }
    // Without its last field the directory is cut, but the page before it can be whole.
    let next = layout.offset(bytes, at: start + count * layout.entrySize)
    return TIFFDirectory(offset: offset, entries: entries, next: next ?? 0, isWhole: isWhole && next != nil)
  }

  enum Role { case page, subImage, metadata }

  /// The next page, sub-images (330), and the directories of EXIF (34665), GPS (34853) and interoperability (40965), which are no images.
  ///
  /// - Parameter isPage: this directory is of the main chain.
  func successors(_ bytes: PrescanBytes, _ layout: TIFFLayout, limits: PrescanLimits, isPage: Bool = true) -> [(offset: Int, role: Role)] {
    var offsets: [(offset: Int, role: Role)] = next > 0 ? [(next, isPage ? .page : .subImage)] : []
    for tag in [UInt16(330), 34665, 34853, 40965] {
      guard let entry = entries[tag] else { continue }
      for index in 0..<min(entry.count, limits.directories) {
        guard let offset = entry.integer(index, bytes, layout) else { break }
        offsets.append((offset, tag == 330 ? .subImage : .metadata))
      }
    }
    return offsets
  }
}
