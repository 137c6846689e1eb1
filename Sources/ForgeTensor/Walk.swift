internal import CForgeKernels

/// Builds the n-dimensional walks that the copy, binary and reduce kernels take.
///
/// Axes of extent 1 are dropped and axes that run on in all operands are merged, so a walk is short whatever the shapes were.
struct Walk {
  private(set) var kernel = fk_walk()

  /// One run over `count` neighbours in every operand.
  init(contiguous count: Int) {
    kernel.rank = 1
    kernel.extent.0 = Int64(count)
    kernel.out_stride.0 = 1
    kernel.a_stride.0 = 1
    kernel.b_stride.0 = 1
  }

  /// - Parameters:
  ///   - extent: extents of the walk.
  ///   - out, a, b: elements between neighbours per axis; `b` empty when there is no second operand.
  init(_ operation: String, extent: [Int], out: [Int], a: [Int], b: [Int] = []) {
    var axes: [(extent: Int, out: Int, a: Int, b: Int)] = []
    axes.reserveCapacity(extent.count)
    for i in extent.indices where extent[i] != 1 {
      let axis = (extent: extent[i], out: out[i], a: a[i], b: b.isEmpty ? 0 : b[i])
      if let last = axes.last, last.out == axis.out * axis.extent, last.a == axis.a * axis.extent, last.b == axis.b * axis.extent {
        axes[axes.count - 1] = (last.extent * axis.extent, axis.out, axis.a, axis.b)
      } else {
        axes.append(axis)
      }
    }
    promise(axes.count <= Int(FK_MAX_RANK), "\(operation): \(axes.count) separate axes are more than \(FK_MAX_RANK)")
    kernel.rank = Int32(axes.count)
    withUnsafeMutableBytes(of: &kernel.extent) { bytes in
      let field = bytes.assumingMemoryBound(to: Int64.self)
      for i in axes.indices { field[i] = Int64(axes[i].extent) }
    }
    withUnsafeMutableBytes(of: &kernel.out_stride) { bytes in
      let field = bytes.assumingMemoryBound(to: Int64.self)
      for i in axes.indices { field[i] = Int64(axes[i].out) }
    }
    withUnsafeMutableBytes(of: &kernel.a_stride) { bytes in
      let field = bytes.assumingMemoryBound(to: Int64.self)
      for i in axes.indices { field[i] = Int64(axes[i].a) }
    }
    withUnsafeMutableBytes(of: &kernel.b_stride) { bytes in
      let field = bytes.assumingMemoryBound(to: Int64.self)
      for i in axes.indices { field[i] = Int64(axes[i].b) }
    }
  }
}
