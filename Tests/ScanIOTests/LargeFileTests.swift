import Diagnostics
import Foundation
import ScanIO
import ScanModel
import TestSupport
import Testing

/// Files of several megabytes give their memory back while they pass through the worker; their pixels must not notice.
@Suite struct LargeFileTests {
  private static let (rows, columns) = (3000, 2000)

  /// 16-bit words, no two rows the same.
  private static let words = (0..<rows).flatMap { row in
    (0..<columns).flatMap { column -> [UInt8] in
      let value = UInt16(truncatingIfNeeded: row &* 31 &+ column &* 7)
      return [UInt8(value & 255), UInt8(value >> 8)]
    }
  }

  /// An uncompressed TIFF; strip `i` of `rows` begins at byte `offsets[i]` of `data`.
  private static func tiff(_ data: [UInt8], stripRows: Int, offsets: [Int]) -> [UInt8] {
    func long(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    func entry(_ tag: Int, _ count: Int, _ value: Int) -> [UInt8] { Array(long(tag).prefix(2)) + [4, 0] + long(count) + long(value) }
    let start = 8
    let directory = start + data.count
    let count = offsets.count
    // 8 entries of 12 bytes, their number before and the next page's place behind.
    let lists = directory + 2 + 8 * 12 + 4
    let entries = [
      entry(256, 1, columns), entry(257, 1, rows), entry(258, 1, 16), entry(259, 1, 1), entry(262, 1, 1), entry(273, count, lists),
      entry(278, 1, stripRows), entry(279, count, lists + 4 * count),
    ]
    var file = Array("II".utf8) + [42, 0] + long(directory) + data + [8, 0] + entries.flatMap { $0 } + long(0)
    for offset in offsets { file += long(start + offset) }
    for index in 0..<count { file += long(min(stripRows, rows - index * stripRows) * columns * 2) }
    return file
  }

  @Test(arguments: [100, 750]) func `strips in order`(stripRows: Int) throws {
    let rowBytes = Self.columns * 2
    let offsets = stride(from: 0, to: Self.rows, by: stripRows).map { $0 * rowBytes }
    let read = try DecodeSamples.read(Self.tiff(Self.words, stripRows: stripRows, offsets: offsets))
    #expect(read.pixels?.words == Self.words)
  }

  @Test func `strips that share bytes or come in another order are read as they are`() throws {
    let rowBytes = Self.columns * 2
    let strip = 750 * rowBytes
    let first = Array(Self.words[..<strip])
    let second = Array(Self.words[strip..<2 * strip])
    let file = Self.tiff(first + second, stripRows: 750, offsets: [0, strip, 0, strip])
    #expect(try DecodeSamples.read(file).pixels?.words == first + second + first + second)
    let backwards = Self.tiff(Self.words, stripRows: 750, offsets: [3, 2, 1, 0].map { $0 * strip })
    #expect(try DecodeSamples.read(backwards).pixels?.words == [3, 2, 1, 0].flatMap { Self.words[$0 * strip..<($0 + 1) * strip] })
  }

  @Test func `bytes that the caller keeps stay as they are`() throws {
    let file = Self.tiff(Self.words, stripRows: 1500, offsets: [0, 1500 * Self.columns * 2])
    let copy = file.map { $0 }
    for _ in 0..<2 { #expect(try DecodeSamples.read(file).pixels?.words == Self.words) }
    #expect(file == copy)
  }
}
