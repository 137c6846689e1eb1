import Foundation

/// A CT-like abdomen in Hounsfield units: fat, muscle, bone, liver, spleen, kidneys, vessels, stomach with an air-fluid level.
///
/// Drawn for learning and testing, not after any person. `z` runs from the dome of the liver (0) to the lower kidneys (1).
struct AbdomenPhantom {
  let random: PhantomRandom
  private let width: Float
  private let height: Float
  private let fat: Float
  private let liverSize: Float
  private let kidneyShift: Float
  private let enhancement: Float
  private let lesionPlace: (Float, Float)

  init(random: PhantomRandom) {
    self.random = random
    width = random.between(0.78, 0.9, 1)
    height = random.between(0.57, 0.67, 2)
    fat = random.between(0.035, 0.1, 3)
    liverSize = random.between(0.9, 1.08, 4)
    kidneyShift = random.between(-0.04, 0.04, 5)
    enhancement = random.between(0.85, 1.15, 6)
    lesionPlace = (random.between(-0.42, 0.1, 7), random.between(-0.3, 0.3, 8))
  }

  private func liver(_ z: Float) -> Ellipse {
    let scale = liverSize * (1 - 0.4 * z) * (width / 0.84)
    return Ellipse(-0.31 - 0.05 * z, -0.07, 0.37 * scale, 0.36 * scale, turn: (0.96, 0.28))
  }

  /// - Parameter radius: of the section, as a share of the image's half width.
  func lesion(_ kind: LesionKind, z: Float, radius: Float) -> LesionSection {
    let organ = liver(z)
    return LesionSection(
      kind: kind, x: organ.x + lesionPlace.0 * organ.a, y: organ.y + lesionPlace.1 * organ.b, radius: radius,
      random: random.stream("lesion"), z: z)
  }

  /// Hounsfield units, row by row.
  func slice(z: Float, size: Int, lesion: LesionSection?, noise: PhantomRandom) -> Canvas {
    var canvas = Canvas(size: size, background: -1000)
    paintBody(&canvas, z)
    paintOrgans(&canvas, z)
    paintBones(&canvas, z)
    if let lesion {
      canvas.paint(lesion.distance) { x, y in
        if lesion.kind == .cyst { return 4 }
        // Bright rim around a darker core.
        let depth = -lesion.distance(x, y) / lesion.radius
        return 265 - 90 * min(1, max(0, depth))
      }
    }
    let sigma: Float = 9
    canvas.adjust { _, _, index, value in max(-1024, value + sigma * noise.normal(index)) }
    return canvas
  }

  private func paintBody(_ canvas: inout Canvas, _ z: Float) {
    let random = random
    // The table's top.
    canvas.paint({ x, y in max(abs(y - 0.80 - 0.06 * x * x) - 0.012, abs(x) - 0.85) }) { _, _ in -180 }
    let body = Ellipse(0, 0.03, width, height)
    canvas.paint({ x, y in body.distance(x, y) + 0.012 * random.noise(x * 2, y * 2, z * 2) }) { x, y in
      -102 + 7 * random.noise(x * 9, y * 9, z * 5)
    }
    canvas.paint(body.shrunk(by: fat), 52)
    canvas.paint(body.shrunk(by: fat + 0.07), -92)
    // Lung bases behind the dome of the liver.
    if z < 0.25 {
      let shrink = 1 - z / 0.25
      for side: Float in [-1, 1] { canvas.paint(Ellipse(side * 0.45, 0.24, 0.26 * shrink + 0.04, 0.2 * shrink + 0.03), -860) }
    }
    // Bowel loops below the stomach, some with gas.
    let loops = random.stream("bowel")
    for loop in 0..<6 where z > 0.35 {
      let center = (loops.between(-0.25, 0.45, loop * 3), loops.between(-0.32, 0.05, loop * 3 + 1))
      let radius = loops.between(0.06, 0.1, loop * 3 + 2) * min(1, (z - 0.3) * 3)
      canvas.paint(Ellipse(center.0, center.1, radius, radius), 55)
      canvas.paint(Ellipse(center.0, center.1, radius * 0.7, radius * 0.7), loop % 3 == 0 ? -780 : 22)
    }
  }

