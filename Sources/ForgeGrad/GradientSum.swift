package import ForgeTensor

/// Gradients of a loss that is a sum of parts: build the graph of one part, add it, build the next. One graph at a time is in memory.
package struct GradientSum {
  private var xs: [Variable]
  private var gathered: [Gathered]

  /// - Parameter xs: leaves (parameters).
  package init(withRespectTo xs: [Variable]) {
    for x in xs { promise(x.node?.opcode == .leaf, "GradientSum: \(x.shape) is not a leaf") }
    self.xs = xs
    gathered = xs.map { _ in Gathered() }
  }

  /// Adds the gradients of `Σ y`, and frees the saved values of its graph.
  package mutating func add(_ y: Variable) {
    Recording.$isOn.withValue(false) {
      pullback(y, xs, seed: Variable(Tensor.ones(y.shape)), into: &gathered, isReleasing: true)
    }
  }

  /// The sums, zeros where no part depended on an `x`. Nothing is left behind, not even the leaves: an optimizer may change their values
  /// in place.
  package mutating func take() -> [Tensor] {
    defer { (xs, gathered) = ([], []) }
    return Recording.$isOn.withValue(false) { xs.indices.map { gathered[$0].take()?.takeValue() ?? Tensor.zeros(xs[$0].shape) } }
  }
}

/// The gradient of a weight as two factors: `aᵀ · b`.
///
/// A linear layer of many inputs and outputs has a weight that is far larger than what a batch has on either side of it. Until the backward
/// pass has come to its end, the factors serve as well as the product.
struct WeightProduct {
  /// `[rows, M]`.
  var a: Tensor
  /// `[rows, N]`.
  var b: Tensor

  var isWorthKeeping: Bool { 4 * (a.count + b.count) <= a.shape[1] * b.shape[1] }

  /// The sum of products: one product of all rows, added to `sum` when there is one.
  static func total(_ products: [WeightProduct], addingTo sum: consuming Tensor?) -> Tensor {
    func joined(_ factors: [Tensor]) -> Tensor { factors.count == 1 ? factors[0] : concatenate(factors, axis: 0) }
    return matmul(joined(products.map(\.a)), joined(products.map(\.b)), transposeA: true, addingTo: sum)
  }
}

/// What a walk has found of one gradient: a sum and products that are still to be added to it.
struct Gathered {
  var sum: Variable?
  var products: [WeightProduct]?

  /// All of it, nil for nothing.
  mutating func take() -> Variable? {
    defer { (sum, products) = (nil, nil) }
    guard let products, !products.isEmpty else { return sum }
    return Variable(WeightProduct.total(products, addingTo: sum.take()?.takeValue()))
  }
}
