import Diagnostics
import Foundation
import ScanDeid
import ScanIO
import ScanModel
import TestSupport
import Testing

/// De-identified and super-resolved DICOM files, made from the phantoms.
@Suite struct WriterCleanTests {
  @Test func `a clean file holds no planted text, keeps its pixels, and gets no new dciodvfy error`() throws {
    let planted = try PhantomSample.lines("planted.txt").map { Data($0.utf8) }
    for file in try PhantomSample.firstSlices() {
      let raw = try PhantomSample.read(file)
      let clean = try PhantomSample.deidentifier.clean(raw)
      let bytes = try DICOMWriter.encode(clean)
      #expect(try Prescan.scan(bytes).warnings.isEmpty)
      let data = Data(bytes)
      for text in planted { #expect(data.range(of: text) == nil, "\(file): \(String(decoding: text, as: UTF8.self))") }
      let back = try ScanReader(pool: PhantomSample.pool).read(bytes, source: .init("clean"))
      #expect(back.pixels == raw.pixels)
      #expect(back.fileTransferSyntaxUID == raw.transferSyntaxUID)
      #expect(back.dataset == clean.dataset)
      if let before = try Verifier.errors(in: PhantomSample.bytes(file)), let after = try Verifier.errors(in: bytes) {
        #expect(Set(after).subtracting(before) == [], "\(file)")
      }
    }
  }

  @Test func `real compressed files decode to the same samples after de-identification`() throws {
    guard let folder = TestData.shared("corpus", for: "texts in compressed pixels") else { return }
    guard let walk = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else { return }
    let reader = ScanReader(pool: PhantomSample.pool)
    var blanked = 0
    for case let file as URL in walk {
      guard let raw = try? reader.read(path: file.path), raw.format == .dicom, let pixels = raw.pixels,
        case .fragments? = raw.dataset[.pixelData]?.value, let clean = try? PhantomSample.deidentifier.clean(raw)
      else { continue }
      let again = try reader.read(DICOMWriter.encode(clean), source: .init("clean"))
      #expect(again.pixels == pixels, "\(file.lastPathComponent)")
      if clean.record.counts["codestreamBlanked"] != nil { blanked += 1 }
    }
    #expect(blanked > 5)
  }

  @Test func `a super-resolved file covers the same field of view with finer pixels`() throws {
    for file in try PhantomSample.firstSlices() {
      let clean = try PhantomSample.deidentifier.clean(PhantomSample.read(file))
      let enhanced = clean.enhanced(pixels: WriterCleanTests.doubled(try #require(clean.pixels)), scale: 2, derivation: "srgan 0123, x2.")
      let bytes = try DICOMWriter.encode(enhanced, uids: DerivedUID(seed: [1]))
      let dataset = try ScanReader(pool: PhantomSample.pool).read(bytes, source: .init("enhanced")).dataset
      let source = clean.dataset
      #expect(dataset.integer(.rows) == 128 && dataset.integer(.columns) == 128)
      #expect(zip(dataset.numbers(.pixelSpacing), source.numbers(.pixelSpacing)).allSatisfy { abs($0 - $1 / 2) < 1e-9 })
      let corners = [WriterCleanTests.corner(dataset), WriterCleanTests.corner(source)]
      // DS has 16 characters; positions below 1000 mm keep ten decimals.
      #expect(zip(corners[0], corners[1]).allSatisfy { abs($0 - $1) < 1e-9 })
      for tag in [
        Tag.windowCenter, .windowWidth, .rescaleSlope, .rescaleIntercept, .patientID, .studyInstanceUID, .sopClassUID, .bitsStored,
        .pixelRepresentation, .photometricInterpretation,
      ] {
        #expect(dataset[tag]?.bytes == source[tag]?.bytes, "\(tag)")
      }
      #expect(dataset.text(.sopInstanceUID) != source.text(.sopInstanceUID))
      #expect(dataset.text(.seriesInstanceUID) != source.text(.seriesInstanceUID))
      #expect(dataset.texts(.imageType).prefix(2) == ["DERIVED", "SECONDARY"])
      #expect(dataset.text(.syntheticData) == "NO")
      let reference = try #require(dataset.items(.sourceImageSequence).first)
      #expect(reference.text(.referencedSOPInstanceUID) == source.text(.sopInstanceUID))
      #expect(reference.text(.spatialLocationsPreserved) == "YES")
      #expect(dataset.items(.derivationCodeSequence).first?.text(.codeValue) == "113085")
      let purposes = dataset.items(.contributingEquipmentSequence).compactMap {
        $0.items(.purposeOfReferenceCodeSequence).first?.text(.codeValue)
      }
      #expect(purposes == ["109104", "109102"])
      #expect(dataset.elements.allSatisfy { !(0x6000...0x60FF).contains($0.tag.group) })
      if let before = try Verifier.errors(in: PhantomSample.bytes(file)), let after = try Verifier.errors(in: bytes) {
        #expect(Set(after).subtracting(before) == [], "\(file)")
      }
    }
  }

  @Test func `an oblique image keeps its outer corner`() throws {
    var raw = try PhantomSample.read(try #require(PhantomSample.firstSlices().first))
    // Both directions are turned; rows and columns have other spacings.
    raw.dataset.set(.imageOrientationPatient, .DS, text: "0.8\\0.6\\0\\-0.36\\0.48\\0.8")
    raw.dataset.set(.pixelSpacing, .DS, text: "0.5\\0.75")
    raw.dataset.set(.imagePositionPatient, .DS, text: "-100.25\\33.5\\1200.125")
    let clean = try PhantomSample.deidentifier.clean(raw)
    for scale in [2.0, 4.0, 3.0] {
      let enhanced = clean.enhanced(pixels: WriterCleanTests.doubled(try #require(clean.pixels)), scale: scale, derivation: "")
      let dataset = try WriterDICOMTests.dataset(of: DICOMWriter.encode(enhanced, uids: DerivedUID(seed: [1])))
      let corners = [WriterCleanTests.corner(dataset), WriterCleanTests.corner(clean.dataset)]
      #expect(zip(corners[0], corners[1]).allSatisfy { abs($0 - $1) < 1e-8 }, "\(corners)")
    }
  }

  @Test func `lossy and synthetic ancestors stay declared`() throws {
    var raw = try PhantomSample.read(try #require(PhantomSample.firstSlices().first))
    raw.dataset.set(.lossyImageCompression, .CS, text: "01")
    raw.dataset.set(.syntheticData, .CS, text: "YES")
    let clean = try PhantomSample.deidentifier.clean(raw)
    let enhanced = clean.enhanced(pixels: WriterCleanTests.doubled(try #require(clean.pixels)), scale: 2, derivation: "")
    let dataset = try WriterDICOMTests.dataset(of: DICOMWriter.encode(enhanced, uids: DerivedUID(seed: [1])))
    #expect(dataset.text(.lossyImageCompression) == "01")
    #expect(dataset.text(.syntheticData) == "YES")
  }

  @Test func `an object without SOP Class cannot be written`() throws {
    var raw = try PhantomSample.read(try #require(PhantomSample.firstSlices().first))
    raw.dataset.remove(.sopClassUID)
    let clean = try PhantomSample.deidentifier.clean(raw)
    #expect(throws: ScanWriteError.missingAttribute(.sopClassUID)) { try DICOMWriter.encode(clean) }
  }

  @Test func `multi-frame functional groups get the finer grid`() throws {
    var measures = Dataset()
    var orientation = Dataset()
    var position = Dataset()
    var shared = Dataset()
    var frame = Dataset()
    measures.set(.pixelSpacing, .DS, text: "2\\1")
    orientation.set(.imageOrientationPatient, .DS, text: "1\\0\\0\\0\\1\\0")
    position.set(.imagePositionPatient, .DS, text: "10\\20\\30")
    shared.set(Tag(0x0028, 0x9110), sequence: [measures])
    shared.set(Tag(0x0020, 0x9116), sequence: [orientation])
    frame.set(Tag(0x0020, 0x9113), sequence: [position])
    var raw = try PhantomSample.read(try #require(PhantomSample.firstSlices().first))
    for tag in [Tag.pixelSpacing, .imagePositionPatient, .imageOrientationPatient] { raw.dataset.remove(tag) }
    raw.dataset.set(.sharedFunctionalGroupsSequence, sequence: [shared])
    raw.dataset.set(.perFrameFunctionalGroupsSequence, sequence: [frame])
    let clean = try PhantomSample.deidentifier.clean(raw)
    let enhanced = clean.enhanced(pixels: WriterCleanTests.doubled(try #require(clean.pixels)), scale: 2, derivation: "")
    let dataset = try WriterDICOMTests.dataset(of: DICOMWriter.encode(enhanced, uids: DerivedUID(seed: [1])))
    let sharedOut = try #require(dataset.items(.sharedFunctionalGroupsSequence).first)
    #expect(sharedOut.items(Tag(0x0028, 0x9110)).first?.numbers(.pixelSpacing) == [1, 0.5])
    let frameOut = try #require(dataset.items(.perFrameFunctionalGroupsSequence).first)
    #expect(frameOut.items(Tag(0x0020, 0x9113)).first?.numbers(.imagePositionPatient) == [9.75, 19.5, 30])
  }

  /// Outer corner of the first pixel, from position, orientation and spacing. PS3.3 equation C.7.6.2.1-1 with -1/2 for both indexes.
  static func corner(_ dataset: Dataset) -> [Double] {
    let (p, o, s) = (dataset.numbers(.imagePositionPatient), dataset.numbers(.imageOrientationPatient), dataset.numbers(.pixelSpacing))
    guard p.count == 3, o.count == 6, s.count == 2 else { return [] }
    return (0..<3).map { p[$0] - o[$0] * s[1] / 2 - o[$0 + 3] * s[0] / 2 }
  }

  /// Every pixel twice along both axes.
  static func doubled(_ pixels: PixelBuffer) -> PixelBuffer {
    var words: [UInt8] = []
    let width = pixels.bytesPerSample
    for row in 0..<pixels.rows * 2 {
      for column in 0..<pixels.columns * 2 {
        let start = ((row / 2) * pixels.columns + column / 2) * width
        words += pixels.words[start..<start + width]
      }
    }
    var result = pixels
    (result.rows, result.columns, result.words) = (pixels.rows * 2, pixels.columns * 2, words)
    return result
  }
}
