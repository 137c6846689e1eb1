import CForgeKernels
import ForgeGAN
import ForgeGrad
import ForgeNN
import ForgeTensor

/// The published super-resolution network x4 on one square image (`SRGen` of the peers' `models.py`), weights random and ready for use.
enum SuperResolutionSuite {
  static func run(_ arguments: BenchArguments) throws -> BenchReport {
    let side = try arguments.size(among: [64, 128, 256])
    let network = PublishedSRResNet(ParameterStore(seed: 1).root["generator"], .init(factor: 4))
    // The operations of a small image, per pixel; they grow with the area alone.
    let sample = 8
    let operations = ProductOperations(behind: network(.zeros([1, sample, sample, 1]), .training)).forward
    let image = RandomStream(seed: 1, named: "image").uniform([1, side, side, 1], counter: 0)
    let inference = try PreparedInference(image: image, precision: arguments.precision) { network($0, .inference) }
    let meter = PeakMeter(arguments)
    let watch = try meter.around { try Stopwatch(arguments, seconds: 3) { try inference() } }
    let flops = operations * Double(side * side) / Double(sample * sample)
    return BenchReport(
      suite: "srgan-infer", arguments, meter,
      results: [
        BenchResult(
          name: "srgan-infer \(side) \(arguments.precision.rawValue)", watch, operations: flops, images: 1)
      ])
  }
}
