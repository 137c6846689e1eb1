package import ForgeTensor

/// How a parameter starts.
package indirect enum Initializer: Sendable {
  case constant(Float)
  case normal(deviation: Float)
  case uniform(bound: Float)
  /// Normal with deviation √(2 / ((1 + slope²) · fan-in)): keeps the variance through leaky ReLUs. Source: He et al. 2015.
  case he(slope: Float)
  /// Uniform in ±√(6 / (fan-in + fan-out)). Source: Glorot and Bengio 2010.
  case xavier
  /// Uniform in ±1/√fan-in, what PyTorch gives convolutions and linear layers.
  case lecunUniform
  /// Rows or columns orthonormal, times `gain`; the last axis against all others. Source: Saxe et al. 2014.
  case orthogonal(gain: Float)
  /// The same start for each of the `factor²` sub-pixels of a channel, so that a pixel shuffle begins as nearest-neighbor
  /// upsampling, without checkerboard. Source: Aitken et al. 2017 (ICNR).
  case subpixel(factor: Int, Initializer)
  /// Another start times a number.
  case scaled(Float, Initializer)

  package static let zeros = Initializer.constant(0)
  package static let ones = Initializer.constant(1)

  package struct Fans: Sendable {
    package var `in`: Int
    package var out: Int

    package init(in input: Int, out output: Int) {
      self.in = input
      self.out = output
    }
  }

  /// A fresh tensor. Draws begin at counter 0 of `stream`.
  package func tensor(_ shape: Shape, fans: Fans, stream: RandomStream) -> Tensor {
    switch self {
    case .constant(let value): Tensor(shape: shape, repeating: value)
    case .normal(let deviation): stream.normal(shape, counter: 0, deviation: deviation)
    case .uniform(let bound): stream.uniform(shape, counter: 0, low: -bound, high: bound)
    case .he(let slope):
      Initializer.normal(deviation: (2 / ((1 + slope * slope) * Float(fans.in))).squareRoot()).tensor(shape, fans: fans, stream: stream)
    case .xavier:
      Initializer.uniform(bound: (6 / Float(fans.in + fans.out)).squareRoot()).tensor(shape, fans: fans, stream: stream)
    case .lecunUniform:
      Initializer.uniform(bound: 1 / Float(fans.in).squareRoot()).tensor(shape, fans: fans, stream: stream)
    case .orthogonal(let gain): Initializer.orthonormal(shape, stream: stream) * gain
    case .subpixel(let factor, let base):
      Initializer.repeated(base, factor: factor, shape: shape, fans: fans, stream: stream)
    case .scaled(let factor, let base): base.tensor(shape, fans: fans, stream: stream) * factor
    }
  }

  private static func repeated(_ base: Initializer, factor: Int, shape: Shape, fans: Fans, stream: RandomStream) -> Tensor {
    let copies = factor * factor
    let channels = shape[shape.rank - 1]
    precondition(channels % copies == 0, "\(channels) channels do not hold \(factor)x\(factor) sub-pixels")
    var extents = shape.dimensions
    extents[shape.rank - 1] = channels / copies
    let small = base.tensor(Shape(extents), fans: fans, stream: stream).values
    let rows = shape.count / channels
    var values = [Float](repeating: 0, count: shape.count)
    for row in 0..<rows {
      for channel in 0..<channels {
        values[row * channels + channel] = small[row * (channels / copies) + channel / copies]
      }
    }
    return Tensor(shape, values)
  }

  /// Modified Gram-Schmidt, twice, in double, on the short side of the matrix `[all other axes, last axis]`.
  private static func orthonormal(_ shape: Shape, stream: RandomStream) -> Tensor {
    let columns = shape[shape.rank - 1]
    let rows = shape.count / columns
    let drawn = stream.normal(shape, counter: 0).values
    let isTall = rows >= columns
    let (count, length) = isTall ? (columns, rows) : (rows, columns)
    func place(_ vector: Int, _ element: Int) -> Int { isTall ? element * columns + vector : vector * columns + element }
    var vectors = (0..<count).map { vector in (0..<length).map { Double(drawn[place(vector, $0)]) } }
    for vector in 0..<count {
      for _ in 0..<2 {
        for earlier in 0..<vector {
          var dot = 0.0
          for element in 0..<length { dot += vectors[vector][element] * vectors[earlier][element] }
          for element in 0..<length { vectors[vector][element] -= dot * vectors[earlier][element] }
        }
      }
      let norm = vectors[vector].reduce(0) { $0 + $1 * $1 }.squareRoot()
      for element in 0..<length { vectors[vector][element] /= norm }
    }
    var values = [Float](repeating: 0, count: shape.count)
    for vector in 0..<count {
      for element in 0..<length { values[place(vector, element)] = Float(vectors[vector][element]) }
    }
    return Tensor(shape, values)
  }
}
