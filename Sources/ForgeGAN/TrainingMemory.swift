package import ForgeNN
import Foundation

/// How much memory a training takes beside its data: an estimate, for finding out before it begins that there is too little.
///
/// Maps of a step and weights with moments, averages, gradients and the bytes of a checkpoint. The factors were fitted to the peak resident
/// memory of short trainings of both models (8 to 128 images a batch, widths 32 to 128): of 18 that take 50 to 1500 MiB they give 82 to 101 %.
package enum TrainingMemory {
  /// - Parameters:
  ///   - options: as in `ModelRequest`.
  ///   - side: of the images, where the model has one.
  /// - Returns: bytes; 0 for a model that nothing is known of.
  package static func bytes(model: String, options: JSON, side: Int) throws(ForgeGANError) -> Int {
    switch model {
    case "cgan": try bytes(ConditionalGAN.Configuration(options), side: side)
    case "srgan": try bytes(SRGAN.Configuration(options))
    default: 0
    }
  }

  /// Of a parameter, of a number of a map.
  private static let (parameterBytes, mapBytes) = (40, 10)

  private static func bytes(_ options: ConditionalGAN.Configuration, side: Int) -> Int {
    let shape = ConditionalGenerator.Architecture(options, size: side, classes: 1)
    let (up, down) = (shape.generatorChannels, shape.discriminatorChannels)
    let last = down.last ?? options.width
    let maps =
      up.enumerated().reduce(0) { $0 + $1.element << (4 + 2 * $1.offset) }
      + down.enumerated().reduce(0) { $0 + $1.element * (side * side >> (2 * $1.offset + 2)) }
    let pairs = zip(up, up.dropFirst()).map(*) + zip(down, down.dropFirst()).map(*)
    let parameters = 16 * pairs.reduce(0, +) + 16 * up[0] * (options.latent + options.labelWidth) + 9 * last * last
    return parameterBytes * parameters + mapBytes * maps * options.batch
  }

  private static func bytes(_ options: SRGAN.Configuration) -> Int {
    let (width, area) = (options.width, options.factor * options.factor)
    // Numbers by pixel of the small image: maps of the blocks, what is done at the large size, the discriminator.
    var numbers = width * (2 * options.blocks + 4) + area * (options.network == .published ? 5 * width : 20)
    if options.phase != .content { numbers += area * 7 * options.discriminatorWidth }
    let parameters = 9 * width * width * (2 * options.blocks + (options.network == .published ? 9 : 1))
    let own = parameterBytes * parameters + 4 * numbers * options.batch * options.patch * options.patch
    guard options.phase != .content, let file = options.featureNetwork else { return own }
    return own + networkBytes(file: file, pixels: options.batch * options.patch * options.patch * area)
  }

  /// A feature network of VGG16's depth: its weights, also as the kernels want them, and its maps and their gradients. Weights grow with the square
  /// of the widths, maps with the widths.
  private static func networkBytes(file: String, pixels: Int) -> Int {
    let size = (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int ?? 0
    let width = (Double(size) / publishedBytes).squareRoot()
    return size * 14 / 5 + Int(2500 * width * Double(pixels))
  }

  /// VGG16's thirteen convolutions as float32.
  private static let publishedBytes = 58.86e6
}
