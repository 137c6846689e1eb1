import CDCMTK
import ScanModel

/// A dataset as a DICOM file in any transfer syntax, with identifiers in the preamble and the File Meta Information too.
enum PhantomFile {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  static func encode(_ dataset: Dataset, transferSyntaxUID: String, code: String, planted: inout PlantedIdentifiers) throws -> [UInt8] {
    let body = try transcoded(dataset, transferSyntaxUID)
    var meta = Dataset()
    meta.set(Element(Tag(0x0002, 0x0001), .OB, .bytes([0, 1])))
    meta.set(Tag(0x0002, 0x0002), .UI, text: dataset.text(.sopClassUID) ?? "")
    meta.set(Tag(0x0002, 0x0003), .UI, text: dataset.text(.sopInstanceUID) ?? "")
    meta.set(.transferSyntaxUID, .UI, text: transferSyntaxUID)
    meta.set(Tag(0x0002, 0x0012), .UI, text: planted.uid("implementation"))
    meta.set(Tag(0x0002, 0x0016), .AE, text: planted.token("AETI", code))
    meta.set(Tag(0x0002, 0x0100), .UI, text: planted.uid("private information creator"))
    meta.set(Element(Tag(0x0002, 0x0102), .OB, .bytes(Element.padded(Array(planted.token("META", code).utf8), .OB))))
    let elements = ExplicitStream.encode(meta)
    var preamble = Array(planted.token("PREAMBLE", code).utf8)
    preamble += [UInt8](repeating: 0, count: 128 - preamble.count)
    return preamble + Array("DICM".utf8) + [2, 0, 0, 0, 0x55, 0x4C, 4, 0] + word32(elements.count) + elements + body
  }

  /// The dataset's bytes behind DCMTK's own File Meta Information.
  private static func transcoded(_ dataset: Dataset, _ transferSyntaxUID: String) throws -> [UInt8] {
    let source = ExplicitStream.encode(dataset)
    var out: UnsafeMutablePointer<UInt8>?
    var count = 0
    var message = [CChar](repeating: 0, count: 256)
    guard cdcm_start(&message, message.count) == Int32(CDCM_OK.rawValue) else {
      throw Failure(description: "DCMTK does not start; install the package dcmtk, which brings its data dictionary")
    }
    let status = cdcm_encode(source, source.count, transferSyntaxUID, &out, &count, &message, message.count)
    guard status == Int32(CDCM_OK.rawValue), let out else { throw Failure(description: "DCMTK cannot write \(transferSyntaxUID)") }
    defer { cdcm_free(out) }
    let file = UnsafeBufferPointer(start: out, count: count)
    let metaLength = (0..<4).reduce(0) { $0 | Int(file[140 + $1]) << (8 * $1) }
    return Array(file[(144 + metaLength)...])
  }

  static func word32(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
