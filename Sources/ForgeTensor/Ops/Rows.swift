internal import CForgeKernels

/// `table[index[i]]` for each `i`: `[rows, …]` to `[count, …]`.
package func gatherRows(_ table: Tensor, _ index: [Int32]) -> Tensor {
  check(index, table.shape[0], "gatherRows")
  var shape = table.shape
  shape[0] = index.count
  let y = Tensor(uninitialized: shape)
  let width = table.count / max(1, table.shape[0])
  require(KernelTable.current.slots.pointee.gather_rows(index.count, width, index, table.pointer, y.pointer), "gatherRows \(table.shape)")
  return y
}

/// The adjoint of `gatherRows`: zeros of `rows` rows to which row `i` of `x` is added at `index[i]`.
package func scatterAddRows(_ x: Tensor, _ index: [Int32], rows: Int) -> Tensor {
  check(index, rows, "scatterAddRows")
  promise(x.shape[0] == index.count, "scatterAddRows: \(index.count) indexes for \(x.shape)")
  var shape = x.shape
  shape[0] = rows
  let y = Tensor.zeros(shape)
  let width = x.count / max(1, index.count)
  require(
    KernelTable.current.slots.pointee.scatter_add_rows(index.count, width, index, x.pointer, rows, y.pointer), "scatterAddRows \(x.shape)")
  return y
}

private func check(_ index: [Int32], _ rows: Int, _ operation: String) {
  for row in index { promise(row >= 0 && row < rows, "\(operation): row \(row) of \(rows)") }
}

/// For each window of `[N, H, W, C]` and channel the flat index of its largest element (the first of equals); padding never wins.
/// - Returns: the indexes in the order of the pooled `[N, P, Q, C]`, and that shape.
package func maximumIndexes(_ x: Tensor, size: Int, stride: Int, padding: Int) -> (index: [Int32], shape: Shape) {
  promise(x.shape.rank == 4 && padding < size && x.count <= Int(Int32.max), "maxPool: \(x.shape), size \(size), padding \(padding)")
  let (n, h, w, c) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
  let (p, q) = ((h + 2 * padding - size) / stride + 1, (w + 2 * padding - size) / stride + 1)
  let shape: Shape = [n, p, q, c]
  var index = [Int32](repeating: 0, count: shape.count)
  let source = x.pointer
  index.withUnsafeMutableBufferPointer { index in
    guard let target = index.baseAddress else { return }
    parallel(n * p) { line in
      let (image, row) = (line / p, line % p)
      let rows = max(0, row * stride - padding)..<min(h, row * stride - padding + size)
      for column in 0..<q {
        let columns = max(0, column * stride - padding)..<min(w, column * stride - padding + size)
        for channel in 0..<c {
          var best = ((image * h + rows.lowerBound) * w + columns.lowerBound) * c + channel
          for i in rows {
            for j in columns {
              let candidate = ((image * h + i) * w + j) * c + channel
              if source[candidate] > source[best] { best = candidate }
            }
          }
          target[(line * q + column) * c + channel] = Int32(best)
        }
      }
    }
  }
  return (index, shape)
}
