import CForgeKernels
import ForgeGrad
import ForgeNN
import ForgeTensor

/// Batches of labelled images from the conditional DCGAN generators (`CG` of the peers' `models.py`), weights random and ready for use.
enum GenerateSuite {
  static func run(_ arguments: BenchArguments) throws -> BenchReport {
    let work = try arguments.work(among: ["cdcgan64", "cdcgan128"])
    let (size, batch) = work == "cdcgan64" ? (64, 64) : (128, 32)
    let network = DCGANGenerator(ParameterStore(seed: 1).root["generator"], size: size)
    let one = network(.zeros([1, DCGANGenerator.latentLength]), labels: [0], .training)
    let operations = ProductOperations(behind: one).forward * Double(batch)
    let labels = (0..<batch).map { $0 % DCGANGenerator.classes }
    let latent = RandomStream(seed: 1, named: "latent").normal([batch, DCGANGenerator.latentLength], counter: 0)
    let inference = try PreparedInference(latent: latent, labels: labels, of: DCGANGenerator.classes, precision: arguments.precision) {
      network($0, labels: $1, .inference)
    }
    let meter = PeakMeter(arguments)
    let watch = try meter.around { try Stopwatch(arguments, seconds: 3) { try inference() } }
    return BenchReport(
      suite: "generate", arguments, meter,
      results: [
        BenchResult(
          name: "generate \(work) \(arguments.precision.rawValue)", watch, operations: operations, images: batch)
      ])
  }
}
