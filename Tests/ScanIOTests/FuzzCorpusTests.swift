import Diagnostics
import Foundation
import ScanIO
import ScanModel
import TestSupport
import Testing

/// The fuzzers' committed inputs through the product's own reader, worker included.
@Suite struct FuzzCorpusTests {
  private static let withoutPixels: Set<String> = ["report", "utf-8", "japanese", "korean", "gb18030", "greek"]

  private static func files(_ folder: String) -> [URL] {
    let place = TestData.root.appendingPathComponent("Fixtures/fuzzing/\(folder)")
    return (try? FileManager.default.contentsOfDirectory(at: place, includingPropertiesForKeys: nil).sorted { $0.path < $1.path }) ?? []
  }

  @Test(arguments: ["dicom", "tiff"]) func `every seed is read whole`(format: String) throws {
    let seeds = Self.files("seeds/\(format)")
    #expect(seeds.count > 10)
    for seed in seeds {
      let scan = try DecodeSamples.read([UInt8](try Data(contentsOf: seed)))
      #expect(scan.format.rawValue == format)
      #expect((scan.pixels == nil) == Self.withoutPixels.contains(seed.lastPathComponent), "\(seed.lastPathComponent)")
    }
  }

  @Test func `an input that once broke a fuzzer ends in an image or an explained error`() throws {
    for file in Self.files("crashes") {
      do {
        _ = try DecodeSamples.read([UInt8](try Data(contentsOf: file)))
      } catch let error as any ExplainedError {
        if case DecodeWorkerError.timeout = error { Issue.record("\(file.lastPathComponent): the decoder hung") }
      }
    }
  }
}
