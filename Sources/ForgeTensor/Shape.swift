/// The extents of a dense, row-major array. Images are `[N, H, W, C]`; a shape without dimensions is one number.
package struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  package var dimensions: [Int]

  package init(_ dimensions: [Int]) { self.dimensions = dimensions }
  package init(arrayLiteral elements: Int...) { dimensions = elements }

  package var rank: Int { dimensions.count }

  /// Number of elements.
  package var count: Int {
    var product = 1
    for dimension in dimensions { product *= dimension }
    return product
  }

  /// Extent of axis `i`; a negative `i` counts from the end.
  package subscript(i: Int) -> Int {
    get { dimensions[i < 0 ? i + dimensions.count : i] }
    set { dimensions[i < 0 ? i + dimensions.count : i] = newValue }
  }

  package var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }

  /// Elements between neighbours along each axis.
  package var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    var step = 1
    for axis in stride(from: rank - 1, through: 0, by: -1) {
      strides[axis] = step
      step *= dimensions[axis]
    }
    return strides
  }

  /// Axis numbers made non-negative; traps on an axis that is not there.
  package func axes(_ axes: [Int], for operation: String) -> [Int] {
    axes.map { axis in
      let positive = axis < 0 ? axis + rank : axis
      promise(positive >= 0 && positive < rank, "\(operation): no axis \(axis) in \(self)")
      return positive
    }
  }

  /// This shape with `axes` set to 1, or without them.
  package func reduced(_ axes: [Int], keepingDimensions: Bool) -> Shape {
    let gone = Set(axes)
    if keepingDimensions { return Shape(dimensions.indices.map { gone.contains($0) ? 1 : dimensions[$0] }) }
    return Shape(dimensions.indices.filter { !gone.contains($0) }.map { dimensions[$0] })
  }

  /// The common shape of two operands by NumPy's rule: axes align at the end, and 1 stretches.
  package static func broadcast(_ a: Shape, _ b: Shape, for operation: String) -> Shape {
    if a == b { return a }
    let rank = max(a.rank, b.rank)
    var result = [Int](repeating: 1, count: rank)
    for axis in 0..<rank {
      let i = axis - (rank - a.rank)
      let j = axis - (rank - b.rank)
      let m = i < 0 ? 1 : a.dimensions[i]
      let n = j < 0 ? 1 : b.dimensions[j]
      promise(m == n || m == 1 || n == 1, "\(operation): shapes \(a) and \(b) do not broadcast")
      result[axis] = m == 1 ? n : m
    }
    return Shape(result)
  }

  /// Strides that read an operand of this shape as `target`: 0 where it repeats.
  func strides(broadcastTo target: Shape) -> [Int] {
    let own = strides
    let lead = target.rank - rank
    return (0..<target.rank).map { axis in
      let i = axis - lead
      return i < 0 || dimensions[i] == 1 ? 0 : own[i]
    }
  }
}
