import ScanModel

/// Bytes of native Pixel Data behind its last sample, where anything may stand.
enum PixelExcess {
  /// - Returns: the value without them, padded to even length; nil when there are none, or when the attributes do not tell how long the image is.
  ///   Without Number of Frames there is one frame (PS3.3 section C.7.6.6): what is behind it no reader shows.
  static func removed(from dataset: Dataset) -> [UInt8]? {
    guard case .bytes(let bytes)? = dataset[.pixelData]?.value, let bits = dataset.imageWord(.bitsAllocated),
      let rows = dataset.imageWord(.rows), let columns = dataset.imageWord(.columns), (1...64).contains(bits), rows > 0, columns > 0
    else { return nil }
    // Uncompressed 4:2:2 stores two samples a pixel (PS3.3 section C.7.6.3.1.2); some writers store three all the same.
    let samples = dataset.imageWord(.samplesPerPixel) ?? 1
    guard (1...4).contains(samples), dataset.text(.photometricInterpretation)?.hasSuffix("_422") != true else { return nil }
    let frames = dataset.frameCount.frames
    let (total, overflow) = (rows * columns * samples * bits).multipliedReportingOverflow(by: frames)
    guard !overflow else { return nil }
    let needed = (total + 7) / 8
    return bytes.count > needed + 1 ? Element.padded(Array(bytes[..<needed]), .OB) : nil
  }
}
