import Diagnostics
import Foundation
import ScanCatalog
import ScanDeid
import ScanExport
import ScanIO
import ScanModel
import TestSupport

/// A workspace with what a pipeline leaves: DICOM and TIFF originals, 16-bit slices, a super-resolved image, generated images. All invented.
struct ExportWorkspace {
  let root: URL
  let catalog: Catalog
  let patients = (0..<3).map { Pseudonym(stored: "P\(String(repeating: "0", count: 15))\($0)")! }
  let slices: [ArtifactID]
  let originals: [ArtifactID]

  var folder: URL { root.deletingLastPathComponent() }

  /// - Parameter trainsOnTest: lets the generator learn from the held-out patient.
  init(trainsOnTest: Bool = false) throws {
    setenv("SCANFORGE_DECODE", Program.url("scanforge-decode").path, 1)
    root = try TestData.temporaryFolder("export").appendingPathComponent("workspace")
    catalog = try Catalog.openOrCreate(at: root)
    let ingest = try catalog.beginRun(op: "ingest", parameters: .object([:]))
    var (slices, originals): ([ArtifactID], [ArtifactID]) = ([], [])
    for (number, patient) in patients.enumerated() {
      let isDICOM = number != 1
      let words = (0..<24 as Range<UInt16>).flatMap { [UInt8(truncatingIfNeeded: $0 * 40 + UInt16(number)), UInt8(($0 * 40) >> 8)] }
      let pixels = PixelBuffer(rows: 4, columns: 6, bitsAllocated: 16, bitsStored: isDICOM ? 12 : 16, words: words)
      var attributes = ArtifactAttributes()
      attributes.modality = isDICOM ? "CT" : "OT"
      attributes.spacingMillimeters = SpacingMillimeters(row: 0.5, column: 0.75)
      let label = Label(number == 0 ? "a, \"quoted\"" : "b")
      let bytes = isDICOM ? try Self.dicom(pixels, patient, number) : try TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)
      let media = isDICOM ? "application/dicom" : "image/tiff"
      let object = try catalog.objects.store(bytes, of: patient)
      var sliceAttributes = attributes
      sliceAttributes.intensity = -1000...3000
      sliceAttributes.window = WindowSetting(center: 1000.5, width: 4001)
      let normalized = PixelBuffer(
        rows: 4, columns: 4, bitsAllocated: 16,
        words: (0..<16).flatMap { value -> [UInt8] in
          let word = UInt16(min(value * 4369 + number * 16, 65535))
          return [UInt8(truncatingIfNeeded: word), UInt8(word >> 8)]
        })
      let slice = try catalog.objects.store(try TIFFWriter.encode(normalized, photometric: .monochrome2, spacing: nil), of: patient)
      var drafts = [
        ArtifactDraft.acquired(object, media: media, label: label, attributes: attributes),
        .derived(slice, media: "image/tiff", from: [(.draft(0), "normalized")], label: label, attributes: sliceAttributes),
      ]
      if number != 1 {
        let outline = PixelBuffer(rows: 4, columns: 6, bitsAllocated: 8, words: (0..<24).map { UInt8($0 / 6 == number ? 1 : 0) })
        let mask = try catalog.objects.store(try TIFFWriter.encode(outline, photometric: .monochrome2, spacing: nil), of: patient)
        drafts.append(.derived(mask, kind: .mask, media: "image/tiff", from: [(.draft(0), Catalog.maskRole)], label: label))
      }
      let ids = try ingest.record(drafts)
      originals.append(ids[0])
      slices.append(ids[1])
    }
    try ingest.assignSplits([patients[0]: .train, patients[1]: .train, patients[2]: .test])
    try ingest.finish()
    self.slices = slices
    self.originals = originals

    let train = try catalog.beginRun(op: "train", parameters: .object([:]), seed: 3)
    let dataset = try train.recordDataset(trainsOnTest ? slices : Array(slices[..<2]))
    let work = try train.folder()
    for name in ["weights", "state"] { try Data(name.utf8).write(to: work.appendingPathComponent(name)) }
    let files = ModelFiles(
      weights: work.appendingPathComponent("weights"), state: work.appendingPathComponent("state"), description: Array("{}".utf8))
    let model = try train.publishModel("m", files: files, from: [(.recorded(dataset), "trainingSet")])
    try train.finish()

