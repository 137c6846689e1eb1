import ForgeNN
import ForgeTensor
import Foundation
import PixelMath

/// An image for super-resolution and what was made of it.
struct ImagePair {
  let large: Plane
  let small: Plane
  /// The intensity that becomes 1.
  let range: Float
  /// The largest intensity that can be stored.
  let maximum: Float
  /// The share of the largest blur that the image gets.
  let blurShare: Double
}

/// Shows images of one scanner as another would take them: with smaller and larger pixels. People who were in no training mostly come from other
/// scanners, and a network that knows one pixel size alone takes its sharpness for anatomy.
struct Zoom {
  /// How many times smaller and larger an image may become.
  let most: Double
  /// The share of patches that are shown at another size.
  let share: Double
  /// Of a small patch, pixels.
  let side: Int

  /// Small pixels around a patch: the margin that is cut with it, and what the mirrored border of a part changes.
  static let margin = 6

  /// A part of an image at another size, one patch and its margin large; nil for patches at their own size, and where an image is too small.
  ///
  /// Resampled without overshoot: a ringing edge in the truth would teach to ring.
  /// Sizes between 1 / `most` and `most` are equally likely on a logarithmic scale. Four numbers from `counter` on, of a stream of its own.
  func part(of pair: ImagePair, factor: Int, degradation: Degradation, seed: UInt64, counter: UInt64) -> ImagePair? {
    let stream = RandomStream(seed: seed, named: "zoom of patches")
    guard stream.real(counter: counter) < share else { return nil }
    let new = (side + 2 * Zoom.margin) * factor
    let scale = pow(most, 2 * stream.real(counter: counter + 1) - 1)
    let old = Int((Double(new) / scale).rounded())
    guard old <= min(pair.large.rows, pair.large.columns) else { return nil }
    let row = stream.integer(below: pair.large.rows - old + 1, counter: counter + 2)
    let column = stream.integer(below: pair.large.columns - old + 1, counter: counter + 3)
    let large = pair.large.cropped(row: row, column: column, rows: old, columns: old)
      .resampled(rows: new, columns: new, kernel: .linear).quantized(to: 0...pair.maximum)
    let small = degradation.small(of: large, factor: factor, maximum: pair.maximum, share: pair.blurShare)
    return ImagePair(large: large, small: small, range: pair.range, maximum: pair.maximum, blurShare: pair.blurShare)
  }
}
