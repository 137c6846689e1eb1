import Foundation
import ScanModel

/// A folder of identified phantom studies, with labels, masks and the list of what was planted:
///
/// ```
/// dicom/LABEL/*.dcm     CT-like and MR-like series in many transfer syntaxes
/// tiff/LABEL/*.tif      8- and 16-bit slices of other patients
/// masks/…/*.tif         the lesion, 0 or 255, beside the same path
/// labels.csv            path,label,subject,split
/// planted.txt           every planted text, one a line; planted-dates.txt: dates, too short to search for in arbitrary bytes
/// ```
struct PhantomSet {
  var seed: UInt64 = 1
  /// Of each anatomy.
  var patients = 6
  var slices = 10
  var size = 128
  /// Patients of the TIFF set.
  var tiffPatients = 4

  struct Summary {
    var dicomFiles = 0
    var tiffFiles = 0
    var planted = 0
    var bytes = 0
  }

  func write(to folder: URL) throws -> Summary {
    let random = PhantomRandom(seed: seed)
    var planted = PlantedIdentifiers(random: random.stream("uids"))
    var summary = Summary()
    var rows = ["path,label,subject,split"]
    for anatomy in [PhantomPatient.Anatomy.abdomen, .head] {
      for index in 0..<patients {
        let code = anatomy.rawValue + two(index + 1)
        let patient = PhantomPatient(anatomy, index: index, code: code, slices: slices, random: random.stream(code))
        let split = index == patients - 1 && patients > 1 ? "test" : "train"
        let writer = PhantomDICOM(patient, size: size)
        for slice in patient.slices {
          let image = patient.image(slice, size: size)
          let dataset = writer.dataset(slice, values: image.values, planted: &planted)
          let file = try PhantomFile.encode(
            dataset, transferSyntaxUID: writer.storage.transferSyntaxUID, code: code, planted: &planted)
          let path = "dicom/\(slice.kind.rawValue)/\(planted.token("FILE", code))_\(two(slice.index + 1))"
          try save(file, folder, path + ".dcm", &summary)
          try save(mask(image.mask), folder, "masks/\(path).tif", &summary)
          rows.append("\(path).dcm,\(slice.kind.rawValue),\(planted.token("ID", code)),\(split)")
          summary.dicomFiles += 1
        }
      }
    }
    for index in 0..<tiffPatients {
      let code = "T" + two(index + 1)
      let patient = PhantomPatient(.abdomen, index: index, code: code, slices: slices, random: random.stream(code))
      let split = index == tiffPatients - 1 && tiffPatients > 1 ? "test" : "train"
      for slice in patient.slices {
        let image = patient.image(slice, size: size)
        let path = "tiff/\(slice.kind.rawValue)/\(planted.token("FILE", code))_\(two(slice.index + 1))"
        try save(tiff(image.values, code, isDeep: index % 2 == 0, &planted), folder, path + ".tif", &summary)
        try save(mask(image.mask), folder, "masks/\(path).tif", &summary)
        rows.append("\(path).tif,\(slice.kind.rawValue),\(planted.token("SUBJECT", code)),\(split)")
        summary.tiffFiles += 1
      }
    }
    try save(lines(rows), folder, "labels.csv", &summary)
    try save(lines(planted.texts), folder, "planted.txt", &summary)
    try save(lines(planted.dates), folder, "planted-dates.txt", &summary)
    summary.planted = planted.texts.count
    return summary
  }

  /// 16 bits: Hounsfield units + 1024. 8 bits: a window of 400 around 60.
  private func tiff(_ values: [Float], _ code: String, isDeep: Bool, _ planted: inout PlantedIdentifiers) -> [UInt8] {
    let words: [UInt8]
    if isDeep {
      words = values.flatMap { value -> [UInt8] in
        let stored = UInt16(min(max(value + 1024, 0), 65_535).rounded())
        return [UInt8(truncatingIfNeeded: stored), UInt8(stored >> 8)]
      }
    } else {
      words = values.map { UInt8(min(max(($0 + 140) / 400 * 255, 0), 255).rounded()) }
    }
    var file = PhantomTIFF(size: size, bits: isDeep ? 16 : 8, words: words, pixelsPerCentimeter: Double(size) / 35)
    file.texts = [
      270: "Slice of \(planted.token("DESCRIPTION", code)), left as exported", 305: "Phantom Works",
      306: planted.dateTime("1973:03:17 09:30:15"),
      315: planted.token("ARTIST", code), 316: planted.token("HOST", code),
      700: "<x:xmpmeta xmlns:x='adobe:ns:meta/'><creator>\(planted.token("XMP", code))</creator></x:xmpmeta>",
      65_000: planted.token("PRIVATETAG", code),
    ]
    return file.encoded()
  }

  private func mask(_ mask: [UInt8]) -> [UInt8] {
    PhantomTIFF(size: size, bits: 8, words: mask.map { $0 * 255 }, pixelsPerCentimeter: Double(size) / 35).encoded()
  }

  private func save(_ bytes: [UInt8], _ folder: URL, _ path: String, _ summary: inout Summary) throws {
    let url = folder.appendingPathComponent(path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    summary.bytes += bytes.count
  }

  private func lines(_ lines: [String]) -> [UInt8] { lines.flatMap { Array($0.utf8) + [0x0A] } }

  private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
