import Diagnostics
import Foundation
import ScanIO
import ScanModel
import TestSupport
import Testing

/// Damaged files through the whole path. Whatever a file holds: an image, or an explained error; within the deadline.
@Suite struct DecodeWorkerFuzzTests {
  private static let seeds: [(name: String, make: @Sendable () throws -> [UInt8])] = [
    ("explicit", { SampleDICOM.file(SampleDICOM.rich()) }),
    ("implicit", { try DecodeSamples.file(SampleDICOM.rich(), UID.implicitVRLittleEndian) }),
    ("big-endian", { try DecodeSamples.file(SampleDICOM.rich(), UID.explicitVRBigEndian) }),
    ("deflated", { try DecodeSamples.file(SampleDICOM.rich(), UID.deflatedExplicitVRLittleEndian) }),
    ("rle", { try DecodeSamples.file(DecodeSamples.dataset(frames: 3), DecodeWorkerCodecTests.rle) }),
    ("jpeg", { try DecodeSamples.file(DecodeSamples.dataset(), DecodeWorkerCodecTests.jpegLossless) }),
    ("jpeg-ls", { try DecodeSamples.file(DecodeSamples.smooth(), DecodeWorkerCodecTests.jpegLS) }),
    (
      "tiff",
      {
        try DecodeSamples.tiff(
          rows: 30, columns: 20, bits: 16, deflate: true, predictor: 2, words: DecodeSamples.words(count: 600, bits: 16))
      }
    ),
    ("png", { try DecodeSamples.png(rows: 9, columns: 7, bits: 16, words: DecodeSamples.words(count: 63, bits: 16)) }),
  ]

  @Test(.timeLimit(.minutes(5)), arguments: seeds.map(\.name)) func `damage ends in an image or an explained error`(name: String) throws {
    let seed = try #require(Self.seeds.first { $0.name == name })
    let original = try seed.make()
    let intact = try DecodeSamples.read(original)
    #expect(intact.pixels != nil)
    var random = SplitMix64(seed: UInt64(name.utf8.reduce(7) { $0 &* 31 &+ Int($1) } & 0xFFFF))
    for _ in 0..<150 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...3, using: &random) { _ = random.mutate(&bytes) }
      try attempt(bytes)
    }
    for _ in 0..<40 {
      try attempt(Array(original.prefix(Int.random(in: 0..<original.count, using: &random))))
    }
  }

  @Test(arguments: seeds.map(\.name)) func `a file cut off before its last pixels is never taken for whole`(name: String) throws {
    let seed = try #require(Self.seeds.first { $0.name == name })
    let original = try seed.make()
    let whole = try DecodeSamples.read(original)
    for divisor in [2, 3, 5, 9, 17] {
      do {
        let scan = try DecodeSamples.read(Array(original.dropLast(original.count / divisor)))
        // What is behind the pixels (a TIFF's directory stands first in none of our files) may be missing only with a flag.
        #expect(scan.pixels != whole.pixels || !scan.warnings.isEmpty || scan.dataset != whole.dataset)
        #expect(!scan.warnings.isEmpty)
      } catch is any ExplainedError {}
    }
  }

  private func attempt(_ bytes: [UInt8]) throws {
    do {
      _ = try DecodeSamples.read(bytes)
    } catch let error as any ExplainedError {
      #expect(!error.description.contains("ZZFAKE"))
      if case DecodeWorkerError.missing = error { throw error }
      if case DecodeWorkerError.doesNotStart = error { throw error }
      if case DecodeWorkerError.badReply = error { throw error }
      if case DecodeWorkerError.timeout = error { Issue.record("the decoder hung") }
    }
  }
}
