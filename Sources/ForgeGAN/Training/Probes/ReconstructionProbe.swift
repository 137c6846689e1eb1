import ForgeGrad
package import ForgeNN
package import ForgeTensor
package import Foundation

/// The mean absolute error of super-resolution on the same patches each time, `validation`, beside that of the bicubic enlargement, `bicubic`.
///
/// In the content phase the error is the score. In the adversarial phase it rises by design, so there the newest sound state is the best.
package struct ReconstructionProbe: TrainingProbe {
  private let batch: SuperResolutionPatches.Batch
  private let contentShare: Double
  private let enlarge: () -> Tensor
  private let bicubic: Double

  /// - Parameters:
  ///   - contentShare: part of the training that the content phase takes.
  ///   - enlarge: the model's enlargement of `batch.small`.
  package init(_ batch: SuperResolutionPatches.Batch, contentShare: Double, enlarge: @escaping () -> Tensor) {
    self.batch = batch
    self.contentShare = contentShare
    self.enlarge = enlarge
    bicubic = ReconstructionProbe.error(batch.enlarged, batch.large)
  }

  package func criterion(hash: (Data) -> String) -> JSON { ["figure": "validation", "patches": .integer(batch.large.shape[0])] }

  package func measure(progress: Double) -> ProbeResult {
    let content = ReconstructionProbe.error(enlarge(), batch.large)
    let isContent = progress < contentShare || contentShare == 1
    return ProbeResult(
      score: isContent && content.isFinite ? content : nil, phase: isContent ? 0 : 1, figures: ["validation": content, "bicubic": bicubic])
  }

  private static func error(_ made: Tensor, _ truth: Tensor) -> Double {
    withoutRecording { Double(mean(abs(Variable(made) - Variable(truth))).scalar) }
  }
}
