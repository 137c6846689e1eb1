import Diagnostics
import ScanDeid
import ScanModel

/// Swift Testing has a `Tag` too.
typealias Tag = ScanModel.Tag

/// Datasets with a token of their own in every attribute. All names and numbers are made up.
enum Planted {
  static let key = PseudonymKey(bytes: [UInt8](repeating: 7, count: 32))!
  static let otherKey = PseudonymKey(bytes: [UInt8](repeating: 8, count: 32))!

  /// Eight letters, different for every number, in no dictionary.
  static func token(_ number: Int) -> String {
    var text = "zq"
    var rest = number
    for _ in 0..<6 {
      text.unicodeScalars.append(Unicode.Scalar(UInt8(97 + rest % 26)))
      rest /= 26
    }
    return text
  }

  /// A legal value of `vr` that holds the token where the VR leaves room for one.
  static func value(_ vr: VR, _ number: Int) -> [UInt8] {
    let days = 19_300_101 + (number % 60) * 10_000 + (number / 60 % 12) * 100 + number / 720 % 28
    switch vr {
    case .AE, .LO, .LT, .SH, .ST, .UC, .UT: return Element.padded(Array(token(number).utf8), vr)
    case .CS: return Element.padded(Array(token(number).uppercased().utf8), vr)
    case .PN: return Element.padded(Array("\(token(number))^Given".utf8), vr)
    case .UR: return Element.padded(Array("http://\(token(number)).example/x".utf8), vr)
    case .UI: return Element.padded(Array("1.3.6.1.4.1.99999.\(number).4711".utf8), vr)
    case .DA: return Array("\(days)".utf8)
    case .DT: return Array("\(days)101112".utf8)
    case .TM: return Array("111213".utf8)
    case .AS: return Array("043Y".utf8)
    case .DS, .IS: return Element.padded(Array("\(1000 + number)".utf8), vr)
    case .OB, .OW, .UN: return Element.padded(Array(token(number).utf8), .OB)
    case .US, .SS: return [UInt8(truncatingIfNeeded: number), 0x55]
    default: return Array(token(number).utf8)
    }
  }

  /// One element per row of Table E.1-1 with a tag of its own, sequences with one item that holds a name.
  ///
  /// Without groups 0000 and 0002, which do not occur in a dataset.
  static func everyAttribute(startingAt first: Int = 0) -> [Element] {
    var number = first
    var elements: [Element] = []
    let rows = ConfidentialityTable.all.sorted { "\($0.key)" < "\($1.key)" }
    for (coverage, row) in rows {
      guard case .tag(let tag) = coverage, tag.group != 0, tag.group != 2 else { continue }
      number += 1
      elements.append(element(tag, row.vr, number))
    }
    return elements
  }

  static func element(_ tag: Tag, _ vr: VR, _ number: Int) -> Element {
    guard vr == .SQ else { return Element(tag, vr, .bytes(value(vr, number))) }
    var item = Dataset()
    item.set(Element(.patientName, .PN, .bytes(value(.PN, number))))
    item.set(Element(.referencedSOPInstanceUID, .UI, .bytes(value(.UI, number))))
    return Element(tag, .SQ, .sequence([item]))
  }

  /// What an instance needs to be one; not identifying.
  static func instance(sopClass: String = UID.ctImageStorage, modality: String = "CT") -> Dataset {
    var dataset = Dataset()
    dataset.set(.specificCharacterSet, .CS, text: "ISO_IR 192")
    dataset.set(.sopClassUID, .UI, text: sopClass)
    dataset.set(.imageType, .CS, text: "ORIGINAL\\PRIMARY\\AXIAL")
    dataset.set(.modality, .CS, text: modality)
    dataset.set(.bodyPartExamined, .CS, text: "CHEST")
    dataset.set(.sliceThickness, .DS, text: "2.5")
    dataset.set(.rows, us: 2)
    dataset.set(.columns, us: 2)
    dataset.set(.bitsAllocated, us: 8)
    dataset.set(Element(.pixelData, .OW, .bytes([1, 2, 3, 4])))
    return dataset
  }

  /// A small CT instance of one (fake) patient.
  static func patient(_ id: String = "FAKE-4711", name: String = "Quarlsborough^Zinnia", instance number: Int = 1) -> Dataset {
    var dataset = instance()
    dataset.set(.patientID, .LO, text: id)
    dataset.set(.patientName, .PN, text: name)
    dataset.set(.patientBirthDate, .DA, text: "19620314")
    dataset.set(.patientSex, .CS, text: "F")
    dataset.set(.patientAge, .AS, text: "058Y")
    dataset.set(.studyDate, .DA, text: "20200229")
    dataset.set(.studyTime, .TM, text: "101112.5")
    dataset.set(.accessionNumber, .SH, text: "ACC0815-99")
    dataset.set(.institutionName, .LO, text: "Quuxville Infirmary")
    dataset.set(.studyDescription, .LO, text: "CT CHEST Quarlsborough")
    dataset.set(.studyInstanceUID, .UI, text: "1.3.6.1.4.1.99999.1.\(id.count)")
    dataset.set(.seriesInstanceUID, .UI, text: "1.3.6.1.4.1.99999.1.\(id.count).2")
    dataset.set(.sopInstanceUID, .UI, text: "1.3.6.1.4.1.99999.1.\(id.count).2.\(number)")
    dataset.set(.frameOfReferenceUID, .UI, text: "1.3.6.1.4.1.99999.1.\(id.count).9")
    return dataset
  }

  static func scan(_ dataset: Dataset) -> RawScan { RawScan(source: Redacted("fake.dcm"), format: .dicom, dataset: dataset) }

  static func clean(_ dataset: Dataset, _ options: Set<DeidOption> = [], key: PseudonymKey = key) throws -> CleanScan {
    try Deidentifier(options: options, key: key).clean(scan(dataset))
  }

  /// How often `text` occurs in the encoded dataset, case-insensitively.
  static func occurrences(of text: String, in dataset: Dataset) -> Int { occurrences(of: text, in: ExplicitStream.encode(dataset)) }

  static func occurrences(of text: String, in bytes: [UInt8]) -> Int {
    let needle = Array(text.lowercased().utf8)
    let first = needle[0]
    let capital = (97...122).contains(first) ? first - 32 : first
    var count = 0
    bytes.withUnsafeBufferPointer { bytes in
      var start = 0
      while start + needle.count <= bytes.count {
        if bytes[start] == first || bytes[start] == capital {
          var length = 1
          while length < needle.count {
            let byte = bytes[start + length]
            guard ((65...90).contains(byte) ? byte + 32 : byte) == needle[length] else { break }
            length += 1
          }
          if length == needle.count { count += 1 }
        }
        start += 1
      }
    }
    return count
  }
}
