/// Number of Frames as everything here reads it: by its text, whatever VR a file gives it, so that no two readers of one file see another
/// number of frames.
package struct FrameCount: Sendable, Equatable {
  /// At least 1; `Int.max` for a number that no image has.
  package let frames: Int
  /// There is a text and it is no number from 1 on. It counts as one frame, as decoders take it.
  package let isOdd: Bool

  /// - Parameter text: without padding; nil when there is none or it is longer than any number.
  package init(_ text: String?) {
    let value = text?.filter { $0 != " " } ?? ""
    let number = Double(value)
    frames = number.map { $0 > 1 ? ($0 < 1e12 ? Int($0) : Int.max) : 1 } ?? 1
    isOdd = value != "" && !(number.map { $0 >= 1 } ?? false)
  }
}

extension Dataset {
  /// The first word of an image attribute (Rows, Bits Allocated …), whatever VR a file gives it; nil when there is none.
  package func imageWord(_ tag: Tag) -> Int? {
    guard let bytes = self[tag]?.bytes, bytes.count >= 2 else { return nil }
    return Int(bytes[bytes.startIndex]) | Int(bytes[bytes.startIndex + 1]) << 8
  }

  package var frameCount: FrameCount {
    let element = self[.numberOfFrames]
    return FrameCount((element?.bytes?.count ?? 0) <= 256 ? element?.text : nil)
  }
}
