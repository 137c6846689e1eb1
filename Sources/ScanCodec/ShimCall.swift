import CDCMTK
import COpenJPEG
import CPNG
import CTIFF
import ScanModel

/// Calls a shim function with a buffer for its sentence and gives status and sentence.
func withMessage<Status>(_ body: (UnsafeMutablePointer<CChar>, Int) throws -> Status) rethrows -> (status: Status, text: String) {
  try withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
    buffer.initialize(repeating: 0)
    let status = try body(buffer.baseAddress!, buffer.count)
    return (status, String(cString: buffer.baseAddress!))
  }
}

/// `enum cdcm_status` as an error.
func dicomError(_ status: Int32, _ text: String) -> CodecError {
  switch UInt32(bitPattern: status) {
  case CDCM_NOT_DICOM.rawValue: .unreadable(.dicom, text)
  case CDCM_TRUNCATED.rawValue: .truncated(.dicom, text)
  case CDCM_UNSUPPORTED.rawValue: .unsupported(.dicom, text)
  case CDCM_MEMORY.rawValue: .memory
  case CDCM_DICTIONARY.rawValue: .installation(text)
  default: .damaged(.dicom, text)
  }
}

/// `enum ctiff_status` as an error.
func tiffError(_ status: Int32, _ text: String) -> CodecError {
  switch UInt32(bitPattern: status) {
  case CTIFF_NOT_TIFF.rawValue: .unreadable(.tiff, text)
  case CTIFF_UNSUPPORTED.rawValue: .unsupported(.tiff, text)
  case CTIFF_MEMORY.rawValue, CTIFF_TOO_LARGE.rawValue: .memory
  default: .damaged(.tiff, text)
  }
}

/// `enum cpng_status` as an error.
func pngError(_ status: Int32, _ text: String) -> CodecError {
  switch UInt32(bitPattern: status) {
  case CPNG_NOT_PNG.rawValue: .unreadable(.png, text)
  case CPNG_UNSUPPORTED.rawValue: .unsupported(.png, text)
  case CPNG_MEMORY.rawValue, CPNG_TOO_LARGE.rawValue: .memory
  default: .damaged(.png, text)
  }
}

/// `enum copj_status` as an error.
func jpeg2000Error(_ status: Int32, _ text: String) -> CodecError {
  switch UInt32(bitPattern: status) {
  case COPJ_MEMORY.rawValue: .memory
  case COPJ_MISMATCH.rawValue: .unsupported(.dicom, text)
  default: .damaged(.dicom, text)
  }
}
