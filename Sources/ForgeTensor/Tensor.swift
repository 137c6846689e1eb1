internal import CForgeKernels

/// A dense float32 array: shape and memory, a value, no gradient.
///
/// Copies share memory until one is written. Memory comes from `BufferCache`.
package struct Tensor: Sendable {
  /// Extents, row-major; images are `[N, H, W, C]`.
  package let shape: Shape
  private(set) var buffer: Buffer

  /// - Parameter values: row-major, `shape.count` of them.
  package init(_ shape: Shape, _ values: [Float]) {
    promise(values.count == shape.count, "Tensor: \(values.count) values for shape \(shape)")
    self.init(uninitialized: shape)
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { buffer.pointer.update(from: base, count: source.count) }
    }
  }

  package init(shape: Shape, repeating value: Float) {
    self.init(uninitialized: shape)
    require(KernelTable.current.slots.pointee.fill(shape.count, value, buffer.pointer), "fill \(shape)")
  }

  /// One number, shape `[]`.
  package init(_ value: Float) {
    self.init(uninitialized: [])
    buffer.pointer.pointee = value
  }

  package static func zeros(_ shape: Shape) -> Tensor { Tensor(shape: shape, repeating: 0) }
  package static func ones(_ shape: Shape) -> Tensor { Tensor(shape: shape, repeating: 1) }

  /// Memory that holds anything, untouched until someone replaces the tensor: a place for a checkpoint's values.
  package init(blank shape: Shape) { self.init(uninitialized: shape) }

  /// Memory that holds anything; the caller writes all of it.
  init(uninitialized shape: Shape) {
    self.shape = shape
    buffer = Buffer(count: shape.count)
  }

  private init(_ shape: Shape, sharing buffer: Buffer) {
    self.shape = shape
    self.buffer = buffer
  }

  package var count: Int { shape.count }

  /// A copy of the elements, row-major.
  package var values: [Float] { withUnsafeBufferPointer { Array($0) } }

  /// The only element.
  package var scalar: Float {
    promise(count == 1, "scalar: shape \(shape) has \(count) elements")
    return buffer.pointer.pointee
  }

  /// The same memory under another shape of the same count.
  package func reshaped(_ shape: Shape) -> Tensor {
    promise(shape.count == self.shape.count, "reshape: \(self.shape) has not the element count of \(shape)")
    return Tensor(shape, sharing: buffer)
  }

  /// Reads the elements in place.
  package func withUnsafeBufferPointer<Result, Failure: Error>(_ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result)
    throws(Failure) -> Result
  {
    try withExtendedLifetime(buffer) { () throws(Failure) -> Result in
      try body(UnsafeBufferPointer(start: buffer.pointer, count: count))
    }
  }

  /// Writes the elements in place; copies first when the memory is shared.
  package mutating func withUnsafeMutableBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    makeUnique()
    let buffer = self.buffer
    return try withExtendedLifetime(buffer) { () throws(Failure) -> Result in
      try body(UnsafeMutableBufferPointer(start: buffer.pointer, count: count))
    }
  }

  /// The same values in memory of their own.
  package func copied() -> Tensor {
    var copy = self
    copy.makeUnique()
    return copy
  }

  /// Whether no other tensor shares this memory, so that it may be overwritten.
  mutating func isUnique() -> Bool { isKnownUniquelyReferenced(&buffer) }

  /// Ends sharing: afterwards `pointer` may be written.
  mutating func makeUnique() {
    guard !isUnique() else { return }
    let copy = Buffer(count: count)
    copy.pointer.update(from: buffer.pointer, count: count)
    buffer = copy
  }

  /// Start of the elements. Valid while the tensor lives; written only by the op that made the tensor.
  var pointer: UnsafeMutablePointer<Float> { buffer.pointer }
}

extension Tensor: Equatable {
  /// Same shape and equal elements (so a NaN differs from itself).
  package static func == (a: Tensor, b: Tensor) -> Bool {
    a.shape == b.shape && a.withUnsafeBufferPointer { x in b.withUnsafeBufferPointer { y in x.elementsEqual(y) } }
  }
}

extension Tensor: CustomStringConvertible {
  package var description: String {
    let shown = withUnsafeBufferPointer { $0.prefix(8).map { "\($0)" } }.joined(separator: ", ")
    return "Tensor\(shape)(\(shown)\(count > 8 ? ", …" : ""))"
  }
}