    let generate = try catalog.beginRun(op: "generate", parameters: .object([:]), seed: 5)
    for index in 0..<3 {
      var attributes = ArtifactAttributes()
      attributes.seed = 5
      attributes.sampleIndex = index
      attributes.modality = "CT"
      attributes.intensity = -1000...3000
      attributes.window = WindowSetting(center: 1000.5, width: 4001)
      let pixels = PixelBuffer(rows: 4, columns: 4, bitsAllocated: 16, words: (0..<32).map { UInt8($0 * 7 + index) })
      let scan = SyntheticScan(pixels: pixels, label: Label("b"), spacingMillimeters: nil, modality: "CT", window: nil, derivation: "test")
      let object = try catalog.objects.store(try TIFFWriter.encode(scan), of: scan)
      try generate.record(
        .generated(object, media: "image/tiff", from: [(.recorded(model.weights), "generator")], label: Label("b"), attributes: attributes))
    }
    let larger = PixelBuffer(rows: 8, columns: 12, bitsAllocated: 16, words: (0..<192).map { UInt8($0) })
    let object = try catalog.objects.store(try TIFFWriter.encode(larger, photometric: .monochrome2, spacing: nil), of: patients[1])
    try generate.record(
      .enhanced(
        object, media: "image/tiff", from: [(.recorded(originals[1]), "source"), (.recorded(model.weights), "model")], label: Label("b")))
    try generate.finish()
  }

  /// A small CT object as de-identification leaves it.
  private static func dicom(_ pixels: PixelBuffer, _ patient: Pseudonym, _ number: Int) throws -> [UInt8] {
    var dataset = Dataset()
    dataset.set(.sopClassUID, .UI, text: UID.ctImageStorage)
    dataset.set(.sopInstanceUID, .UI, text: "2.25.10\(number)")
    dataset.set(.studyInstanceUID, .UI, text: "2.25.20\(number)")
    dataset.set(.seriesInstanceUID, .UI, text: "2.25.30\(number)")
    dataset.set(.modality, .CS, text: "CT")
    dataset.set(.patientID, .LO, text: patient.text)
    dataset.set(.patientIdentityRemoved, .CS, text: "YES")
    dataset.set(.imagePositionPatient, .DS, text: "-10\\20\\30")
    dataset.set(.imageOrientationPatient, .DS, text: "1\\0\\0\\0\\1\\0")
    dataset.set(.sliceThickness, .DS, text: "2.5")
    dataset.set(.rescaleIntercept, .DS, text: "-1000")
    dataset.set(.rescaleSlope, .DS, text: "1")
    dataset.set(.samplesPerPixel, us: 1)
    dataset.set(.photometricInterpretation, .CS, text: "MONOCHROME2")
    dataset.set(.rows, us: UInt16(pixels.rows))
    dataset.set(.columns, us: UInt16(pixels.columns))
    dataset.set(.bitsAllocated, us: 16)
    dataset.set(.bitsStored, us: 12)
    dataset.set(.highBit, us: 11)
    dataset.set(.pixelRepresentation, us: 0)
    dataset.set(Element(.pixelData, .OW, .bytes(pixels.words)))
    let raw = RawScan(source: Redacted("test"), format: .dicom, dataset: dataset)
    let record = DeidentificationRecord(edition: "test", options: [], counts: [:], risks: [])
    return try DICOMWriter.encode(CleanScan.readmitting(raw, patient: patient, record: record))
  }

  func export(_ format: String, to name: String = "out", query: String? = nil, split: Split? = nil) throws -> ExportReport {
    try Exporter(catalog, threads: 2).export(
      ExportRequest(
        format: format, root: folder.appendingPathComponent(name), query: try query.map { try ArtifactQuery(parsing: $0) }, split: split))
  }

  /// Path below the folder -> bytes.
  func files(_ name: String = "out") throws -> [String: Data] {
    let url = folder.appendingPathComponent(name)
    var found: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: url.path) {
      var isFolder: ObjCBool = false
      let file = url.appendingPathComponent(path)
      if FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue {
        found[path] = try Data(contentsOf: file)
      }
    }
    return found
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }
}
