package import ForgeNN
import ForgeTensor
package import Foundation
import PixelMath

/// The fingerprint of bytes, for records that no one checks against another program's.
package func fingerprint(of bytes: Data) -> String {
  var fingerprint = Fingerprint()
  for byte in bytes { fingerprint.add(UInt32(byte)) }
  return fingerprint.text
}

extension LabelledImages {
  /// Number, size, labels and a fingerprint of all pixels.
  package var fingerprint: JSON {
    get throws(ForgeGANError) {
      var fingerprint = Fingerprint()
      for label in labels { fingerprint.add(UInt32(bitPattern: label)) }
      for first in stride(from: 0, to: count, by: 64) {
        try batch(Array(first..<min(count, first + 64))).withUnsafeBufferPointer { fingerprint.add($0) }
      }
      return ["count": .integer(count), "size": .integer(size), "fingerprint": .string(fingerprint.text)]
    }
  }
}

extension Sequence<AttributeColumn> {
  /// Names, with a fingerprint of which image has which value.
  package var fingerprint: JSON {
    .array(
      map { column in
        var fingerprint = Fingerprint()
        for index in column.indexes { fingerprint.add(UInt32(bitPattern: index)) }
        return ["name": .string(column.attribute.name), "fingerprint": .string(fingerprint.text)]
      })
  }
}

extension PatchSource {
  /// Number of planes and a fingerprint of all pixels.
  package var fingerprint: JSON {
    var fingerprint = Fingerprint()
    for index in 0..<count {
      let item = plane(index)
      fingerprint.add(UInt32(item.plane.rows))
      fingerprint.add(item.range.bitPattern)
      item.plane.values.withUnsafeBufferPointer { fingerprint.add($0) }
    }
    return ["count": .integer(count), "fingerprint": .string(fingerprint.text)]
  }
}

extension VGGNetwork {
  /// Of the file that the weights came from.
  package var fingerprint: String {
    var fingerprint = Fingerprint()
    bytes.withUnsafeBytes { raw in
      for word in raw.prefix(raw.count & ~3).assumingMemoryBound(to: UInt32.self) { fingerprint.add(word) }
    }
    return fingerprint.text
  }
}
