package import ForgeTensor
package import PixelMath

/// Pairs of small and large patches, made from large planes: small = anti-aliased bicubic of large (a = −0.5, MATLAB's convention),
/// rounded and clipped to the integer range. Everything is divided by the plane's range.
package struct SuperResolutionPatches: Sendable {
  /// A batch: `small [N, P, P, 1]`, its bicubic enlargement and the truth, both `[N, P·factor, P·factor, 1]`.
  package struct Batch {
    package var small: Tensor
    package var enlarged: Tensor
    package var large: Tensor
  }

  package let factor: Int
  package let patch: Int
  private let pairs: [(large: Plane, small: Plane, range: Float)]

  /// Pixels around a small patch that the cubic kernel reaches.
  private static let margin = 3

  package var count: Int { pairs.count }

  /// - Parameter patch: side of a small patch in pixels. Planes that do not hold one are left out.
  package init(_ source: any PatchSource, factor: Int, patch: Int) {
    self.factor = factor
    self.patch = patch
    var pairs: [(large: Plane, small: Plane, range: Float)] = []
    for index in 0..<source.count {
      let item = source.plane(index)
      guard item.range > 0, min(item.plane.rows, item.plane.columns) >= patch * factor else { continue }
      let large = item.plane.croppedToMultiple(of: factor)
      pairs.append((large, SuperResolutionPatches.shrink(large, factor: factor, maximum: item.maximum), item.range))
    }
    self.pairs = pairs
  }

  /// The small image of a large one whose extents `factor` divides.
  package static func shrink(_ large: Plane, factor: Int, maximum: Float) -> Plane {
    large.resampled(rows: large.rows / factor, columns: large.columns / factor).quantized(to: 0...maximum)
  }

  /// Draws `count` patches, each flipped and transposed at random: six numbers per patch from `counter` on.
  package func batch(count: Int, stream: RandomStream, counter: UInt64) -> Batch {
    let side = patch * factor
    var small: [Float] = []
    var enlarged: [Float] = []
    var large: [Float] = []
    small.reserveCapacity(count * patch * patch)
    enlarged.reserveCapacity(count * side * side)
    large.reserveCapacity(count * side * side)
    for index in 0..<count {
      let first = counter + UInt64(index * 6)
      let pair = pairs[stream.integer(below: pairs.count, counter: first)]
      let row = stream.integer(below: pair.small.rows - patch + 1, counter: first + 1)
      let column = stream.integer(below: pair.small.columns - patch + 1, counter: first + 2)
      let turn = Turn(
        flipsRows: stream.integer(below: 2, counter: first + 3) == 1, flipsColumns: stream.integer(below: 2, counter: first + 4) == 1,
        transposes: stream.integer(below: 2, counter: first + 5) == 1)
      let scale = 1 / pair.range
      let truth = pair.large.cropped(row: row * factor, column: column * factor, rows: side, columns: side)
      let low = pair.small.cropped(row: row, column: column, rows: patch, columns: patch)
      small += turn.applied(to: low.values, side: patch, scale: scale)
      enlarged += turn.applied(to: enlarge(pair.small, row: row, column: column), side: side, scale: scale)
      large += turn.applied(to: truth.values, side: side, scale: scale)
    }
    return Batch(
      small: Tensor([count, patch, patch, 1], small), enlarged: Tensor([count, side, side, 1], enlarged),
      large: Tensor([count, side, side, 1], large))
  }

  /// The bicubic enlargement of a patch with the pixels around it, as if the whole plane were enlarged.
  private func enlarge(_ plane: Plane, row: Int, column: Int) -> [Float] {
    let margin = SuperResolutionPatches.margin
    let width = patch + 2 * margin
    func mirrored(_ index: Int, _ count: Int) -> Int {
      let folded = ((index % (2 * count)) + 2 * count) % (2 * count)
      return folded < count ? folded : 2 * count - 1 - folded
    }
    let columns = (0..<width).map { mirrored(column - margin + $0, plane.columns) }
    var window: [Float] = []
    window.reserveCapacity(width * width)
    for offset in 0..<width {
      let base = mirrored(row - margin + offset, plane.rows) * plane.columns
      for source in columns { window.append(plane.values[base + source]) }
    }
    let side = patch * factor
    let first = margin * factor
    return Plane(rows: width, columns: width, values: window).resampled(rows: width * factor, columns: width * factor)
      .cropped(row: first, column: first, rows: side, columns: side).values
  }
}

/// One of the eight symmetries of a square.
struct Turn {
  var flipsRows: Bool
  var flipsColumns: Bool
  var transposes: Bool

  func applied(to values: [Float], side: Int, scale: Float) -> [Float] {
    [Float](unsafeUninitializedCapacity: side * side) { buffer, initialized in
      for row in 0..<side {
        for column in 0..<side {
          let (r, c) = transposes ? (column, row) : (row, column)
          let source = (flipsRows ? side - 1 - r : r) * side + (flipsColumns ? side - 1 - c : c)
          buffer[row * side + column] = values[source] * scale
        }
      }
      initialized = side * side
    }
  }
}

extension Plane {
  /// Without the last rows and columns that `factor` does not divide.
  package func croppedToMultiple(of factor: Int) -> Plane {
    cropped(row: 0, column: 0, rows: rows - rows % factor, columns: columns - columns % factor)
  }
}
