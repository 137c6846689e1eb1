/// An MR-like T1-weighted head in arbitrary units, 0 to 4095: scalp, skull, grey and white matter, ventricles, deep nuclei.
///
/// Drawn for learning and testing, not after any person. `z` runs from the upper ventricles (0) to the eyes and cerebellum (1).
struct HeadPhantom {
  let random: PhantomRandom
  private let width: Float
  private let length: Float
  private let ventricles: Float
  private let tilt: Float
  private let contrast: Float
  private let lesionPlace: (Float, Float)

  init(random: PhantomRandom) {
    self.random = random
    width = random.between(0.64, 0.72, 1)
    length = random.between(0.8, 0.88, 2)
    ventricles = random.between(0.7, 1.5, 3)
    tilt = random.between(-0.09, 0.09, 4)
    contrast = random.between(0.9, 1.1, 5)
    let side: Float = random.uniform(6) < 0.5 ? -1 : 1
    lesionPlace = (side * random.between(0.5, 0.66, 7), random.between(-0.3, 0.4, 8))
  }

  private func outline(_ z: Float) -> Ellipse {
    let lift = z - 0.6
    let scale = 1 - 0.28 * lift * lift
    return Ellipse(0, 0, width * scale, length * scale, turn: ((1 - tilt * tilt).squareRoot(), tilt))
  }

  /// - Parameter radius: of the section, as a share of the image's half width.
  func lesion(_ kind: LesionKind, z: Float, radius: Float) -> LesionSection {
    let brain = outline(z).shrunk(by: 0.12)
    return LesionSection(
      kind: kind, x: lesionPlace.0 * brain.a, y: lesionPlace.1 * brain.b, radius: radius, random: random.stream("lesion"), z: z)
  }

  /// Intensities of 0 to 4095, row by row.
  func slice(z: Float, size: Int, lesion: LesionSection?, noise: PhantomRandom) -> Canvas {
    var canvas = Canvas(size: size, background: 0)
    paintBrain(&canvas, z)
    paintDeep(&canvas, z)
    if let lesion {
      if lesion.kind == .nodule {
        // Swelling around it.
        canvas.paint({ x, y in lesion.distance(x, y) - 0.05 }) { _, _ in 1350 }
      }
      canvas.paint(lesion.distance) { _, _ in lesion.kind == .cyst ? 330 : 3500 }
    }
    let field = random.stream("field")
    let gain = contrast
    canvas.adjust { x, y, index, value in
      // A smooth coil profile, then the magnitude of signal with noise in both channels (Rician).
      let signal = value * gain * (1 + 0.14 * field.noise(x * 0.8 + 3, y * 0.8, z))
      let real = signal + 42 * noise.normal(2 * index)
      let imaginary = 42 * noise.normal(2 * index + 1)
      return min(4095, (real * real + imaginary * imaginary).squareRoot())
    }
    return canvas
  }

  private func paintBrain(_ canvas: inout Canvas, _ z: Float) {
    let folds = random.stream("folds")
    let head = outline(z)
    canvas.paint(head, 2750)
    canvas.paint(head.shrunk(by: 0.04), 1150)
    canvas.paint(head.shrunk(by: 0.055), 230)
    canvas.paint(head.shrunk(by: 0.095), 480)
    let brain = head.shrunk(by: 0.12)
    let fold: (Float, Float) -> Float = { x, y in folds.noise(x * 6.5, y * 6.5, z * 5) }
    canvas.paint({ x, y in brain.distance(x, y) + 0.02 * fold(x, y) }) { x, y in
      // Sulci are the ridges of the same field, near the surface.
      let depth = -brain.distance(x, y)
      return depth < 0.16 && abs(folds.noise(x * 5 + 7, y * 5, z * 4)) < 0.085 ? 620 : 1500
    }
    let white = head.shrunk(by: 0.215)
    canvas.paint({ x, y in white.distance(x, y) + 0.075 * fold(x, y) }) { x, y in 2250 + 35 * folds.noise(x * 25, y * 25, z * 9) }
    // The gap between the hemispheres, with grey matter on both sides.
    let (c, s) = head.turn
    let across: (Float, Float) -> Float = { x, y in abs(x * c + y * s + 0.012 * folds.noise(y * 6, 3, z * 4)) }
    let along: (Float, Float) -> Float = { x, y in 0.22 - abs(y * c - x * s) }
    canvas.paint({ x, y in max(max(across(x, y) - 0.045, along(x, y)), brain.distance(x, y)) }) { _, _ in 1500 }
    canvas.paint({ x, y in max(max(across(x, y) - 0.012, along(x, y)), brain.distance(x, y)) }) { _, _ in 520 }
  }

  private func paintDeep(_ canvas: inout Canvas, _ z: Float) {
    let lift = (z - 0.4) / 0.45
    let open = max(0, 1 - lift * lift)
    for side: Float in [-1, 1] {
      let nucleus = Ellipse(side * 0.2, 0.02, 0.075 * open, 0.14 * open, turn: (0.94, side * -0.34))
      canvas.paint(nucleus, 1620)
      canvas.paint(Ellipse(side * 0.1, -0.13, 0.042 * ventricles * open, 0.13 * open, turn: (0.93, side * -0.37)), 360)
      canvas.paint(Ellipse(side * 0.13, 0.2, 0.045 * ventricles * open, 0.15 * open, turn: (0.9, side * 0.43)), 360)
    }
    if open > 0.3 { canvas.paint(Ellipse(0, 0.05, 0.014 * ventricles, 0.09), 420) }
    guard z > 0.72 else { return }
    let grown = min(1, (z - 0.72) * 5)
    let leaves = random.stream("leaves")
    for side: Float in [-1, 1] {
      let eye = Ellipse(side * 0.27, -0.66, 0.11 * grown, 0.11 * grown)
      canvas.paint(eye, 900)
      canvas.paint(eye.shrunk(by: 0.02), 380)
      canvas.paint(Ellipse(side * 0.27, -0.66 - 0.075 * grown, 0.05 * grown, 0.022 * grown), 1500)
    }
    let cerebellum = Ellipse(0, 0.47, 0.4 * grown, 0.24 * grown)
    canvas.paint(cerebellum.shrunk(by: -0.025), 480)
    canvas.paint(cerebellum.distance) { x, y in 1650 + 380 * leaves.noise(x * 3, y * 16, z * 8) }
    canvas.paint(Ellipse(0, 0.17, 0.13 * grown, 0.13 * grown), 2080)
    canvas.paint(Ellipse(0, 0.29, 0.06 * grown, 0.035 * grown), 380)
  }
}
