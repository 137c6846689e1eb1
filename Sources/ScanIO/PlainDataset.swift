import ScanModel

/// Attributes of a DICOM file that lie there as they are, read without a decoder: no codec sees the file, and no worker is asked.
///
/// Gives what the decode worker would give for a request without samples, for Little Endian files that the pre-scan has walked.
enum PlainDataset {
  /// - Returns: nil when a decoder has to say: the file is big-endian or deflated, or this reader does not understand it.
  static func read(_ bytes: [UInt8], _ report: PrescanReport) -> Dataset? {
    guard let plain = report.plainElements, plain.offset < bytes.count - report.paddingBytes else { return nil }
    return bytes.withUnsafeBytes { file in
      let elements = UnsafeRawBufferPointer(rebasing: file[plain.offset..<file.count - report.paddingBytes])
      let dataset = try? plain.isExplicit ? ExplicitStream.decode(elements) : ExplicitStream.decodeImplicit(elements)
      return dataset.flatMap { $0.elements.isEmpty ? nil : mended($0, isImplicit: !plain.isExplicit, isSigned: false) }
    }
  }

  /// What writers get wrong and implicit VR leaves open, put right as decoders do: odd lengths, the VR of fragments (PS3.5 section A.4), and the
  /// VR of values whose sign is that of the pixels.
  ///
  /// - Parameter isSigned: Pixel Representation of what holds the dataset, which counts where it has none.
  private static func mended(_ dataset: Dataset, isImplicit: Bool, isSigned: Bool) -> Dataset {
    let isSigned = dataset.integer(.pixelRepresentation).map { $0 == 1 } ?? isSigned
    var result = dataset
    for element in dataset.elements {
      var mendedElement = element
      switch element.value {
      case .bytes(let bytes):
        if bytes.count % 2 == 1 { mendedElement.value = .bytes(Element.padded(bytes, element.vr)) }
        let followsPixels = isImplicit && isSigned && element.vr == .US && DataDictionary.entry(for: element.tag)?.vrs.contains(.SS) == true
        if followsPixels { mendedElement.vr = .SS }
      case .sequence(let items):
        mendedElement.value = .sequence(items.map { mended($0, isImplicit: isImplicit, isSigned: isSigned) })
      case .fragments: mendedElement.vr = .OB
      }
      if mendedElement != element { result.set(mendedElement) }
    }
    return result
  }

  /// What a decoder needs of a dataset: the Image Pixel attributes (PS3.3 section C.7.6.3) and the pixels.
  static func image(of dataset: Dataset) -> Dataset {
    let pixels: Set<Tag> = [.pixelData, .floatPixelData, .doubleFloatPixelData]
    var image = Dataset(dataset.elements.filter { ($0.tag.group == 0x0028 && $0.vr != .SQ) || pixels.contains($0.tag) })
    // A file needs a class and an instance; the decoder looks at neither.
    image.set(.sopClassUID, .UI, text: UID.secondaryCaptureImageStorage)
    image.set(.sopInstanceUID, .UI, text: "2.25.1")
    return image
  }

  static func complete(_ scan: inout RawScan, _ dataset: Dataset, _ report: PrescanReport) {
    scan.dataset = dataset
    scan.photometric = dataset.text(.photometricInterpretation).map(Photometric.init(dicom:))
    if !report.isPreambleMissing, !report.isMetaMissing { scan.fileTransferSyntaxUID = report.transferSyntaxUID }
    var isEncapsulated = false
    if case .fragments? = dataset[.pixelData]?.value { isEncapsulated = true }
    scan.transferSyntaxUID = isEncapsulated ? report.transferSyntaxUID ?? UID.explicitVRLittleEndian : UID.explicitVRLittleEndian
  }
}
