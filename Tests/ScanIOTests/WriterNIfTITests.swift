import Foundation
import ScanIO
import Testing

struct WriterNIfTITests {
  private static func number<T: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int, _ type: T.Type) -> T {
    bytes[offset..<offset + MemoryLayout<T>.size].reversed().reduce(0) { $0 << 8 | T(truncatingIfNeeded: $1) }
  }

  private static func float(_ bytes: [UInt8], _ offset: Int) -> Float { Float(bitPattern: number(bytes, offset, UInt32.self)) }

  @Test func `a volume has the header of NIfTI-1 and its voxels after it`() throws {
    let values = (0..<24).map { Float($0) - 1000.5 }
    let affine: [[Float]] = [[-1, 0, 0, 10], [0, -2, 0, 20], [0, 0, 3, 30]]
    let volume = NIfTIVolume(columns: 4, rows: 3, frames: 2, samples: .float32(values), spacingMillimeters: [1, 2, 3], affine: affine)
    let bytes = try #require(NIfTIWriter.encode(volume, description: "caf\u{E9}"))
    #expect(bytes.count == 352 + 24 * 4)
    #expect(Self.number(bytes, 0, Int32.self) == 348)
    #expect((0..<8).map { Self.number(bytes, 40 + 2 * $0, Int16.self) } == [3, 4, 3, 2, 1, 1, 1, 1])
    #expect(Self.number(bytes, 70, Int16.self) == 16 && Self.number(bytes, 72, Int16.self) == 32)
    #expect((0..<4).map { Self.float(bytes, 76 + 4 * $0) } == [1, 1, 2, 3])
    #expect(Self.float(bytes, 108) == 352 && Self.float(bytes, 112) == 1 && bytes[123] == 2)
    #expect(String(decoding: bytes[148..<153], as: UTF8.self) == "caf?\u{0}")
    #expect(Self.number(bytes, 252, Int16.self) == 0 && Self.number(bytes, 254, Int16.self) == 1)
    #expect((0..<12).map { Self.float(bytes, 280 + 4 * $0) } == affine.flatMap { $0 })
    #expect(Array(bytes[344..<352]) == Array("n+1".utf8) + [0, 0, 0, 0, 0])
    #expect((0..<24).map { Self.float(bytes, 352 + 4 * $0) } == values)
  }

  @Test func `one frame has two dimensions, and what does not fit is refused`() throws {
    let words: [UInt8] = [1, 0, 2, 0, 255, 255]
    func volume(_ columns: Int, bits: Int, isSigned: Bool = false) -> NIfTIVolume {
      NIfTIVolume(
        columns: columns, rows: 1, frames: 1, samples: .integers(words: words, bits: bits, isSigned: isSigned),
        spacingMillimeters: [0, 0, 0],
        affine: nil)
    }
    let bytes = try #require(NIfTIWriter.encode(volume(3, bits: 16), description: ""))
    #expect(Self.number(bytes, 40, Int16.self) == 2 && Self.number(bytes, 70, Int16.self) == 512)
    // Unknown spacing: 1 of an unknown unit, no place.
    #expect(Self.float(bytes, 80) == 1 && bytes[123] == 0 && Self.number(bytes, 254, Int16.self) == 0)
    #expect(Array(bytes[352...]) == words)
    #expect(NIfTIWriter.encode(volume(3, bits: 8), description: "") == nil)
    #expect(NIfTIWriter.encode(volume(6, bits: 8, isSigned: true), description: "").map { Self.number($0, 70, Int16.self) } == 256)
    #expect(NIfTIWriter.encode(volume(40000, bits: 8), description: "") == nil)
    #expect(NIfTIWriter.encode(volume(3, bits: 64), description: "") == nil)
  }
}
