package import ScanModel

/// Maps stored pixel values to modality units (Hounsfield units for CT).
///
/// `output = stored * slope + intercept`, or the Modality LUT when the object has one. Source: DICOM PS3.3 C.11.1, Modality LUT Module.
package struct ModalityRescale: Sendable, Equatable {
  package var slope: Float
  package var intercept: Float
  /// Entries of the Modality LUT and the stored value of the first; nil for a linear rescale.
  package var table: Table?

  package struct Table: Sendable, Equatable {
    package var first: Float
    package var values: [Float]
  }

  package init(slope: Float = 1, intercept: Float = 0) {
    self.slope = slope
    self.intercept = intercept
  }

  /// Reads the Modality LUT Module, per frame from the functional groups when the object is enhanced (PS3.3 C.7.6.16.2.9).
  ///
  /// - Throws: `ImagingError.badRescale` when a value is not finite.
  package init(_ dataset: Dataset, frame: Int = 0) throws(ImagingError) {
    let group = FunctionalGroups(dataset, frame: frame).pixelValueTransformation ?? dataset
    let slope = Float(group.number(.rescaleSlope) ?? 1)
    let intercept = Float(group.number(.rescaleIntercept) ?? 0)
    // A slope of 0 would erase the image; files that carry it mean "no rescale".
    guard slope.isFinite, intercept.isFinite else { throw .badRescale }
    self.init(slope: slope == 0 ? 1 : slope, intercept: intercept)
    if let lut = dataset.items(.modalityLUTSequence).first { table = ModalityRescale.table(lut, dataset) }
  }

  /// (0028,3002) LUT Descriptor: entries (0 = 65536), first stored value, bits; (0028,3006) LUT Data.
  private static func table(_ lut: Dataset, _ dataset: Dataset) -> Table? {
    guard let descriptor = lut[Tag(0x0028, 0x3002)]?.bytes, descriptor.count >= 6, let data = lut[Tag(0x0028, 0x3006)]?.bytes else { return nil }
    func word(_ bytes: [UInt8], _ index: Int) -> UInt16 { UInt16(bytes[2 * index]) | UInt16(bytes[2 * index + 1]) << 8 }
    let count = word(descriptor, 0) == 0 ? 65536 : Int(word(descriptor, 0))
    let isSigned = dataset.integer(.pixelRepresentation) == 1
    let first = isSigned ? Float(Int16(bitPattern: word(descriptor, 1))) : Float(word(descriptor, 1))
    guard data.count >= 2 * count else {
      // Eight-bit tables packed two to a word.
      return data.count >= count ? Table(first: first, values: data.prefix(count).map(Float.init)) : nil
    }
    return Table(first: first, values: (0..<count).map { Float(word(data, $0)) })
  }

  package func apply(_ stored: Float) -> Float {
    guard let table else { return stored * slope + intercept }
    let index = Int(min(max(stored - table.first, 0), Float(table.values.count - 1)))
    return table.values[index]
  }
}
