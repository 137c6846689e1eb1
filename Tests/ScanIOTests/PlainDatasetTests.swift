import Diagnostics
import Foundation
import ScanIO
import ScanModel
import TestSupport
import Testing

/// Attributes read here equal those that the decode worker reads.
@Suite struct PlainDatasetTests {
  @Test func `many attributes do not go to the decoder`() throws {
    var dataset = SampleDICOM.image()
    for number in 0..<25_000 { dataset.set(Element(Tag(0x0019 + UInt16(number / 10_000) * 2, 0x1000 + UInt16(number % 10_000)), .LO, .bytes([]))) }
    let reader = ScanReader(pool: PhantomSample.pool)
    let scan = try reader.read(SampleDICOM.file(dataset), source: Redacted("many"))
    let whole = try reader.read(SampleDICOM.file(), source: Redacted("few"))
    #expect(scan.pixels == whole.pixels && scan.photometric == whole.photometric)
    #expect(scan.dataset.elements.count == dataset.elements.count)
    // Without its attributes the decoder would have nothing to do: a reader that lacks one shows who was asked.
    let alone = ScanReader(pool: DecodeWorkerPool(executable: "/nonexistent", workers: 1))
    dataset.remove(.pixelData)
    #expect(try alone.read(SampleDICOM.file(dataset), source: Redacted("headless")).pixels == nil)
    var limits = PrescanLimits()
    limits.decoderElements = 20_000
    let limited = ScanReader(pool: PhantomSample.pool, limits: limits)
    #expect(try limited.read(SampleDICOM.file(dataset), source: Redacted("plain")).pixels == nil)
    #expect(throws: PrescanError.tooMany(.dicom, what: .elements, limit: 20_000)) {
      try limited.read(SampleDICOM.file(dataset, syntax: .deflated), source: Redacted("deflated"))
    }
  }

  /// Through the worker: decoding the samples is asked for, and they are dropped.
  private static func byWorker(_ bytes: [UInt8]) throws -> RawScan {
    var scan = try DecodeSamples.read(bytes)
    scan.pixels = nil
    return scan
  }

  private static func noWorker() -> ScanReader { ScanReader(pool: DecodeWorkerPool(executable: nil, workers: 1)) }

  @Test(arguments: [SampleDICOM.Syntax.explicit, .implicit, .encapsulated]) func `no worker is needed`(syntax: SampleDICOM.Syntax) throws {
    let bytes = SampleDICOM.file(SampleDICOM.rich(), syntax: syntax)
    let scan = try Self.noWorker().read(bytes, source: Redacted("memory"), pixels: false)
    #expect(scan.dataset.text(.patientName) == "ZZFAKE^PATIENT")
    #expect(scan.pixels == nil)
    guard syntax != .encapsulated else { return }
    let worker = try Self.byWorker(bytes)
    #expect(scan.dataset == worker.dataset)
    #expect(scan.transferSyntaxUID == worker.transferSyntaxUID && scan.fileTransferSyntaxUID == worker.fileTransferSyntaxUID)
  }

  @Test(arguments: [SampleDICOM.Syntax.bigEndian, .deflated]) func `other encodings go to the worker`(syntax: SampleDICOM.Syntax) throws {
    let bytes = SampleDICOM.file(SampleDICOM.rich(), syntax: syntax)
    #expect(throws: DecodeWorkerError.self) { try Self.noWorker().read(bytes, source: Redacted("memory"), pixels: false) }
  }

  @Test func `real files read the same both ways`() throws {
    guard let folder = TestData.shared("corpus", for: "attributes of real files") else { return }
    guard let walk = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else { return }
    var compared = 0
    for case let file as URL in walk {
      guard let data = try? Data(contentsOf: file), !data.isEmpty else { continue }
      let bytes = [UInt8](data)
      guard let report = try? Prescan.scan(bytes), report.plainElements != nil, let worker = try? Self.byWorker(bytes) else { continue }
      let plain = try Self.noWorker().read(bytes, source: Redacted("memory"), pixels: false)
      compared += 1
      // DCMTK drops trailing blanks of texts; here they stay.
      for element in plain.dataset.elements
      where worker.dataset[element.tag] != element && (element.text == nil || worker.dataset[element.tag]?.text != element.text) {
        Issue.record("\(file.lastPathComponent) \(element.tag) \(element.vr) \(String(describing: worker.dataset[element.tag]?.vr))")
      }
      for element in worker.dataset.elements where plain.dataset[element.tag] == nil {
        Issue.record("\(file.lastPathComponent) \(element.tag) is missing")
      }
      #expect(plain.transferSyntaxUID == worker.transferSyntaxUID, "\(file.lastPathComponent)")
      #expect(plain.fileTransferSyntaxUID == worker.fileTransferSyntaxUID, "\(file.lastPathComponent)")
    }
    #expect(compared > 100)
  }
}
