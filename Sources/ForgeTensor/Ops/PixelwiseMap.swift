internal import CForgeKernels

/// `activation(x · scale + shift + residual)` on pixels of C channels: what an inference plan could not fold into a convolution.
package struct PixelwiseMap: Sendable {
  /// `[C]` or `[T, C]`, where each image chooses its row of the table.
  package var scale: Tensor?
  package var shift: Tensor?
  package var activation = Activation.identity
  /// The table that was current when the map was made.
  private let table = KernelTable.current

  package init(scale: Tensor? = nil, shift: Tensor? = nil, activation: Activation = .identity) {
    self.scale = scale
    self.shift = shift
    self.activation = activation
  }

  /// Floats of one piece: its operands stay in the first-level caches while the steps pass over it.
  private static let pieceFloats = 4096

  /// Computes `pixels · channels` floats; `y` may be `x` or `residual`. `row` is the image's row of a table.
  package func run(
    pixels: Int, channels: Int, row: Int = 0, from x: UnsafePointer<Float>, residual: UnsafePointer<Float>? = nil,
    to y: UnsafeMutablePointer<Float>
  ) {
    let slots = table.slots
    let scale = PixelwiseMap.pointer(scale, row, channels)
    let shift = PixelwiseMap.pointer(shift, row, channels)
    let pixelsPerPiece = max(1, PixelwiseMap.pieceFloats / channels)
    nonisolated(unsafe) let (x, y, residual) = (x, y, residual)
    parallel((pixels + pixelsPerPiece - 1) / pixelsPerPiece) { piece in
      let first = piece * pixelsPerPiece
      let count = min(pixelsPerPiece, pixels - first)
      let start = first * channels
      var source = x + start
      let target = y + start
      func combine(_ operation: fk_binary_op, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, perChannel: Bool) {
        var walk =
          perChannel
          ? Walk("pixelwise map", extent: [count, channels], out: [channels, 1], a: [channels, 1], b: [0, 1]).kernel
          : Walk(contiguous: count * channels).kernel
        require(slots.pointee.binary(operation, &walk, a, b, target), "pixelwise map")
      }
      // Where y is the residual, it is read before anything is written over it.
      let isOverResidual = residual.map { $0 == UnsafePointer(y) } ?? false
      if isOverResidual, scale != nil || shift != nil {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: count * channels) { kept in
          kept.baseAddress!.update(from: target, count: count * channels)
          if let scale { combine(FK_MULTIPLY, source, scale, perChannel: true); source = UnsafePointer(target) }
          if let shift { combine(FK_ADD, source, shift, perChannel: true); source = UnsafePointer(target) }
          combine(FK_ADD, source, UnsafePointer(kept.baseAddress!), perChannel: false)
          source = UnsafePointer(target)
        }
      } else {
        if let scale { combine(FK_MULTIPLY, source, scale, perChannel: true); source = UnsafePointer(target) }
        if let shift { combine(FK_ADD, source, shift, perChannel: true); source = UnsafePointer(target) }
        if let residual { combine(FK_ADD, source, residual + start, perChannel: false); source = UnsafePointer(target) }
      }
      activate(slots, count, channels, source, target)
    }
    withExtendedLifetime((self.scale, self.shift)) {}
  }

  private func activate(
    _ slots: UnsafePointer<fk_table>, _ pixels: Int, _ channels: Int, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
  ) {
    let count = pixels * channels
    switch activation {
    case .identity: if x != UnsafePointer(y) { y.update(from: x, count: count) }
    case .leakyReLU(let slope): require(slots.pointee.unary(FK_LEAKY_RELU, count, slope, 0, x, y), "pixelwise map")
    case .tanh: require(slots.pointee.unary(FK_TANH, count, 0, 0, x, y), "pixelwise map")
    case .prelu(let slopes):
      withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { memory in
        let positive = memory.baseAddress!
        var whole = Walk(contiguous: count).kernel
        var perChannel = Walk("pixelwise map", extent: [pixels, channels], out: [channels, 1], a: [channels, 1], b: [0, 1]).kernel
        let steps = [
          slots.pointee.unary(FK_LEAKY_RELU, count, 0, 0, x, positive),
          slots.pointee.binary(FK_SUBTRACT, &whole, x, positive, y),
          slots.pointee.binary(FK_MULTIPLY, &perChannel, y, slopes.pointer, y),
          slots.pointee.binary(FK_ADD, &whole, y, positive, y),
        ]
        for status in steps { require(status, "pixelwise map") }
      }
    }
  }

  private static func pointer(_ table: Tensor?, _ row: Int, _ channels: Int) -> UnsafePointer<Float>? {
    guard let table else { return nil }
    promise(table.shape[-1] == channels && row < max(1, table.count / channels), "pixelwise map: row \(row) of \(table.shape), \(channels) channels")
    return UnsafePointer(table.pointer + (table.count == channels ? 0 : row * channels))
  }
}
