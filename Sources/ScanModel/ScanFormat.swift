/// The file formats that ScanForge reads.
package enum ScanFormat: String, Sendable, CaseIterable, Codable {
  case dicom, tiff, png
}

/// Photometric interpretation of stored samples: DICOM's terms, with TIFF's mapped onto them where they mean the same.
package enum Photometric: Sendable, Equatable {
  case monochrome1, monochrome2, rgb, palette
  /// Anything else, by its own name (`YBR_FULL_422`, `CIELAB`).
  case other(String)

  package init(dicom name: String) {
    switch name {
    case "MONOCHROME1": self = .monochrome1
    case "MONOCHROME2": self = .monochrome2
    case "RGB": self = .rgb
    case "PALETTE COLOR": self = .palette
    default: self = .other(name)
    }
  }

  package var name: String {
    switch self {
    case .monochrome1: "MONOCHROME1"
    case .monochrome2: "MONOCHROME2"
    case .rgb: "RGB"
    case .palette: "PALETTE COLOR"
    case .other(let name): name
    }
  }
}

/// What was noticed while reading a file that could still be read. Raw values are the public codes of `inspect --json`.
package enum ScanWarning: String, Sendable, CaseIterable, Codable {
  /// The file ends before its own structure says it should, an image lacks its Pixel Data, or compressed pixels break off.
  case truncated
  /// The pixels' encoding is one that cannot be followed to its end, so that nobody can tell whether they are all there.
  case unchecked = "pixel.unchecked"
  /// Pixel Data is shorter than rows x columns x frames say.
  case pixelShort = "pixel.short"
  /// Pixel Data is longer than rows x columns x frames say, beyond padding.
  case pixelLong = "pixel.long"
  /// The codestream's size, components, precision or signedness disagree with the attributes; where the samples were read, the attributes won.
  case pixelMismatch = "pixel.mismatch"
  /// No preamble or no File Meta Information.
  case metaMissing = "meta.missing"
  /// The decoder complained and went on.
  case decoder = "decoder"
  /// Number of Frames is no number of 1 or more; one frame was taken.
  case frameCount = "frames.invalid"
  /// Bits above Bits Stored are not clean.
  case dirtyBits = "pixel.dirtyBits"
  /// Float samples that are NaN or infinite; they count as the lowest number of the frame.
  case notFinite = "pixel.notFinite"
  /// Bytes behind the last attribute that are no attributes; they were left out.
  case trailingBytes = "trailing.bytes"
  /// More pages or sub-images exist that were not read: those of another size or kind than the first page, and in `inspect` all later ones.
  case morePages = "pages.more"
}
