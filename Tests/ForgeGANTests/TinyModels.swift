import ForgeGAN
import ForgeNN
import ForgeTensor
import Foundation
import PixelMath
import TestSupport

/// Small data and small networks, so that a training takes a fraction of a second.
enum Tiny {
  /// Three classes of 32-pixel images: a bright disc, a bright bar, a slope, each moved a little from image to image. Attributes say nothing of
  /// how an image looks, and are unknown for some.
  static func images(perClass: Int = 8) -> InMemoryImages {
    let size = 32
    var pixels: [Float] = []
    var labels: [Int32] = []
    for index in 0..<perClass * 3 {
      let label = index % 3
      let offset = Float(index / 3 % 5) - 2
      labels.append(Int32(label))
      for row in 0..<size {
        for column in 0..<size {
          let (y, x) = (Float(row) - 15.5 + offset, Float(column) - 15.5)
          let inside: Bool
          switch label {
          case 0: inside = y * y + x * x < 64
          case 1: inside = abs(y) < 4
          default: inside = y > x
          }
          pixels.append(inside ? 0.8 : -0.8)
        }
      }
    }
    return InMemoryImages(size: size, pixels: pixels, labels: labels, labelNames: ["disc", "bar", "slope"],
      attributes: [
        AttributeColumn("sex", labels.indices.map { $0 % 5 == 4 ? nil : ["M", "F"][$0 / 3 % 2] }),
        AttributeColumn("ageBand", labels.indices.map { ["040-049", "050-059", nil, "090+"][$0 % 4] }),
      ])
  }

  /// One class, whose look is told by attributes: women have a bright square on the left, men on the right; the old a bright ground.
  static func people(count: Int = 96) -> InMemoryImages {
    let size = 32
    var pixels: [Float] = []
    for index in 0..<count {
      let (isMale, isOld, shift) = (index % 2 == 1, index / 2 % 2 == 1, index / 4 % 5 - 2)
      for row in 0..<size {
        for column in 0..<size {
          let isSquare = (10..<22).contains(row + shift) && (isMale ? 18..<28 : 4..<14).contains(column)
          pixels.append(isSquare ? 0.9 : isOld ? 0 : -0.8)
        }
      }
    }
    return InMemoryImages(
      size: size, pixels: pixels, labels: [Int32](repeating: 0, count: count), labelNames: ["person"],
      attributes: [
        AttributeColumn("sex", (0..<count).map { $0 % 2 == 1 ? "M" : "F" }),
        AttributeColumn("ageBand", (0..<count).map { $0 / 2 % 2 == 1 ? "070-079" : "040-049" }),
      ])
  }

  static let cganOptions: JSON = ["batch": 4, "width": 4, "latent": 8, "labelWidth": 4]

  static func cgan(
    _ options: JSON = cganOptions, images: any LabelledImages = images(), seed: UInt64 = 5
  ) throws -> any GenerativeModel {
    try ModelRegistry.entry("cgan").make(ModelRequest(options: options, data: .images(images), seed: seed))
  }

  /// Planes with edges and fine rings, 12 bit.
  static func planes(count: Int = 3, rows: Int = 50, columns: Int = 61) -> InMemoryPlanes {
    InMemoryPlanes(
      (0..<count).map { index in
        var values: [Float] = []
        for row in 0..<rows {
          for column in 0..<columns {
            let (y, x) = (Float(row) - 20 - Float(index), Float(column) - 30)
            let ring = Float(Int((y * y + x * x).squareRoot()) % 7 < 3 ? 1 : 0)
            values.append((600 * ring + 20 * Float(row) + 300 * (x > y ? 1 : 0)).rounded())
          }
        }
        return IntensityPlane(Plane(rows: rows, columns: columns, values: values), range: values.max()!, maximum: 4095)
      })
  }

  static let srganOptions: JSON = [
    "batch": 2, "patch": 8, "width": 6, "blocks": 1, "discriminatorWidth": 4, "contentShare": 0.5, "rate": 2e-3,
  ]

  static func srgan(_ changes: [String: JSON] = [:], seed: UInt64 = 5) throws -> any GenerativeModel {
    let options = srganOptions.objectValue!.merging(changes) { $1 }
    return try ModelRegistry.entry("srgan").make(ModelRequest(options: .object(options), data: .planes(planes()), seed: seed))
  }

  static func model(_ name: String) throws -> any GenerativeModel { name == "cgan" ? try cgan() : try srgan() }

  /// A folder that is gone after `body`.
  static func withFolder<Result>(_ body: (ModelFolder) throws -> Result) throws -> Result {
    let url = try TestData.temporaryFolder("forge")
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(ModelFolder(url))
  }
}

extension ModelFolder {
  /// Changes what the state says of itself.
  func editState(_ change: (inout [String: JSON]) -> Void) throws {
    var file = try SafeTensors(contentsOf: state)
    var description = try JSON.parse(file.metadata["scanforge"]!).objectValue!
    change(&description)
    file.metadata["scanforge"] = JSON.object(description).text()
    file.metadata[SafeTensors.checksumKey] = nil
    try file.serialized().write(to: state)
  }
}
