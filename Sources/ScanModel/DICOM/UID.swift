/// Unique identifiers that ScanForge names. PS3.6 annex A.
package enum UID {
  package static let implicitVRLittleEndian = "1.2.840.10008.1.2"
  package static let explicitVRLittleEndian = "1.2.840.10008.1.2.1"
  package static let deflatedExplicitVRLittleEndian = "1.2.840.10008.1.2.1.99"
  package static let encapsulatedUncompressed = "1.2.840.10008.1.2.1.98"
  package static let deflatedImageFrame = "1.2.840.10008.1.2.8.1"
  package static let explicitVRBigEndian = "1.2.840.10008.1.2.2"
  package static let secondaryCaptureImageStorage = "1.2.840.10008.5.1.4.1.1.7"
  package static let ctImageStorage = "1.2.840.10008.5.1.4.1.1.2"
  package static let mrImageStorage = "1.2.840.10008.5.1.4.1.1.4"

  /// UIDs below this root are the standard's to register.
  package static let standardRoot = "1.2.840.10008."

  /// Whether a UID is one that PS3.6 annex A may have registered: below the standard's root, and no longer than those are. Nobody else may
  /// make UIDs there, but some have, with record numbers in them.
  package static func isStandard(_ uid: String) -> Bool {
    guard uid.hasPrefix(standardRoot) else { return false }
    let components = uid.dropFirst(standardRoot.count).split(separator: ".", omittingEmptySubsequences: false)
    return components.count <= 9 && components.allSatisfy { (1...4).contains($0.count) && $0.allSatisfy { $0.isASCII && $0.isNumber } }
  }

  /// Codestreams that encapsulated pixels are made of, as far as ScanForge walks their markers.
  package enum Codestream: Sendable {
    /// JPEG and JPEG-LS.
    case jpeg
    /// JPEG 2000 and HTJ2K.
    case jpeg2000
  }

  /// The codestream of a transfer syntax; nil for native pixels and other encodings.
  package static func codestream(ofTransferSyntax uid: String) -> Codestream? {
    let root = standardRoot + "1.2.4."
    guard uid.hasPrefix(root), let number = Int(uid.dropFirst(root.count)) else { return nil }
    switch number {
    case 50...81: return .jpeg
    case 90...93, 201...203: return .jpeg2000
    default: return nil
    }
  }

  /// `2.25.` followed by a 128-bit integer in decimal (PS3.5 annex B.2), from 16 bytes, big-endian.
  package static func from128Bits(_ bytes: some Collection<UInt8>) -> String {
    precondition(bytes.count == 16, "a 2.25 UID needs 16 bytes, got \(bytes.count)")
    // Long division by ten over base-256 digits.
    var digits = Array(bytes)
    var decimal: [UInt8] = []
    while digits.contains(where: { $0 != 0 }) {
      var remainder = 0
      for index in digits.indices {
        let value = remainder << 8 | Int(digits[index])
        digits[index] = UInt8(value / 10)
        remainder = value % 10
      }
      decimal.append(UInt8(remainder))
    }
    let text = decimal.isEmpty ? "0" : String(decimal.reversed().map { Character(Unicode.Scalar(UInt8(48) + $0)) })
    return "2.25." + text
  }
}
