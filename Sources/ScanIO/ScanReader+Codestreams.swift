import ScanDeid
import ScanModel

extension ScanReader {
  /// Notes JPEG 2000 frames of a scan that stay compressed and do not decode.
  ///
  /// A packet's bytes show only in its decoding whether they are all there (ISO/IEC 15444-1 annex B.10, 15444-15), unlike the codes of JPEG,
  /// JPEG-LS and RLE. Frames are decoded one at a time and their samples dropped: memory holds one. What hinders the decoder (an unsupported
  /// kind, its deadline, its memory) is no reason to refuse a file that is not to be decoded.
  func checkCodestreams(of scan: inout RawScan) {
    guard UID.codestream(ofTransferSyntax: scan.transferSyntaxUID) == .jpeg2000 else { return }
    var image = PlainDataset.image(of: scan.dataset)
    image.set(.numberOfFrames, .IS, text: "1")
    for frame in PixelText.jpeg2000Frames(of: scan.dataset) {
      image.set(Element(.pixelData, .OB, .fragments([[], Element.padded(frame, .OB)])))
      guard let warning = codestreamWarning(image, scan.transferSyntaxUID) else { continue }
      scan.warnings.removeAll { $0 == warning }
      scan.warnings.append(warning)
      // One that is cut, or a decoder that gives up, says all that is to be said.
      if warning != .pixelMismatch { return }
    }
  }

  private func codestreamWarning(_ image: Dataset, _ syntax: String) -> ScanWarning? {
    guard let file = try? DICOMWriter.file(image, transferSyntaxUID: syntax) else { return .unchecked }
    let count = file.count
    guard let reply = try? pool.decode(consume file, count: count, format: .dicom, wantsPixels: true).reply else { return .unchecked }
    guard let failure = reply.failure else { return reply.warnings.contains(.pixelMismatch) ? .pixelMismatch : nil }
    return failure.code == "dicom.damaged" ? .truncated : .unchecked
  }
}
