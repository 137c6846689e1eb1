import Foundation

extension Plane {
  /// This image through a Gaussian of standard deviation `sigma` pixels, mirrored at its borders; itself for 0. Sums in `Double`.
  package func blurred(sigma: Double) -> Plane {
    precondition(sigma >= 0 && sigma.isFinite, "Plane: blur by \(sigma)")
    guard sigma > 0 else { return self }
    let reach = max(1, Int((4 * sigma).rounded(.up)))
    var weights = (-reach...reach).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
    let sum = weights.reduce(0, +)
    for index in weights.indices { weights[index] /= sum }
    var mixed = [Double](repeating: 0, count: values.count)
    for row in 0..<rows {
      for (tap, weight) in weights.enumerated() {
        let source = ResampleWeights.mirrored(row + tap - reach, rows) * columns
        for column in 0..<columns { mixed[row * columns + column] += weight * Double(values[source + column]) }
      }
    }
    let sources = (-reach..<columns + reach).map { ResampleWeights.mirrored($0, columns) }
    let result = (0..<values.count).map { index in
      let start = index / columns * columns
      let first = index % columns
      return Float(weights.indices.reduce(0.0) { $0 + weights[$1] * mixed[start + sources[first + $1]] })
    }
    return Plane(rows: rows, columns: columns, values: result)
  }
}
