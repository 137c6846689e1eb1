import PixelMath
import ScanImaging

/// A picture as it is looked for among others: small, square, in all eight turns, and smooth enough to be laid over a part of another.
struct Likeness: Sendable {
  /// 64 x 64, filtered as a picture of half the size is.
  private let smooth: Plane
  /// 32 x 32.
  private let small: Plane
  /// 32 x 32 of the middle, without the margin that a shift would have brought in.
  private let middle: Plane
  /// 12 x 12 without mean and of length 1, for a first look; zeros for a flat picture.
  private let rough: [Float]

  private static let side = 64
  private static let roughSide = 12

  init(_ plane: Plane) { self.init(square: plane.fitted(to: Likeness.side).plane) }

  private init(square: Plane) {
    // The triangle that halves a picture is this filter and the mean of two pixels.
    smooth = square.filtered
    small = Likeness.sample(smooth, Box.whole)
    middle = Likeness.sample(smooth, Box(top: 0.06, left: 0.06, height: 0.88, width: 0.88))
    let rough = square.resampled(rows: Likeness.roughSide, columns: Likeness.roughSide, kernel: .linear).values
    let mean = rough.reduce(0, +) / Float(rough.count)
    let length = rough.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
    self.rough = rough.map { length > 1e-3 ? ($0 - mean) / length : 0 }
  }

  /// This picture in all eight turns and flips, itself first, then all of them inverted.
  static func turned(_ plane: Plane) -> [Likeness] {
    let square = plane.fitted(to: side).plane
    let turns = Turn.all.map { Likeness(square: square.turned(by: $0)) }
    return turns + turns.map(\.inverted)
  }

  private init(inverting other: Likeness) {
    smooth = other.smooth.inverted
    small = other.small.inverted
    middle = other.middle.inverted
    rough = other.rough.map(-)
  }

  private var inverted: Likeness { Likeness(inverting: self) }

  /// Correlation at a glance, -1 to 1: enough to choose what is worth a closer look.
  func glance(_ other: Likeness) -> Float {
    rough.withUnsafeBufferPointer { a in
      other.rough.withUnsafeBufferPointer { b in
        var sum: Float = 0
        for index in a.indices { sum += a[index] * b[index] }
        return sum
      }
    }
  }

  /// The highest correlation of this picture with a part of `original`, which may be cut by up to 30 % a side and be laid anywhere: a copy that
  /// was cropped and enlarged again is found, and by its middle one that was shifted. 0 when one of them is flat.
  func overlap(with original: Likeness) -> Double {
    max(Likeness.place(small, in: original).value, Likeness.place(middle, in: original).value)
  }

  /// The same whatever greys were made brighter or darker, by a gamma for one: 0 to 1.
  func alike(_ original: Likeness) -> Double {
    let part = Likeness.sample(original.smooth, Likeness.place(small, in: original).box)
    // In both directions: where one of them is cut off at black or white, it tells less of the other than the other of it.
    return min(monotoneCorrelation(small, part), monotoneCorrelation(part, small))
  }

  private static func place(_ picture: Plane, in original: Likeness) -> (box: Box, value: Double) {
    var best = (box: Box.whole, value: correlation(picture, Likeness.sample(original.smooth, .whole)))
    func attempt(_ box: Box) {
      guard box.isInside else { return }
      let value = correlation(picture, Likeness.sample(original.smooth, box))
      if value > best.value { best = (box, value) }
    }
    for extent in [0.95, 0.9, 0.85, 0.8, 0.75, 0.7] {
      for down in 0...4 {
        for right in 0...4 {
          attempt(Box(top: (1 - extent) * Double(down) / 4, left: (1 - extent) * Double(right) / 4, height: extent, width: extent))
        }
      }
    }
    for step in [0.02, 0.01, 0.005] {
      for _ in 0..<4 {
        let (box, before) = (best.box, best.value)
        for direction in [-step, step] {
          attempt(Box(top: box.top + direction, left: box.left, height: box.height, width: box.width))
          attempt(Box(top: box.top, left: box.left + direction, height: box.height, width: box.width))
          attempt(Box(top: box.top, left: box.left, height: box.height + direction, width: box.width))
          attempt(Box(top: box.top, left: box.left, height: box.height, width: box.width + direction))
        }
        if best.value == before { break }
      }
    }
    return best
  }

  /// A part of a picture; sides are 1.
  private struct Box {
    var top, left, height, width: Double
    static let whole = Box(top: 0, left: 0, height: 1, width: 1)
    var isInside: Bool { top >= 0 && left >= 0 && height >= 0.65 && width >= 0.65 && top + height <= 1 && left + width <= 1 }
  }

  /// 32 x 32 points of the part, between pixels by linear interpolation.
  private static func sample(_ smooth: Plane, _ box: Box) -> Plane {
    let count = side / 2
    func points(_ start: Double, _ extent: Double) -> [(index: Int, weight: Float)] {
      (0..<count).map { number in
        let place = (start + (Double(number) + 0.5) / Double(count) * extent) * Double(side) - 0.5
        let index = min(max(Int(place.rounded(.down)), 0), side - 2)
        return (index, Float(min(max(place - Double(index), 0), 1)))
      }
    }
    let (rows, columns) = (points(box.top, box.height), points(box.left, box.width))
    var values: [Float] = []
    values.reserveCapacity(count * count)
    smooth.values.withUnsafeBufferPointer { pixels in
      for row in rows {
        for column in columns {
          let place = row.index * side + column.index
          let upper = pixels[place] + column.weight * (pixels[place + 1] - pixels[place])
          let lower = pixels[place + side] + column.weight * (pixels[place + side + 1] - pixels[place + side])
          values.append(upper + row.weight * (lower - upper))
        }
      }
    }
    return Plane(rows: count, columns: count, values: values)
  }
}

extension Plane {
  fileprivate var inverted: Plane { Plane(rows: rows, columns: columns, values: values.map(-)) }

  /// Each pixel mixed with its neighbours by 1/4, 1/2, 1/4 in both directions; the edge pixel is repeated.
  fileprivate var filtered: Plane {
    var across = values
    for row in 0..<rows {
      for column in 0..<columns {
        let (left, right) = (self[row, max(column - 1, 0)], self[row, min(column + 1, columns - 1)])
        across[row * columns + column] = self[row, column] / 2 + (left + right) / 4
      }
    }
    var result = across
    for row in 0..<rows {
      for column in 0..<columns {
        let (above, below) = (across[max(row - 1, 0) * columns + column], across[min(row + 1, rows - 1) * columns + column])
        result[row * columns + column] = across[row * columns + column] / 2 + (above + below) / 4
      }
    }
    return Plane(rows: rows, columns: columns, values: result)
  }
}
