package import ScanModel

extension Slice {
  /// One frame of an image as grey modality units.
  ///
  /// Stored words are masked to Bits Stored, Pixel Padding is replaced by the darkest value, the modality rescale is applied per frame, and
  /// MONOCHROME1 is turned so that large values are bright, exactly once. RGB becomes luma (Rec. 601).
  ///
  /// - Parameters:
  ///   - dataset: the object's attributes; empty for TIFF and PNG.
  ///   - spacingMillimeters: from the file when it is not DICOM.
  /// - Throws: `ImagingError` when there is no grey to be had.
  package init(
    pixels: PixelBuffer?, photometric: Photometric?, dataset: Dataset, frame: Int = 0, spacingMillimeters: [Double]? = nil
  ) throws(ImagingError) {
    guard let pixels, pixels.rows > 0, pixels.columns > 0 else { throw .noPixels }
    guard (0..<pixels.frames).contains(frame) else { throw .frameOutOfRange(frame, count: pixels.frames) }
    guard [8, 16, 32, 64].contains(pixels.bitsAllocated) else { throw .unsupportedDepth(bits: pixels.bitsAllocated) }
    let samples = StoredSamples(pixels)
    let rescale = try ModalityRescale(dataset, frame: frame)
    var range = samples.range
    var values: [Float]
    switch photometric ?? .monochrome2 {
    case .monochrome1, .monochrome2:
      values = samples.values(frame: frame, sample: 0)
    case .rgb where pixels.samplesPerPixel >= 3:
      let (red, green, blue) = (
        samples.values(frame: frame, sample: 0), samples.values(frame: frame, sample: 1), samples.values(frame: frame, sample: 2)
      )
      values = red.indices.map { 0.299 * red[$0] + 0.587 * green[$0] + 0.114 * blue[$0] }
    // Luma is the first sample of every YBR form (PS3.3 C.7.6.3.1.2).
    case .other(let name) where name.hasPrefix("YBR"):
      values = samples.values(frame: frame, sample: 0)
    case let other:
      throw .notGrey(photometric: other.name)
    }
    if pixels.isFloat {
      let finite = values.filter(\.isFinite)
      let (low, high) = (finite.min() ?? 0, finite.max() ?? 0)
      range = Double(low)...Double(high)
      values = values.map { $0.isFinite ? $0 : low }
    }
    let padding = PixelPadding(dataset, signed: pixels.isSigned)
    let isPadding = values.map { padding.contains($0) }
    values = values.map(rescale.apply)
    if padding.isPresent, let darkest = zip(values, isPadding).lazy.filter({ !$1 }).map(\.0).min() {
      for index in values.indices where isPadding[index] { values[index] = darkest }
    }
    let (first, second) = (rescale.apply(Float(range.lowerBound)), rescale.apply(Float(range.upperBound)))
    let storedRange = min(first, second)...max(first, second)
    if photometric == .monochrome1 {
      // x -> low + high - x keeps the range and reverses the order, so windows in modality units are mirrored with it.
      let sum = storedRange.lowerBound + storedRange.upperBound
      values = values.map { sum - $0 }
    }
    var window = WindowSetting(dataset, frame: frame)
    if photometric == .monochrome1, let given = window {
      window = WindowSetting(center: storedRange.lowerBound + storedRange.upperBound - given.center + 1, width: given.width)
    }
    self.init(
      rows: pixels.rows, columns: pixels.columns, values: values,
      spacingMillimeters: SpacingMillimeters(dataset, frame: frame) ?? SpacingMillimeters(spacingMillimeters),
      modality: dataset.text(.modality) ?? "OT", window: window, storedRange: storedRange)
  }
}

extension SpacingMillimeters {
  /// Pixel Spacing, of the frame's Pixel Measures for enhanced objects, else Imager Pixel Spacing; nil when absent or not positive.
  package init?(_ dataset: Dataset, frame: Int = 0) {
    let group = FunctionalGroups(dataset, frame: frame).pixelMeasures ?? dataset
    self.init(group.numbers(.pixelSpacing))
    if row > 0 { return }
    self.init(dataset.numbers(.imagerPixelSpacing))
    if row <= 0 { return nil }
  }

  fileprivate init(_ values: [Double]) {
    let isUsable = values.count >= 2 && values[0] > 0 && values[1] > 0 && values[0].isFinite && values[1].isFinite
    self = isUsable ? SpacingMillimeters(row: values[0], column: values[1]) : SpacingMillimeters(row: 0, column: 0)
  }

  /// Two positive numbers: between rows, between columns; nil otherwise.
  package init?(_ values: [Double]?) {
    guard let values else { return nil }
    self.init(values)
    if row <= 0 { return nil }
  }
}
