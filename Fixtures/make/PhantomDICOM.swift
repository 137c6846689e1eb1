import ScanModel

/// Attributes of a phantom slice: a valid CT or MR image, full of planted identifiers.
struct PhantomDICOM {
  let patient: PhantomPatient
  let storage: PhantomStorage
  let size: Int
  let spacing: Double

  init(_ patient: PhantomPatient, size: Int) {
    self.patient = patient
    self.size = size
    storage = PhantomStorage(patient)
    spacing = (patient.anatomy == .abdomen ? 350 : 230) / Double(size)
  }

  private var isCT: Bool { patient.anatomy == .abdomen }

  func dataset(_ slice: PhantomPatient.Slice, values: [Float], planted: inout PlantedIdentifiers) -> Dataset {
    var dataset = Dataset()
    identify(&dataset, slice, &planted)
    describe(&dataset, slice)
    nest(&dataset, slice, &planted)
    addPrivate(&dataset, &planted)
    if patient.index % 6 == 1 { addOverlay(&dataset, &planted) }
    dataset.set(Element(.pixelData, .OW, .bytes(storage.words(values, size: size))))
    dataset.set(Element(.dataSetTrailingPadding, .OB, .bytes(even(planted.token("TAIL", patient.code)))))
    return dataset
  }

  func instanceUID(_ index: Int, _ planted: inout PlantedIdentifiers) -> String { planted.uid("instance \(patient.code) \(index)") }

  private func identify(_ dataset: inout Dataset, _ slice: PhantomPatient.Slice, _ planted: inout PlantedIdentifiers) {
    let code = patient.code
    func plant(_ tag: Tag, _ vr: VR, _ what: String) { dataset.set(tag, vr, text: planted.token(what, code)) }
    dataset.set(.sopClassUID, .UI, text: isCT ? UID.ctImageStorage : UID.mrImageStorage)
    dataset.set(.sopInstanceUID, .UI, text: instanceUID(slice.index, &planted))
    dataset.set(.studyInstanceUID, .UI, text: planted.uid("study \(code)"))
    dataset.set(.seriesInstanceUID, .UI, text: planted.uid("series \(code)"))
    dataset.set(.frameOfReferenceUID, .UI, text: planted.uid("frame of reference \(code)"))
    let year = 1903 + patient.index
    dataset.set(.studyDate, .DA, text: planted.date("\(year + 70)0317"))
    for tag in [Tag.seriesDate, .acquisitionDate, .contentDate] { dataset.set(tag, .DA, text: planted.date("\(year + 70)0318")) }
    dataset.set(.studyTime, .TM, text: "0930\(10 + patient.index % 50).918273")
    dataset.set(.contentTime, .TM, text: "0931\(10 + patient.index % 50).918273")
    dataset.set(Tag(0x0008, 0x002A), .DT, text: planted.dateTime("\(year + 70)0317093015.918273"))
    plant(.accessionNumber, .SH, "ACCN")
    plant(.institutionName, .LO, "HOSPITAL")
    plant(Tag(0x0008, 0x0081), .ST, "STREET")
    dataset.set(.referringPhysicianName, .PN, text: planted.token("REFERRER", code) + "^FAKE^^DR")
    dataset.set(Tag(0x0008, 0x1010), .SH, text: planted.token("STAT", code))
    dataset.set(.studyDescription, .LO, text: "Study of \(planted.token("STUDYTEXT", code))")
    dataset.set(.seriesDescription, .LO, text: "Series for \(planted.token("SERIESTEXT", code))")
    dataset.set(Tag(0x0008, 0x1050), .PN, text: planted.token("PERFORMER", code) + "^FAKE")
    dataset.set(Tag(0x0008, 0x1070), .PN, text: planted.token("OPERATOR", code) + "^FAKE")
    dataset.set(.patientName, .PN, text: planted.token("NAME", code) + "^FAKE")
    plant(.patientID, .LO, "ID")
    dataset.set(.patientBirthDate, .DA, text: planted.date("\(year)1107"))
    dataset.set(.patientSex, .CS, text: patient.index % 2 == 0 ? "F" : "M")
    dataset.set(.patientAge, .AS, text: "0\(69 + patient.index % 20)Y")
    plant(Tag(0x0010, 0x1000), .LO, "OTHERID")
    plant(Tag(0x0010, 0x1040), .LO, "ADDRESS")
    plant(Tag(0x0010, 0x2154), .SH, "FONE")
    dataset.set(Tag(0x0010, 0x21B0), .LT, text: "History told by \(planted.token("HISTORY", code)) on the ward.")
    dataset.set(Tag(0x0010, 0x4000), .LT, text: "Comment that names \(planted.token("PATIENTCOMMENT", code)).")
    plant(Tag(0x0018, 0x1000), .LO, "SERIAL")
    dataset.set(Tag(0x0018, 0x1030), .LO, text: "Protocol \(planted.token("PROTOCOL", code))")
    plant(.studyID, .SH, "STID")
    dataset.set(.imageComments, .LT, text: "Seen by Dr \(planted.token("READER", code)), call back. Label in words: none.")
  }

