import ForgeGrad
import ForgeTensor

/// A trained network ready for repeated use: the one place where the inference suites decide how a network is executed.
struct PreparedInference {
  private let forward: () -> Variable

  /// - Parameter forward: one pass over fixed inputs in inference mode.
  init(_ precision: BenchArguments.Precision, _ forward: @escaping () -> Variable) throws(BenchError) {
    guard precision == .float32 else {
      throw .badValue(flag: "--precision", value: precision.rawValue, expected: "fp32, the only arithmetic that networks run in yet")
    }
    self.forward = forward
  }

  func callAsFunction() -> Tensor { withoutRecording { forward().value } }
}
