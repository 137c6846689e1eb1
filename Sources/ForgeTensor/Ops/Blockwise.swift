internal import CForgeKernels

// Several elementwise steps over one map, done piece by piece so that every step after the first finds its data in the cache, and no
// map is written in between. Pieces are fixed by the extents alone; inside one the kernels run serially.

/// Runs `body` for each index on the kernels' threads.
func parallel(_ count: Int, _ body: (Int) -> Void) {
  withoutActuallyEscaping(body) { body in
    var body = body
    withUnsafeMutablePointer(to: &body) { pointer in
      fk_parallel(Int64(count), pointer) { context, index in
        context?.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(index))
      }
    }
  }
}

/// Floats of one piece: four operands of it fit into a small second-level cache.
private let pieceFloats = 8192

/// The kernels as a piece sees them.
private struct Steps {
  let slots: UnsafePointer<fk_table>

  func unary(
    _ operation: UnaryOperation, _ count: Int, _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, _ a: Float = 0, _ b: Float = 0
  ) {
    require(slots.pointee.unary(fk_unary_op(operation.rawValue), count, a, b, x, y), "\(operation)")
  }

  func binary(
    _ operation: BinaryOperation, _ count: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>
  ) {
    var walk = Walk(contiguous: count).kernel
    require(slots.pointee.binary(fk_binary_op(operation.rawValue), &walk, a, b, y), "\(operation)")
  }
}

/// Gradient of leaky ReLU from its result: `y > 0 ? g : slope · g`.
package func leakyReLUGradient(_ g: Tensor, y: Tensor, slope: Float) -> Tensor {
  promise(g.shape == y.shape, "leakyReLUGradient: \(g.shape), \(y.shape)")
  let dx = Tensor(uninitialized: g.shape)
  let steps = Steps(slots: KernelTable.current.slots)
  let (count, pg, py, px) = (g.count, g.pointer, y.pointer, dx.pointer)
  parallel((count + pieceFloats - 1) / pieceFloats) { piece in
    let start = piece * pieceFloats
    let length = Swift.min(pieceFloats, count - start)
    steps.unary(.positiveMask, length, py + start, to: px + start, slope)
    steps.binary(.multiply, length, px + start, pg + start, to: px + start)
  }
  return dx
}

/// `x > 0 ? x : slopes · x`; slopes `[C]` for the last axis, or `[1]`.
package func prelu(_ x: Tensor, slopes: Tensor) -> Tensor {
  let rows = Rows(x, slopes)
  let y = Tensor(uninitialized: x.shape)
  let steps = Steps(slots: KernelTable.current.slots)
  let tile = rows.tile(slopes)
  let (px, py, pa) = (x.pointer, y.pointer, tile.pointer)
  let scratch = Buffer(count: Rows.blocks * rows.pieceCount)
  let ps = scratch.pointer
  parallel(Rows.blocks) { block in
    let positive = ps + block * rows.pieceCount
    rows.forEachPiece(of: block) { start, count in
      steps.unary(.leakyReLU, count, px + start, to: positive)
      steps.binary(.subtract, count, px + start, positive, to: py + start)
      steps.binary(.multiply, count, py + start, pa, to: py + start)
      steps.binary(.add, count, py + start, positive, to: py + start)
    }
  }
  withExtendedLifetime((scratch, tile)) {}
  return y
}

/// Gradients of `prelu` in `x` and in the slopes.
package func preluGradient(_ g: Tensor, x: Tensor, slopes: Tensor) -> (x: Tensor, slopes: Tensor) {
  promise(g.shape == x.shape, "preluGradient: \(g.shape), \(x.shape)")
  let rows = Rows(x, slopes)
  let dx = Tensor(uninitialized: x.shape)
  let partial = Tensor(uninitialized: [Rows.blocks, rows.width])
  let steps = Steps(slots: KernelTable.current.slots)
  let tile = rows.tile(slopes)
  let (px, pg, pd, pa, pp) = (x.pointer, g.pointer, dx.pointer, tile.pointer, partial.pointer)
  let scratchCount = rows.pieceCount + rows.width
  let scratch = Buffer(count: Rows.blocks * scratchCount)
  let ps = scratch.pointer
  parallel(Rows.blocks) { block in
    let work = ps + block * scratchCount
    let total = pp + block * rows.width
    require(steps.slots.pointee.fill(rows.width, 0, total), "preluGradient")
    rows.forEachPiece(of: block) { start, count in
      // dx = g · (m + (1 − m) · slope) with m = (x > 0); one of the two terms is 0, so the sum is exact.
      steps.unary(.positiveMask, count, px + start, to: work)
      steps.unary(.negate, count, work, to: pd + start)
      steps.unary(.offset, count, pd + start, to: pd + start, 1)
      steps.binary(.multiply, count, pd + start, pa, to: pd + start)
      steps.binary(.add, count, pd + start, work, to: pd + start)
      steps.binary(.multiply, count, pd + start, pg + start, to: pd + start)
      // slopes: Σ g · min(x, 0) over the rows.
      steps.unary(.clamp, count, px + start, to: work, -.infinity, 0)
      steps.binary(.multiply, count, work, pg + start, to: work)
      var reduction = rows.reduction(count)
      let sums = work + rows.pieceCount
      require(steps.slots.pointee.reduce_sum(&reduction, work, sums), "preluGradient")
      steps.binary(.add, rows.width, total, sums, to: total)
    }
  }
  withExtendedLifetime((scratch, tile, x, g)) {}
  let perChannel = sum(partial, axes: [0])
  return (dx, slopes.count == 1 ? sum(perChannel).reshaped(slopes.shape) : perChannel.reshaped(slopes.shape))
}

/// A map as rows of channels, cut into blocks of rows and those into pieces.
private struct Rows {
  static let blocks = Int(FK_MAX_BLOCKS)
  let rows: Int
  let width: Int
  let rowsPerPiece: Int

  init(_ x: Tensor, _ slopes: Tensor) {
    width = x.shape.rank == 0 ? 1 : x.shape[-1]
    promise(slopes.count == 1 || slopes.count == width, "prelu: slopes \(slopes.shape) for x \(x.shape)")
    rows = width == 0 ? 0 : x.count / width
    rowsPerPiece = Swift.max(1, pieceFloats / Swift.max(1, width))
  }

  var pieceCount: Int { rowsPerPiece * width }

  func forEachPiece(of block: Int, _ body: (_ start: Int, _ count: Int) -> Void) {
    var row = block * rows / Rows.blocks
    let end = (block + 1) * rows / Rows.blocks
    while row < end {
      let next = Swift.min(row + rowsPerPiece, end)
      body(row * width, (next - row) * width)
      row = next
    }
  }

  /// The slopes for each element of a piece.
  func tile(_ slopes: Tensor) -> Tensor { broadcast(slopes.reshaped([slopes.count]), to: [rowsPerPiece, width]) }

  /// Sums `count` elements per channel.
  func reduction(_ count: Int) -> fk_walk { Walk("prelu", extent: [count / width, width], out: [0, 1], a: [width, 1]).kernel }
}