  private func describe(_ dataset: inout Dataset, _ slice: PhantomPatient.Slice) {
    dataset.set(.specificCharacterSet, .CS, text: "ISO_IR 100")
    dataset.set(.imageType, .CS, text: isCT ? "ORIGINAL\\PRIMARY\\AXIAL" : "ORIGINAL\\PRIMARY\\M")
    dataset.set(.modality, .CS, text: isCT ? "CT" : "MR")
    dataset.set(.manufacturer, .LO, text: "Phantom Works")
    dataset.set(.manufacturerModelName, .LO, text: isCT ? "Phantom CT" : "Phantom MR")
    dataset.set(.bodyPartExamined, .CS, text: isCT ? "ABDOMEN" : "HEAD")
    dataset.set(.sliceThickness, .DS, text: "8")
    dataset.set(Tag(0x0018, 0x5100), .CS, text: "HFS")
    if isCT {
      dataset.set(Tag(0x0018, 0x0060), .DS, text: "120")
    } else {
      dataset.set(Tag(0x0018, 0x0020), .CS, text: "SE")
      dataset.set(Tag(0x0018, 0x0021), .CS, text: "NONE")
      dataset.set(Tag(0x0018, 0x0022), .CS, text: "")
      dataset.set(Tag(0x0018, 0x0023), .CS, text: "2D")
      dataset.set(Tag(0x0018, 0x0080), .DS, text: "500")
      dataset.set(Tag(0x0018, 0x0081), .DS, text: "15")
      dataset.set(Tag(0x0018, 0x0091), .IS, text: "1")
      dataset.set(.spacingBetweenSlices, .DS, text: "8")
    }
    dataset.set(.seriesNumber, .IS, text: "2")
    dataset.set(Tag(0x0020, 0x0012), .IS, text: "1")
    // Some scanners count from the feet up: position decides, never the number.
    dataset.set(.instanceNumber, .IS, text: "\(patient.index % 2 == 0 ? slice.index + 1 : patient.slices.count - slice.index)")
    let corner = -Double(size - 1) / 2 * spacing
    dataset.set(.imagePositionPatient, .DS, text: "\(corner)\\\(corner)\\\(-8.0 * Double(slice.index))")
    dataset.set(.imageOrientationPatient, .DS, text: "1\\0\\0\\0\\1\\0")
    dataset.set(Tag(0x0020, 0x1040), .LO, text: "")
    dataset.set(.samplesPerPixel, us: 1)
    dataset.set(.photometricInterpretation, .CS, text: storage.isInverted ? "MONOCHROME1" : "MONOCHROME2")
    dataset.set(.rows, us: UInt16(size))
    dataset.set(.columns, us: UInt16(size))
    dataset.set(.pixelSpacing, .DS, text: "\(spacing)\\\(spacing)")
    dataset.set(.bitsAllocated, us: 16)
    dataset.set(.bitsStored, us: UInt16(storage.bitsStored))
    dataset.set(.highBit, us: UInt16(storage.bitsStored - 1))
    dataset.set(.pixelRepresentation, us: storage.isSigned ? 1 : 0)
    if let padding = storage.padding {
      let word = UInt16(bitPattern: Int16(padding))
      dataset.set(Element(.pixelPaddingValue, .SS, .bytes([UInt8(truncatingIfNeeded: word), UInt8(word >> 8)])))
    }
    dataset.set(.windowCenter, .DS, text: isCT ? "60" : storage.isInverted ? "2495" : "1600")
    dataset.set(.windowWidth, .DS, text: isCT ? "400" : "3200")
    if isCT {
      dataset.set(.rescaleIntercept, .DS, text: "\(storage.intercept)")
      dataset.set(.rescaleSlope, .DS, text: "\(storage.slope)")
      dataset.set(.rescaleType, .LO, text: "HU")
    }
  }

