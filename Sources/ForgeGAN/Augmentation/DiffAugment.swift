package import ForgeGrad
package import ForgeTensor

/// One set of random changes for a batch of images, which real and generated images go through on their way to the
/// discriminator, so that it cannot learn a small set by heart. Differentiable. Source: Zhao et al. 2020 (DiffAugment).
package struct DiffAugment {
  /// Added to all values of image n.
  package var brightness: [Float]
  /// Scales image n about its mean; nil leaves it.
  package var contrast: [Float]?
  /// Rows and columns by which image n is moved; what comes in is 0.
  package var shift: [(rows: Int, columns: Int)]
  /// Rows and columns of image n that are set to 0; may reach beyond the image.
  package var hole: [(rows: Range<Int>, columns: Range<Int>)]

  package init(
    brightness: [Float], contrast: [Float]? = nil, shift: [(rows: Int, columns: Int)], hole: [(rows: Range<Int>, columns: Range<Int>)]
  ) {
    self.brightness = brightness
    self.contrast = contrast
    self.shift = shift
    self.hole = hole
  }

  /// How much a random draw may change.
  package struct Strength: Sendable, Equatable {
    /// Half-width of the uniform brightness offset; images span −1...1.
    package var brightness: Float = 0.2
    /// Largest shift as a share of the side.
    package var translation: Float = 0.125
    /// Side of the hole as a share of the side.
    package var cutout: Float = 0.25

    package init() {}
  }

  /// Draws the changes of `count` images of `rows` x `columns`: eight numbers per image, from `counter` on.
  ///
  /// - Parameter probability: the chance of each of the three kinds of change, by itself, to be made at an image.
  package static func random(
    count: Int, rows: Int, columns: Int, strength: Strength = Strength(), probability: Float = 1, stream: RandomStream, counter: UInt64
  ) -> DiffAugment {
    let draws = stream.uniform([count, 5], counter: counter).values
    let chances = stream.uniform([count, 3], counter: counter + UInt64(draws.count)).values
    func draw(_ image: Int, _ index: Int) -> Float { draws[image * 5 + index] }
    func happens(_ image: Int, _ kind: Int) -> Bool { chances[image * 3 + kind] < probability }
    func whole(_ unit: Float, _ count: Int) -> Int { min(Int(unit * Float(count)), count - 1) }
    let reach = (rows: Int(strength.translation * Float(rows)), columns: Int(strength.translation * Float(columns)))
    let side = (rows: Int(strength.cutout * Float(rows)), columns: Int(strength.cutout * Float(columns)))
    return DiffAugment(
      brightness: (0..<count).map { happens($0, 0) ? (draw($0, 0) * 2 - 1) * strength.brightness : 0 },
      shift: (0..<count).map { image in
        guard happens(image, 1) else { return (0, 0) }
        return (whole(draw(image, 1), 2 * reach.rows + 1) - reach.rows, whole(draw(image, 2), 2 * reach.columns + 1) - reach.columns)
      },
      hole: (0..<count).map { image in
        guard happens(image, 2) else { return (0..<0, 0..<0) }
        let top = whole(draw(image, 3), rows) - side.rows / 2
        let left = whole(draw(image, 4), columns) - side.columns / 2
        return (top..<top + side.rows, left..<left + side.columns)
      })
  }

  /// `[N, H, W, C]` to the same shape: brightness, contrast, then shift and hole in one gather of pixels.
  package func callAsFunction(_ images: Variable) -> Variable {
    let shape = images.shape
    let (count, rows, columns, channels) = (shape[0], shape[1], shape[2], shape[3])
    precondition(brightness.count == count, "DiffAugment: drawn for \(brightness.count) images, given \(count)")
    var x = images + Variable(Tensor([count, 1, 1, 1], brightness))
    if let contrast {
      let average = mean(x, axes: [1, 2, 3], keepingDimensions: true)
      x = (x - average) * Variable(Tensor([count, 1, 1, 1], contrast)) + average
    }
    // Pixels are rows of a table whose last row is black; a pixel from outside or inside the hole takes that one.
    let pixels = count * rows * columns
    let table = concatenate([reshape(x, [pixels, channels]), Variable(Tensor.zeros([1, channels]))], axis: 0)
    return reshape(gatherRows(table, sources(rows: rows, columns: columns)), shape)
  }

  private func sources(rows: Int, columns: Int) -> [Int32] {
    let count = brightness.count
    let black = Int32(count * rows * columns)
    var sources = [Int32](repeating: black, count: count * rows * columns)
    for image in 0..<count {
      let (down, right) = shift[image]
      let cut = hole[image]
      for row in max(0, down)..<min(rows, rows + down) {
        let target = (image * rows + row) * columns
        let source = (image * rows + row - down) * columns - right
        for column in max(0, right)..<min(columns, columns + right) where !(cut.rows.contains(row) && cut.columns.contains(column)) {
          sources[target + column] = Int32(source + column)
        }
      }
    }
    return sources
  }
}
