package import ScanDeid
import ScanModel

extension DICOMWriter {
  /// A super-resolved image as a new instance of the same kind and patient.
  ///
  /// It keeps the source's attributes, windows and rescale; spacing becomes finer and the image position moves to the center of the new first
  /// pixel, so that both images lie on each other in space. What referred to the old pixel grid is removed. Lossy compression anywhere in the
  /// past stays declared.
  /// - Parameters:
  ///   - uids: seed that differs for each model or run; the source's instance and series are mixed in.
  ///   - hasSyntheticContent: also YES when the source was synthetic.
  /// - Throws: `.missingAttribute` when the source has no SOP Class, SOP Instance or Series Instance UID; `.unsupportedSamples`.
  package static func encode(_ scan: EnhancedScan, uids: DerivedUID, hasSyntheticContent: Bool = false) throws(ScanWriteError) -> [UInt8] {
    try file(dataset(scan, uids, hasSyntheticContent), transferSyntaxUID: UID.explicitVRLittleEndian)
  }

  private static func dataset(_ scan: EnhancedScan, _ uids: DerivedUID, _ hasSyntheticContent: Bool) throws(ScanWriteError) -> Dataset {
    let source = scan.source.dataset
    guard let sopClass = source.text(.sopClassUID) else { throw .missingAttribute(.sopClassUID) }
    guard let instance = source.text(.sopInstanceUID) else { throw .missingAttribute(.sopInstanceUID) }
    guard let series = source.text(.seriesInstanceUID) else { throw .missingAttribute(.seriesInstanceUID) }
    precondition(scan.scale > 0, "EnhancedScan: a scale of \(scan.scale)")

    var dataset = source
    for element in source.elements where isTiedToGrid(element.tag) { dataset.remove(element.tag) }
    let names = source.texts(.imageType).dropFirst(2)
    dataset.set(.imageType, .CS, text: (["DERIVED", "SECONDARY"] + names).joined(separator: "\\"))
    dataset.set(.sopInstanceUID, .UI, text: uids.uid("enhanced/\(instance)"))
    dataset.set(.seriesInstanceUID, .UI, text: uids.uid("enhanced series/\(series)"))
    let wasSynthetic = source.text(.syntheticData) == "YES"
    dataset.set(.syntheticData, .CS, text: wasSynthetic || hasSyntheticContent ? "YES" : "NO")
    dataset.set(
      .derivationDescription, .ST, text: text("Super-resolution. \(scan.derivation) For research, not for diagnosis.", limit: 1024))
    dataset.set(.sourceImageSequence, sequence: [reference(sopClass, instance)])
    dataset.set(.derivationCodeSequence, sequence: [code("113085", "Spatial resampling")])
    let equipment = source.items(.contributingEquipmentSequence) + [equipment(code("109102", "Processing Equipment"))]
    dataset.set(.contributingEquipmentSequence, sequence: equipment)

    FinerGrid(scale: scan.scale).apply(to: &dataset)
    let photometric = scan.source.photometric?.name ?? source.text(.photometricInterpretation) ?? "MONOCHROME2"
    try setPixels(scan.pixels, photometric: photometric, in: &dataset)
    return dataset
  }

  /// The de-identified source, whose geometry still holds. PS3.16 CID 7202.
  private static func reference(_ sopClass: String, _ instance: String) -> Dataset {
    var item = Dataset()
    item.set(.referencedSOPClassUID, .UI, text: sopClass)
    item.set(.referencedSOPInstanceUID, .UI, text: instance)
    item.set(.spatialLocationsPreserved, .CS, text: "YES")
    item.set(.purposeOfReferenceCodeSequence, sequence: [code("121322", "Source image for image processing operation")])
    return item
  }

  /// Attributes that hold for the old pixels alone: value ranges, overlays, display shutters and collimators in pixel coordinates, icons,
  /// digests and signatures.
  private static func isTiedToGrid(_ tag: Tag) -> Bool {
    if (0x6000...0x60FF).contains(tag.group) { return true }
    switch tag.packed {
    case 0x0028_0106...0x0028_0111, 0x0018_1600...0x0018_1622, 0x0018_1700...0x0018_1720, 0x0088_0200, 0xFFFA_FFFA, 0x4FFE_0001: return true
    case 0x7FE0_0001...0x7FE0_000F: return true
    default: return false
    }
  }
}

/// Geometry of the same field of view with `scale` times as many pixels along each axis. PS3.3 section C.7.6.2.
struct FinerGrid {
  let scale: Double

  private static let pixelMeasuresSequence = Tag(0x0028, 0x9110)
  private static let planePositionSequence = Tag(0x0020, 0x9113)
  private static let planeOrientationSequence = Tag(0x0020, 0x9116)
  private static let nominalScannedPixelSpacing = Tag(0x0018, 0x2010)

  /// Changes the top level, and in multi-frame objects the shared and the per-frame functional groups.
  func apply(to dataset: inout Dataset) {
    let shared = dataset.items(.sharedFunctionalGroupsSequence).first
    apply(to: &dataset, orientation: nil, spacing: nil)
    for tag in [Tag.sharedFunctionalGroupsSequence, .perFrameFunctionalGroupsSequence] where dataset[tag] != nil {
      let groups = dataset.items(tag).map { group in
        // A frame's position may be per frame while orientation and spacing are shared.
        let orientation =
          numbers(group, FinerGrid.planeOrientationSequence, .imageOrientationPatient)
          ?? shared.flatMap { numbers($0, FinerGrid.planeOrientationSequence, .imageOrientationPatient) }
        let spacing =
          numbers(group, FinerGrid.pixelMeasuresSequence, .pixelSpacing)
          ?? shared.flatMap { numbers($0, FinerGrid.pixelMeasuresSequence, .pixelSpacing) }
        var group = group
        for inner in [FinerGrid.pixelMeasuresSequence, FinerGrid.planePositionSequence] where group[inner] != nil {
          group.set(
            inner,
            sequence: group.items(inner).map { item in
              var item = item
              apply(to: &item, orientation: orientation, spacing: spacing)
              return item
            })
        }
        return group
      }
      dataset.set(tag, sequence: groups)
    }
  }

  private func numbers(_ group: Dataset, _ sequence: Tag, _ tag: Tag) -> [Double]? { group.items(sequence).first?.numbers(tag) }

  private func apply(to dataset: inout Dataset, orientation: [Double]?, spacing: [Double]?) {
    let orientation = orientation ?? dataset.numbers(.imageOrientationPatient)
    let spacing = spacing ?? dataset.numbers(.pixelSpacing)
    let position = dataset.numbers(.imagePositionPatient)
    if position.count == 3, orientation.count == 6, spacing.count == 2 {
      // The first pixel's outer corner stays where it is; its center comes nearer to that corner. The orientation's first
      // direction runs along a row, where the distance is the column spacing.
      let alongRow = (spacing[1] / scale - spacing[1]) / 2
      let alongColumn = (spacing[0] / scale - spacing[0]) / 2
      let moved = (0..<3).map { position[$0] + orientation[$0] * alongRow + orientation[$0 + 3] * alongColumn }
      dataset.set(.imagePositionPatient, .DS, text: moved.map(DICOMWriter.decimal).joined(separator: "\\"))
    }
    for tag in [Tag.pixelSpacing, .imagerPixelSpacing, FinerGrid.nominalScannedPixelSpacing] {
      let values = dataset.numbers(tag)
      guard values.count == 2 else { continue }
      dataset.set(tag, .DS, text: values.map { DICOMWriter.decimal($0 / scale) }.joined(separator: "\\"))
    }
  }
}
