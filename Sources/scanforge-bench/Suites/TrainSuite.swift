import CForgeKernels
import ForgeGrad
import ForgeNN
import ForgeTensor

/// Whole training steps, discriminator and generator, of the workloads in the peers' `bench_train.py`: same networks, losses, batches and
/// optimizers, on fixed random images.
enum TrainSuite {
  static func run(_ arguments: BenchArguments) throws(BenchError) -> BenchReport {
    let work = try arguments.work(among: ["srgan", "cdcgan64", "cdcgan128"])
    let training: any TrainingWorkload =
      switch work {
      case "srgan": SRGANTraining()
      case "cdcgan64": ConditionalGANTraining(size: 64, batch: 64)
      default: ConditionalGANTraining(size: 128, batch: 32)
      }
    let operations = training.operations
    let meter = PeakMeter(arguments)
    let watch = meter.around { Stopwatch(arguments, seconds: 6, atLeast: 3) { training.step() } }
    return BenchReport(
      suite: "train", arguments, meter,
      results: [BenchResult(name: "train \(work)", watch, operations: operations, images: training.batch)])
  }
}

/// A step of the generator and one of the discriminator, again and again.
package protocol TrainingWorkload: AnyObject {
  var batch: Int { get }
  /// Floating-point operations of the products of one step.
  var operations: Double { get }
  func step()
}