  private func paintOrgans(_ canvas: inout Canvas, _ z: Float) {
    let random = random
    let tissue = random.stream("tissue")
    let organ = liver(z)
    let enhancement = enhancement
    canvas.paint({ x, y in organ.distance(x, y) + 0.03 * tissue.noise(x * 3, y * 3, z * 3) }) { x, y in
      // Vessels are the ridges of a noise field.
      let ridge = abs(tissue.noise(x * 5 + 9, y * 5, z * 3))
      return (ridge < 0.055 ? 165 : 108) * enhancement + 7 * tissue.noise(x * 22, y * 22, z * 9)
    }
    if z < 0.65 {
      let stomach = Ellipse(0.3, -0.2, 0.22 * (1 - 0.5 * z), 0.17 * (1 - 0.4 * z))
      canvas.paint(stomach, 60)
      let inside = stomach.shrunk(by: 0.025)
      canvas.paint(inside, 18)
      canvas.paint({ x, y in max(inside.distance(x, y), y + 0.24) }) { _, _ in -960 }
    }
    if z < 0.75 {
      let spleen = Ellipse(0.55 * width / 0.84, 0.12, 0.11, 0.21 * (1 - 0.6 * abs(z - 0.35)), turn: (0.93, -0.36))
      canvas.paint(spleen.distance) { x, y in 112 * enhancement + 6 * tissue.noise(x * 18, y * 18, z * 9) }
    }
    if z > 0.25 {
      let grown = min(1, (z - 0.25) * 4)
      for side: Float in [-1, 1] {
        let kidney = Ellipse(side * (0.37 + kidneyShift), 0.32 + side * 0.02, 0.115 * grown, 0.15 * grown, turn: (0.95, side * 0.31))
        canvas.paint(kidney, 205 * enhancement)
        canvas.paint(Ellipse(kidney.x - side * 0.03, kidney.y, kidney.a * 0.55, kidney.b * 0.6, turn: kidney.turn), 95)
      }
    }
    for side: Float in [-1, 1] where z > 0.35 { canvas.paint(Ellipse(side * 0.21, 0.43, 0.075, 0.09), 58) }
    canvas.paint(Ellipse(0.07, 0.2, 0.052, 0.052), 215 * enhancement)
    canvas.paint(Ellipse(-0.09, 0.19, 0.062, 0.05), 150 * enhancement)
  }

  private func paintBones(_ canvas: inout Canvas, _ z: Float) {
    let marrow = random.stream("marrow")
    for rib in 0..<14 {
      let angle = (Float(rib) + 0.5) / 14 * 2 * Float.pi + z * 0.9
      let (c, s) = (cos(angle), sin(angle))
      guard abs(c) > 0.35 else { continue }
      let distance = fat + 0.035
      let bone = Ellipse((width - distance) * c, 0.03 + (height - distance) * s, 0.05, 0.019, turn: (-s, c))
      canvas.paint(bone, 620)
      canvas.paint(bone.shrunk(by: 0.009), 260)
    }
    let body = Ellipse(0, 0.37, 0.145, 0.115)
    canvas.paint(Ellipse(0, 0.64, 0.03, 0.085), 520)
    for side: Float in [-1, 1] { canvas.paint(Ellipse(side * 0.15, 0.515, 0.1, 0.026, turn: (0.97, side * 0.25)), 480) }
    canvas.paint(Ellipse(0, 0.51, 0.095, 0.075), 560)
    canvas.paint(body, 640)
    canvas.paint(body.shrunk(by: 0.022).distance) { x, y in 210 + 60 * marrow.noise(x * 24, y * 24, z * 12) }
    canvas.paint(Ellipse(0, 0.515, 0.058, 0.05), 28)
  }
}
