import CDCMTK
import ScanModel

/// A DICOM object that DCMTK has parsed. Owns the C++ object.
final class DICOMObject {
  private let handle: OpaquePointer
  let info: cdcm_info

  init(_ bytes: UnsafeRawBufferPointer) throws(CodecError) {
    var status: Int32 = 0
    let (opened, text) = withMessage { message, size in
      cdcm_open(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &status, message, size)
    }
    guard let opened else { throw dicomError(status, text) }
    handle = opened
    var info = cdcm_info()
    cdcm_info_of(opened, &info)
    self.info = info
  }

  deinit { cdcm_close(handle) }

  var photometric: String { text(info.photometric) }
  var modality: String { text(info.modality) }
  var transferSyntaxUID: String { text(info.transfer_syntax) }
  var isEncapsulated: Bool { info.is_encapsulated != 0 }

  /// Explicit VR Little Endian bytes, for the duration of `body`.
  func withDataset<Result>(_ body: (UnsafeRawBufferPointer) throws(CodecError) -> Result) throws(CodecError) -> Result {
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    let (status, text) = withMessage { cdcm_dataset(handle, &bytes, &count, $0, $1) }
    guard status == 0 else { throw dicomError(status, text) }
    defer { cdcm_free(bytes) }
    return try body(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  /// Native pixel bytes, little-endian; valid as long as the object.
  func nativePixels() throws(CodecError) -> UnsafeRawBufferPointer {
    var bytes: UnsafePointer<UInt8>?
    var count = 0
    let (status, text) = withMessage { cdcm_native_pixels(handle, &bytes, &count, $0, $1) }
    guard status == 0 else { throw dicomError(status, text) }
    return UnsafeRawBufferPointer(start: bytes, count: count)
  }

  /// Items of encapsulated Pixel Data; item 0 is the Basic Offset Table. Valid as long as the object.
  func items() throws(CodecError) -> [UnsafeRawBufferPointer] {
    var items: [UnsafeRawBufferPointer] = []
    items.reserveCapacity(Int(info.item_count))
    for index in 0..<info.item_count {
      var bytes: UnsafePointer<UInt8>?
      var count = 0
      let (status, text) = withMessage { cdcm_item(handle, index, &bytes, &count, $0, $1) }
      guard status == 0 else { throw dicomError(status, text) }
      items.append(UnsafeRawBufferPointer(start: bytes, count: count))
    }
    return items
  }

  /// Decodes all frames with DCMTK's JPEG and JPEG-LS codecs.
  ///
  /// - Returns: words as the attributes describe them, whether planes are separate, and the photometric interpretation after decoding.
  func decodedPixels() throws(CodecError) -> (bytes: UnsafeRawBufferPointer, isPlanar: Bool, photometric: String) {
    var bytes: UnsafePointer<UInt8>?
    var count = 0
    var planar: Int32 = 0
    var photometric = [CChar](repeating: 0, count: 17)
    let (status, text) = withMessage { cdcm_decode(handle, &bytes, &count, &planar, &photometric, photometric.count, $0, $1) }
    guard status == 0 else { throw dicomError(status, text) }
    let name = String(decoding: photometric.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return (UnsafeRawBufferPointer(start: bytes, count: count), planar != 0, name)
  }

  private func text<Tuple>(_ tuple: Tuple) -> String {
    withUnsafeBytes(of: tuple) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
