/// A square slice being painted. Coordinates run from -1 to 1, x to the patient's left, y to the back.
struct Canvas {
  let size: Int
  private(set) var values: [Float]

  init(size: Int, background: Float) {
    self.size = size
    values = [Float](repeating: background, count: size * size)
  }

  var pixel: Float { 2 / Float(size) }

  /// Paints where `distance` is negative, with edges one pixel soft.
  mutating func paint(_ distance: (Float, Float) -> Float, _ value: (Float, Float) -> Float) {
    for row in 0..<size {
      let y = (Float(row) + 0.5) * pixel - 1
      for column in 0..<size {
        let x = (Float(column) + 0.5) * pixel - 1
        let cover = 0.5 - distance(x, y) / pixel
        guard cover > 0 else { continue }
        let index = row * size + column
        values[index] += min(1, cover) * (value(x, y) - values[index])
      }
    }
  }

  mutating func paint(_ ellipse: Ellipse, _ value: Float) { paint(ellipse.distance) { _, _ in value } }

  /// Changes every pixel by its coordinates, index and value.
  mutating func adjust(_ change: (Float, Float, Int, Float) -> Float) {
    for row in 0..<size {
      for column in 0..<size {
        let index = row * size + column
        values[index] = change((Float(column) + 0.5) * pixel - 1, (Float(row) + 0.5) * pixel - 1, index, values[index])
      }
    }
  }

  /// 1 where at least half of a pixel is covered.
  func mask(_ distance: (Float, Float) -> Float) -> [UInt8] {
    (0..<size * size).map { index in
      distance((Float(index % size) + 0.5) * pixel - 1, (Float(index / size) + 0.5) * pixel - 1) <= 0 ? 1 : 0
    }
  }
}

struct Ellipse {
  var x: Float
  var y: Float
  /// Half axes along x and y before the turn.
  var a: Float
  var b: Float
  /// Cosine and sine of the turn.
  var turn: (Float, Float) = (1, 0)

  init(_ x: Float, _ y: Float, _ a: Float, _ b: Float, turn: (Float, Float) = (1, 0)) {
    self.x = x
    self.y = y
    self.a = a
    self.b = b
    self.turn = turn
  }

  /// Approximate distance to the border, negative inside.
  func distance(_ px: Float, _ py: Float) -> Float {
    guard a > 0, b > 0 else { return 2 }  // an organ that does not reach this slice
    let (dx, dy) = (px - x, py - y)
    let u = (dx * turn.0 + dy * turn.1) / a
    let v = (dy * turn.0 - dx * turn.1) / b
    return ((u * u + v * v).squareRoot() - 1) * min(a, b)
  }

  func shrunk(by margin: Float) -> Ellipse { Ellipse(x, y, a - margin, b - margin, turn: turn) }
}

/// What a slice shows, and so its label.
enum LesionKind: String, CaseIterable {
  case normal, cyst, nodule
}

/// A lesion where a slice cuts it.
struct LesionSection {
  let kind: LesionKind
  let x: Float
  let y: Float
  let radius: Float
  let random: PhantomRandom
  /// Position along the patient, for noise that goes on from slice to slice.
  let z: Float

  /// A cyst is a smooth disk; a nodule has a lobed, irregular border.
  func distance(_ px: Float, _ py: Float) -> Float {
    let (dx, dy) = (px - x, py - y)
    let length = (dx * dx + dy * dy).squareRoot()
    guard kind == .nodule else { return length - radius }
    let lobes = random.noise(dx / max(length, 1e-4) * 2.2 + 5, dy / max(length, 1e-4) * 2.2 + 5, z * 4)
    return length - radius * (1 + 0.38 * lobes)
  }
}
