import CSeeds
import Foundation

/// TIFFs of a few pixels in the layouts, types and compressions that the product reads.
enum TIFFSeeds {
  struct Failure: Error { let name: String }

  static func all() throws -> [(String, [UInt8])] {
    try variants().map { name, seed in
      var seed = seed
      let path = FileManager.default.temporaryDirectory.appendingPathComponent("seed-\(UUID().uuidString).tiff")
      defer { try? FileManager.default.removeItem(at: path) }
      guard cseeds_write_tiff(&seed, path.path) == 0 else { throw Failure(name: name) }
      return (name, [UInt8](try Data(contentsOf: path)))
    }
  }

  private static func variants() -> [(String, cseeds_tiff)] {
    [
      ("grey8", make { _ in }),
      ("grey16-big-endian", make { $0.bits = 16; $0.is_big_endian = 1 }),
      ("grey16-lzw", make { $0.bits = 16; $0.compression = 5; $0.predictor = 2 }),
      ("grey16-deflate", make { $0.bits = 16; $0.compression = 8; $0.predictor = 2 }),
      ("float32-deflate", make { $0.bits = 32; $0.format = 3; $0.compression = 8; $0.predictor = 3 }),
      ("float64", make { $0.bits = 64; $0.format = 3 }),
      ("signed32", make { $0.bits = 32; $0.format = 2 }),
      ("packbits", make { $0.compression = 32773 }),
      ("rgb-planar", make { $0.samples = 3; $0.photometric = 2; $0.planar = 2 }),
      ("rgb-lzw", make { $0.samples = 3; $0.photometric = 2; $0.compression = 5 }),
      ("jpeg", make { $0.compression = 7; $0.rows = 16; $0.columns = 16 }),
      ("palette", make { $0.photometric = 3 }),
      ("bits1-white", make { $0.bits = 1; $0.photometric = 0 }),
      ("bits4", make { $0.bits = 4 }),
      ("bits12", make { $0.bits = 12 }),
      ("ccitt4", make { $0.bits = 1; $0.photometric = 0; $0.compression = 4 }),
      ("tiles", make { $0.rows = 20; $0.columns = 18; $0.tile = 16; $0.compression = 8 }),
      ("big-pages", make { $0.is_big = 1; $0.pages = 3 }),
    ]
  }

  private static func make(_ change: (inout cseeds_tiff) -> Void) -> cseeds_tiff {
    var seed = cseeds_tiff(
      rows: 10, columns: 9, samples: 1, bits: 8, format: 1, compression: 1, photometric: 1, planar: 1, tile: 0, predictor: 1, pages: 1, is_big: 0,
      is_big_endian: 0)
    change(&seed)
    return seed
  }
}
