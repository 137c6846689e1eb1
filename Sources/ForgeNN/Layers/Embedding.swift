package import ForgeGrad
import ForgeTensor

/// A learned row per label: `[N]` labels to `[N, width]`.
package struct Embedding {
  package let weight: Parameter
  let norm: SpectralNorm?

  package init(_ scope: ParameterScope, rows: Int, width: Int, start: Initializer = .normal(deviation: 1), spectralNorm: Bool = false) {
    weight = scope.weight("weight", [rows, width], start: start, fans: .init(in: rows, out: width))
    norm = spectralNorm ? SpectralNorm(scope, of: weight) : nil
  }

  package func callAsFunction(_ labels: [Int32], _ mode: Mode) -> Variable {
    gatherRows(norm.map { $0(weight, mode) } ?? weight.read(mode), labels)
  }
}
