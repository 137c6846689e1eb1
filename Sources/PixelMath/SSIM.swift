import Foundation

/// Structural similarity, Wang et al. 2004: 11 x 11 Gaussian window with sigma 1.5, K1 0.01, K2 0.03, population covariance, mean over
/// the positions where the whole window lies inside (a 5-pixel border is left out). Equals scikit-image with `gaussian_weights=True,
/// sigma=1.5, use_sample_covariance=False`.
///
/// - Parameter range: distance between the smallest and largest possible value.
/// - Precondition: both planes have the same size, at least 11 x 11.
package func ssim(_ a: Plane, _ b: Plane, range: Double) -> Double { structure(a, b, range: range).ssim }

/// Multi-scale structural similarity, Wang et al. 2003: five scales with 2 x 2 mean pooling between them, weights .0448 .2856 .3001
/// .2363 .1333; contrast-structure of scales 1-4 and SSIM of scale 5, each clamped at 0.
///
/// - Precondition: at least 176 x 176 pixels.
package func multiScaleSSIM(_ a: Plane, _ b: Plane, range: Double) -> Double {
  precondition(min(a.rows, a.columns) >= 11 * 16, "MS-SSIM: \(a.rows) x \(a.columns) is too small for five scales")
  return multiScaleSimilarity(a, b, range: range)
}

/// `multiScaleSSIM` with as many of its scales as images of this size have, and their weights brought to the sum 1: not comparable between
/// sizes.
///
/// - Precondition: at least 11 x 11 pixels.
package func multiScaleSimilarity(_ a: Plane, _ b: Plane, range: Double) -> Double {
  let all = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
  let weights = Array(all.prefix(all.indices.count { min(a.rows, a.columns) >> $0 >= 11 }))
  // All five add up to 1.0001, as published: they stay as they are.
  let total = weights.count == all.count ? 1 : weights.reduce(0, +)
  var (x, y) = (DoublePlane(a), DoublePlane(b))
  var product = 1.0
  for (scale, weight) in weights.enumerated() {
    let (full, contrast) = structure(x, y, range: range)
    product *= pow(max(0, scale == weights.count - 1 ? full : contrast), weight / total)
    if scale < weights.count - 1 { (x, y) = (x.halved(), y.halved()) }
  }
  return product
}

private func structure(_ a: Plane, _ b: Plane, range: Double) -> (ssim: Double, contrast: Double) {
  structure(DoublePlane(a), DoublePlane(b), range: range)
}

private func structure(_ a: DoublePlane, _ b: DoublePlane, range: Double) -> (ssim: Double, contrast: Double) {
  precondition(a.rows == b.rows && a.columns == b.columns, "SSIM: \(a.rows) x \(a.columns) against \(b.rows) x \(b.columns)")
  precondition(a.rows >= 11 && a.columns >= 11, "SSIM: \(a.rows) x \(a.columns) is smaller than the 11 x 11 window")
  let c1 = (0.01 * range) * (0.01 * range)
  let c2 = (0.03 * range) * (0.03 * range)
  let meanA = a.blurred()
  let meanB = b.blurred()
  let squareA = a.multiplied(a).blurred()
  let squareB = b.multiplied(b).blurred()
  let product = a.multiplied(b).blurred()
  var (ssim, contrast) = (0.0, 0.0)
  for index in meanA.values.indices {
    let (ma, mb) = (meanA.values[index], meanB.values[index])
    let covariance = product.values[index] - ma * mb
    let variances = squareA.values[index] - ma * ma + (squareB.values[index] - mb * mb)
    let structure = (2 * covariance + c2) / (variances + c2)
    contrast += structure
    ssim += structure * (2 * ma * mb + c1) / (ma * ma + mb * mb + c1)
  }
  let count = Double(meanA.values.count)
  return (ssim / count, contrast / count)
}

/// SSIM works in `Double`: the difference of a mean of squares and a squared mean loses half of the digits.
private struct DoublePlane {
  var rows: Int
  var columns: Int
  var values: [Double]

  init(_ plane: Plane) { self.init(rows: plane.rows, columns: plane.columns, values: plane.values.map(Double.init)) }

  init(rows: Int, columns: Int, values: [Double]) {
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  func multiplied(_ other: DoublePlane) -> DoublePlane {
    DoublePlane(rows: rows, columns: columns, values: zip(values, other.values).map { $0 * $1 })
  }

  /// 2 x 2 means; an odd last row or column is dropped.
  func halved() -> DoublePlane {
    let (height, width) = (rows / 2, columns / 2)
    var result = [Double](repeating: 0, count: height * width)
    for row in 0..<height {
      for column in 0..<width {
        let corner = 2 * row * columns + 2 * column
        result[row * width + column] = (values[corner] + values[corner + 1] + values[corner + columns] + values[corner + columns + 1]) / 4
      }
    }
    return DoublePlane(rows: height, columns: width, values: result)
  }

  private static let window: [Double] = {
    let raw = (-5...5).map { exp(-0.5 * Double($0 * $0) / (1.5 * 1.5)) }
    let sum = raw.reduce(0, +)
    return raw.map { $0 / sum }
  }()

  /// Gaussian means at the positions where the window fits.
  func blurred() -> DoublePlane {
    let window = DoublePlane.window
    let (height, width) = (rows - 10, columns - 10)
    var tall = [Double](repeating: 0, count: height * columns)
    for row in 0..<height {
      for tap in 0..<11 {
        let weight = window[tap]
        for column in 0..<columns { tall[row * columns + column] += weight * values[(row + tap) * columns + column] }
      }
    }
    var result = [Double](repeating: 0, count: height * width)
    for row in 0..<height {
      for tap in 0..<11 {
        let weight = window[tap]
        for column in 0..<width { result[row * width + column] += weight * tall[row * columns + column + tap] }
      }
    }
    return DoublePlane(rows: height, columns: width, values: result)
  }
}
