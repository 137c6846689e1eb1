import PixelMath

extension SuperResolver {
  /// What becomes of the network's image before it is handed on.
  package struct Refinement: Sendable, Equatable {
    /// Back-projections after the network, so that the result made small again is the input; 0 for none.
    package var backProjections = 0
    /// The mean over the eight flips and transpositions of the input. Takes eight times as long. Source: Timofte et al. 2016.
    package var isEnsemble = false

    package init(backProjections: Int = 0, isEnsemble: Bool = false) {
      self.backProjections = backProjections
      self.isEnsemble = isEnsemble
    }

    package var isNone: Bool { backProjections == 0 && !isEnsemble }
  }

  /// Pixels of the small image whose result is refined at a time: at least 128 rows.
  package static let bandPixels = 1 << 20

  /// As `upscale(_:range:into:)`, refined, band by band: each with so many rows around it that they do not show in the result, but for the
  /// rounding of the network's arithmetic.
  ///
  /// - Parameter bandPixels: of the small image, refined at a time.
  func refine(
    _ source: PlaneRows, range: Float, bandPixels: Int, into sink: (_ row: Int, _ column: Int, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    let margin = reach + Plane.backProjectionReach * refinement.backProjections
    let bandRows = max(128, bandPixels / source.columns)
    for first in stride(from: 0, to: source.rows, by: bandRows) {
      let inner = first..<min(first + bandRows, source.rows)
      let outer = max(0, inner.lowerBound - margin)..<min(source.rows, inner.upperBound + margin)
      let band = try Plane(rows: outer.count, columns: source.columns, values: outer.flatMap { row throws(ForgeGANError) in try finiteRow(source, row) })
      var image = try refined(band, range: range)
      try image.values.withUnsafeMutableBufferPointer { values in
        let width = source.columns * factor
        for row in inner.lowerBound * factor..<inner.upperBound * factor {
          let start = (row - outer.lowerBound * factor) * width
          try sink(row, 0, UnsafeMutableBufferPointer(rebasing: values[start..<start + width]))
        }
      }
    }
  }

  private func refined(_ small: Plane, range: Float) throws -> Plane {
    var image = Plane(
      rows: small.rows * factor, columns: small.columns * factor, values: [Float](repeating: 0, count: small.values.count * factor * factor))
    let turns = refinement.isEnsemble ? Turn.all : [Turn.all[0]]
    for turn in turns {
      let made = try plain(small.turned(by: turn), range: range).turned(by: turn.inverse)
      for index in image.values.indices { image.values[index] += made.values[index] }
    }
    if turns.count > 1 { for index in image.values.indices { image.values[index] /= Float(turns.count) } }
    return image.backProjected(onto: small, rounds: refinement.backProjections)
  }
}

extension SuperResolver.Refinement {
  /// How records name it; empty for none.
  package var mark: String {
    (backProjections > 0 ? " backProjections \(backProjections)" : "") + (isEnsemble ? " ensemble" : "")
  }
}
