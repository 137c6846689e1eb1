import ForgeNN
package import ForgeTensor
package import PixelMath

/// Pairs of small and large patches, made from large planes: the small ones as a `Degradation` says, some from the plane at another size
/// when there is a `zoom`. Everything is divided by the plane's range.
package struct SuperResolutionPatches: Sendable {
  /// A batch: `small [N, P, P, 1]`, its bicubic enlargement and the truth, both `[N, P·factor, P·factor, 1]`.
  package struct Batch {
    package var small: Tensor
    package var enlarged: Tensor
    package var large: Tensor

    package init(small: Tensor, enlarged: Tensor, large: Tensor) {
      self.small = small
      self.enlarged = enlarged
      self.large = large
    }
  }

  package let factor: Int
  package let patch: Int
  private let degradation: Degradation
  private let zoom: Zoom?
  private let pairs: [ImagePair]
  /// Enlarges a small patch and its margins.
  private let resampler: RowResampler

  /// Pixels around a small patch that the cubic kernel reaches.
  private static let margin = 3

  package var count: Int { pairs.count }

  /// - Parameters:
  ///   - patch: side of a small patch in pixels. Planes that do not hold one are left out.
  ///   - zoom: how many times smaller and larger a plane may become; 1 for its own size alone.
  ///   - zoomShare: of patches at another size.
  package init(
    _ source: any PatchSource, factor: Int, patch: Int, degradation: Degradation = Degradation(), zoom: Double = 1, zoomShare: Double = 1
  ) {
    self.factor = factor
    self.patch = patch
    self.degradation = degradation
    self.zoom = zoom > 1 ? Zoom(most: zoom, share: zoomShare, side: patch) : nil
    let width = patch + 2 * SuperResolutionPatches.margin
    resampler = RowResampler(rows: width, columns: width, newRows: width * factor, newColumns: width * factor)
    var pairs: [ImagePair] = []
    for index in 0..<source.count {
      let item = source.plane(index)
      guard item.range > 0, min(item.plane.rows, item.plane.columns) >= patch * factor else { continue }
      let (large, share) = (item.plane.croppedToMultiple(of: factor), Degradation.share(ofImage: index))
      let small = degradation.small(of: large, factor: factor, maximum: item.maximum, share: share)
      pairs.append(ImagePair(large: large, small: small, range: item.range, maximum: item.maximum, blurShare: share))
    }
    self.pairs = pairs
  }

  /// Memory for `count` pairs; holds anything.
  package func makeRoom(count: Int) -> Batch {
    let side = patch * factor
    return Batch(
      small: Tensor(blank: [count, patch, patch, 1]), enlarged: Tensor(blank: [count, side, side, 1]),
      large: Tensor(blank: [count, side, side, 1]))
  }

  /// Draws `count` patches, each flipped and transposed at random: six numbers per patch from `counter` on.
  package func batch(count: Int, stream: RandomStream, counter: UInt64) -> Batch {
    var batch = makeRoom(count: count)
    fill(&batch, stream: stream, counter: counter)
    return batch
  }

  /// `batch` over the memory of an older one, without kernels.
  package func fill(_ batch: inout Batch, stream: RandomStream, counter: UInt64) {
    let side = patch * factor
    let width = patch + 2 * SuperResolutionPatches.margin
    withUnsafeTemporaryAllocation(of: Float.self, capacity: width * width + side * side) { scratch in
      let window = UnsafeMutableBufferPointer(rebasing: scratch[..<(width * width)])
      let enlarged = UnsafeMutableBufferPointer(rebasing: scratch[(width * width)...])
      for index in 0..<batch.small.shape[0] {
        let first = counter + UInt64(index * 6)
        let (pair, row, column) = draw(stream, first)
        let turn = Turn(
          flipsRows: stream.integer(below: 2, counter: first + 3) == 1, flipsColumns: stream.integer(below: 2, counter: first + 4) == 1,
          transposes: stream.integer(below: 2, counter: first + 5) == 1)
        let scale = 1 / pair.range
        cut(pair.small, row: row, column: column, into: window)
        if degradation.noise > 0 {
          let named = RandomStream(seed: stream.seed, named: "noise of patches")
          degradation.addNoise(to: window, range: pair.range, stream: named, counter: counter + UInt64(index) << 24)
        }
        let margin = SuperResolutionPatches.margin
        let inner = UnsafeBufferPointer(rebasing: window[(margin * width + margin)...])
        turn.apply(to: inner, pitch: width, side: patch, scale: scale, into: &batch.small, at: index)
        enlarge(window, into: enlarged)
        turn.apply(to: UnsafeBufferPointer(enlarged), pitch: side, side: side, scale: scale, into: &batch.enlarged, at: index)
        pair.large.values.withUnsafeBufferPointer { large in
          let from = UnsafeBufferPointer(rebasing: large[((row * pair.large.columns + column) * factor)...])
          turn.apply(to: from, pitch: pair.large.columns, side: side, scale: scale, into: &batch.large, at: index)
        }
      }
    }
  }

  /// An image, or a part of one at another size, and where the small patch begins in it: three numbers from `counter` on.
  private func draw(_ stream: RandomStream, _ counter: UInt64) -> (ImagePair, row: Int, column: Int) {
    let pair = pairs[stream.integer(below: pairs.count, counter: counter)]
    if let part = zoom?.part(of: pair, factor: factor, degradation: degradation, seed: stream.seed, counter: counter) {
      return (part, Zoom.margin, Zoom.margin)
    }
    return (
      pair, stream.integer(below: pair.small.rows - patch + 1, counter: counter + 1),
      stream.integer(below: pair.small.columns - patch + 1, counter: counter + 2)
    )
  }

  /// A patch with the pixels around it, as a resampling of the whole plane would see them.
  private func cut(_ plane: Plane, row: Int, column: Int, into window: UnsafeMutableBufferPointer<Float>) {
    let margin = SuperResolutionPatches.margin
    let width = patch + 2 * margin
    for x in 0..<width {
      let source = ResampleWeights.mirrored(column - margin + x, plane.columns)
      for y in 0..<width {
        window[y * width + x] = plane.values[ResampleWeights.mirrored(row - margin + y, plane.rows) * plane.columns + source]
      }
    }
  }

  /// The bicubic enlargement of the patch within a window.
  private func enlarge(_ window: UnsafeMutableBufferPointer<Float>, into enlarged: UnsafeMutableBufferPointer<Float>) {
    let margin = SuperResolutionPatches.margin
    let width = patch + 2 * margin
    let side = patch * factor
    let first = margin * factor
    for y in 0..<side {
      let line = UnsafeMutableBufferPointer(rebasing: enlarged[y * side..<(y + 1) * side])
      resampler.row(first + y, columns: first..<first + side, into: line) { UnsafePointer(window.baseAddress! + $0 * width) }
    }
  }
}

extension Turn {
  /// Writes the square that begins at `values`, in rows `pitch` apart, times `scale` over item `index` of `[N, side, side, 1]`.
  func apply(to values: UnsafeBufferPointer<Float>, pitch: Int, side: Int, scale: Float, into items: inout Tensor, at index: Int) {
    // The source of pixel (row, column) is at start + row · rowStep + column · columnStep.
    let start = (flipsRows ? (side - 1) * pitch : 0) + (flipsColumns ? side - 1 : 0)
    let (down, right) = (flipsRows ? -pitch : pitch, flipsColumns ? -1 : 1)
    let (rowStep, columnStep) = transposes ? (right, down) : (down, right)
    items.withUnsafeMutableBufferPointer { buffer in
      for row in 0..<side {
        let to = (index * side + row) * side
        for column in 0..<side { buffer[to + column] = values[start + row * rowStep + column * columnStep] * scale }
      }
    }
  }
}

extension Plane {
  /// Without the last rows and columns that `factor` does not divide.
  package func croppedToMultiple(of factor: Int) -> Plane {
    cropped(row: 0, column: 0, rows: rows - rows % factor, columns: columns - columns % factor)
  }
}