  /// Identifiers three sequences deep, and references whose UIDs must stay consistent.
  private func nest(_ dataset: inout Dataset, _ slice: PhantomPatient.Slice, _ planted: inout PlantedIdentifiers) {
    let code = patient.code
    var neighbor = Dataset()
    neighbor.set(.referencedSOPClassUID, .UI, text: isCT ? UID.ctImageStorage : UID.mrImageStorage)
    neighbor.set(.referencedSOPInstanceUID, .UI, text: instanceUID((slice.index + 1) % patient.slices.count, &planted))
    dataset.set(Tag(0x0008, 0x1140), sequence: [neighbor])

    var step = Dataset()
    step.set(Tag(0x0040, 0x0007), .LO, text: "Step \(planted.token("STEPTEXT", code))")
    step.set(Tag(0x0040, 0x0009), .SH, text: planted.token("STEP", code))
    step.set(Tag(0x0040, 0x1001), .SH, text: planted.token("PROC", code))
    dataset.set(Tag(0x0040, 0x0275), sequence: [step])

    var deepest = Dataset()
    deepest.set(.patientName, .PN, text: planted.token("DEEPNAME", code) + "^FAKE")
    deepest.set(.patientID, .LO, text: planted.token("DEEPID", code))
    var modified = Dataset()
    modified.set(Tag(0x0400, 0x0550), sequence: [deepest])
    modified.set(Tag(0x0400, 0x0562), .DT, text: planted.dateTime("19750401101500.564738"))
    modified.set(Tag(0x0400, 0x0563), .LO, text: planted.token("MODIFIER", code))
    modified.set(Tag(0x0400, 0x0564), .LO, text: "")
    modified.set(Tag(0x0400, 0x0565), .CS, text: "COERCE")
    dataset.set(Tag(0x0400, 0x0561), sequence: [modified])
  }

  private func addPrivate(_ dataset: inout Dataset, _ planted: inout PlantedIdentifiers) {
    let code = patient.code
    dataset.set(Tag(0x0009, 0x0010), .LO, text: "PHANTOM WORKS PRIVATE")
    dataset.set(Tag(0x0009, 0x1001), .LO, text: planted.token("PRIVATETEXT", code))
    dataset.set(Element(Tag(0x0009, 0x1002), .OB, .bytes([0, 1, 2, 3] + even(planted.token("PRIVATEBYTES", code)) + [0xFF, 0xFE])))
    var inner = Dataset()
    inner.set(.patientName, .PN, text: planted.token("PRIVATEITEM", code) + "^FAKE")
    dataset.set(Tag(0x0009, 0x1003), sequence: [inner])
    dataset.set(Tag(0x0029, 0x0010), .LO, text: planted.token("CREATOR", code))
    dataset.set(Element(Tag(0x0029, 0x1010), .UN, .bytes(even(planted.token("UNKNOWN", code)))))
  }

  private func addOverlay(_ dataset: inout Dataset, _ planted: inout PlantedIdentifiers) {
    func short(_ value: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)] }
    dataset.set(Tag(0x6000, 0x0010), us: UInt16(size))
    dataset.set(Tag(0x6000, 0x0011), us: UInt16(size))
    dataset.set(Tag(0x6000, 0x0040), .CS, text: "G")
    dataset.set(Element(Tag(0x6000, 0x0050), .SS, .bytes(short(1) + short(1))))
    dataset.set(Tag(0x6000, 0x0100), us: 1)
    dataset.set(Tag(0x6000, 0x0102), us: 0)
    // An annotation's bits are a picture of text; here they are the text.
    var bits = even(planted.token("OVERLAYBITS", patient.code))
    bits += [UInt8](repeating: 0, count: size * size / 8 - bits.count)
    dataset.set(Element(Tag(0x6000, 0x3000), .OW, .bytes(bits)))
    dataset.set(Tag(0x6000, 0x4000), .LT, text: planted.token("OVERLAYTEXT", patient.code))
  }

  private func even(_ text: String) -> [UInt8] { Array(text.utf8) + (text.utf8.count % 2 == 0 ? [] : [0x20]) }
}
