import ScanModel

/// The image of one TIFF directory: dimensions against memory, strips and tiles against the file.
struct PrescanTIFFPage {
  private let directory: TIFFDirectory
  private let bytes: PrescanBytes
  private let layout: TIFFLayout

  /// For messages.
  private let place: String

  /// - Parameter number: from 0; nil for a sub-image.
  init(_ directory: TIFFDirectory, number: Int?, _ bytes: PrescanBytes, _ layout: TIFFLayout) {
    self.directory = directory
    place = number.map { "page \($0)" } ?? "sub-image"
    self.bytes = bytes
    self.layout = layout
  }

  /// - Parameter parts: how many strips or tiles may still be looked at; a page of TIFF can list the same ones again and again.
  func check(limits: PrescanLimits, parts: inout Int, report: inout PrescanReport) throws(PrescanError) -> PixelGeometry {
    guard let width = try value(256), let height = try value(257) else { throw .structure(.tiff, place: place) }
    let bits = try value(258) ?? 1
    let samples = try value(277) ?? 1
    guard width > 0, height > 0, (1...64).contains(bits), (1...1024).contains(samples) else { throw .pixelAttributes(.tiff) }
    let geometry = PixelGeometry(
      rows: height, columns: width, frames: 1, samplesPerPixel: samples, bitsAllocated: bits, isEncapsulated: false)
    guard let decoded = geometry.decodedBytes, decoded <= limits.decodedBytes else {
      throw .tooLarge(.tiff, limitBytes: limits.decodedBytes)
    }
    try checkChunks(geometry, limits: limits, parts: &parts, report: &report)
    return geometry
  }

  /// The page says that it has as many rows and columns.
  func hasSize(of other: PixelGeometry?) -> Bool {
    guard let other, let width = try? value(256), let height = try? value(257) else { return false }
    return width == other.columns && height == other.rows
  }

  /// First value of an integer entry; nil when the entry is absent.
  private func value(_ tag: UInt16) throws(PrescanError) -> Int? {
    guard let entry = directory.entries[tag], entry.count > 0 else { return nil }
    guard entry.values != nil else { throw .truncated(.tiff, place: "\(place), tag \(tag)") }
    guard let value = entry.integer(0, bytes, layout) else { throw .structure(.tiff, place: "\(place), tag \(tag)") }
    return value
  }

  private func checkChunks(
    _ geometry: PixelGeometry, limits: PrescanLimits, parts: inout Int, report: inout PrescanReport
  ) throws(PrescanError) {
    let isTiled = directory.entries[322] != nil || directory.entries[324] != nil
    let planes = try value(284) == 2 ? geometry.samplesPerPixel : 1
    let compression = try value(259) ?? 1
    var chunkRows: Int
    var chunkColumns = geometry.columns
    var across = 1
    if isTiled {
      guard let tileWidth = try value(322), let tileHeight = try value(323) else { throw .structure(.tiff, place: place) }
      guard tileWidth > 0, tileHeight > 0, tileWidth <= 1 << 20, tileHeight <= 1 << 20 else { throw .pixelAttributes(.tiff) }
      (chunkRows, chunkColumns) = (tileHeight, tileWidth)
      across = (geometry.columns - 1) / tileWidth + 1
    } else {
      let rowsPerStrip = try value(278) ?? geometry.rows
      chunkRows = rowsPerStrip > 0 ? min(rowsPerStrip, geometry.rows) : geometry.rows
    }
    let perChunk = geometry.samplesPerPixel / planes
    let bytesPerSample = (geometry.bitsAllocated + 7) / 8
    guard let chunkBytes = product([chunkRows, chunkColumns, perChunk, bytesPerSample]), chunkBytes <= limits.decodedBytes,
      let expected = product([(geometry.rows - 1) / chunkRows + 1, across, planes])
    else { throw .tooLarge(.tiff, limitBytes: limits.decodedBytes) }

    guard let offsets = directory.entries[isTiled ? 324 : 273] else {
      // Old-style JPEG may keep its stream behind tag 513 only.
      guard compression == 6, let start = try value(513) else { throw .structure(.tiff, place: place) }
      guard bytes.holds(1, at: start) else { throw .truncated(.tiff, place: place) }
      return
    }
    guard offsets.values != nil else { throw .truncated(.tiff, place: place) }
    if offsets.count < expected {
      guard compression == 6 else { throw .structure(.tiff, place: place) }
      report.warn(.decoder)
    }
    let sizes = directory.entries[isTiled ? 325 : 279]
    if let sizes, sizes.values == nil { throw .truncated(.tiff, place: place) }
    var storedBytes = 0
    for index in 0..<min(offsets.count, expected) {
      parts -= 1
      guard parts >= 0 else { throw .tooMany(.tiff, what: .entries, limit: limits.entries) }
      guard let start = offsets.integer(index, bytes, layout) else { throw .structure(.tiff, place: "\(place), part \(index)") }
      let size = sizes?.integer(index, bytes, layout)
      if start == 0, size ?? 0 == 0 { continue }  // a sparse part: all zeros, not stored
      let rowsLeft = isTiled ? chunkRows : min(chunkRows, geometry.rows - (index % ((geometry.rows - 1) / chunkRows + 1)) * chunkRows)
      // The size of an uncompressed part follows from its dimensions; readers trust those where a stated size is nonsense.
      if compression == 1, let exact = exactBytes(geometry, rows: rowsLeft, columns: chunkColumns, planes) {
        guard bytes.holds(exact, at: start) else { throw .truncated(.tiff, place: "\(place), part \(index)") }
        if let size, !bytes.holds(size, at: start) { report.warn(.decoder) }
      } else {
        guard bytes.holds(max(size ?? 0, 1), at: start) else { throw .truncated(.tiff, place: "\(place), part \(index)") }
      }
      // Without a size a part may reach to the end of the file, and none reaches further.
      storedBytes += min(size ?? .max, bytes.count - start)
    }
    if compression != 1 { try limits.checkDensity(geometry, storedBytes: storedBytes, .tiff) }
  }

  /// Bytes of an uncompressed part; nil for packed bits and for color that may be subsampled (photometric 6).
  private func exactBytes(_ geometry: PixelGeometry, rows: Int, columns: Int, _ planes: Int) -> Int? {
    guard geometry.bitsAllocated % 8 == 0, directory.entries[262]?.integer(0, bytes, layout) != 6 else { return nil }
    return product([rows, columns, geometry.samplesPerPixel / planes, geometry.bitsAllocated / 8])
  }
}
