import ForgeGAN
import ForgeGrad
import ForgeNN
import ForgeTensor
import Testing

struct LatticeFilterTests {
  private static let side = 24

  private static func noise(_ factor: Int, _ name: String) -> Tensor {
    RandomStream(seed: 4, named: name).normal([1, side * factor, side * factor, 1], counter: 0)
  }

  @Test(arguments: [2, 3, 4])
  func `what repeats with the small pixels goes, and the enlarged image stays`(factor: Int) {
    let width = LatticeFilterTests.side * factor
    let enlarged = LatticeFilterTests.noise(factor, "image")
    let values: [Float] = (0..<width * width).map { index in Float(index / width % factor * 3 + index % width % factor) / 10 }
    let board = Tensor([1, width, width, 1], values)
    let filter = LatticeFilter(factor: factor)
    let seen = filter(Variable(enlarged + board), over: Variable(enlarged)).value - enlarged
    let inner = LatticeFilterTests.inside(seen, factor)
    #expect(inner.max()! - inner.min()! < 1e-5)
    // The pattern's mean is no pattern.
    #expect(abs(inner[0] - values.reduce(0, +) / Float(values.count)) < 1e-5)
    #expect(filter(Variable(enlarged), over: Variable(enlarged)).value == enlarged)
  }

  @Test func `a single edge one pixel sharp keeps most of its height`() {
    let width = LatticeFilterTests.side * 2
    let edge = Tensor([1, width, width, 1], (0..<width * width).map { (index: Int) -> Float in index % width == 24 ? 1 : 0 })
    let zero = Tensor(shape: edge.shape, repeating: 0)
    let seen = LatticeFilter(factor: 2)(Variable(edge), over: Variable(zero)).value
    #expect(seen.values[24 * width + 24] > 0.85)
  }

  @Test(arguments: [2, 3, 4])
  func `no loss behind it can ask for a pattern`(factor: Int) {
    let width = LatticeFilterTests.side * factor
    // A pattern without a mean, and a loss that sees the image away from its border.
    let level = Float(factor - 1) / 2
    let board: [Float] = (0..<width * width).map { index in Float((index / width + index % width) % factor) - level }
    let weights = LatticeFilterTests.noise(factor, "weights").values.enumerated().map { (index: Int, weight: Float) -> Float in
      let (row, column) = (index / width, index % width)
      return min(row, column, width - 1 - row, width - 1 - column) < 3 * factor ? 0 : weight
    }
    func asked(_ see: (Variable) -> Variable) -> Float {
      let made = Variable.parameter(LatticeFilterTests.noise(factor, "made"))
      let loss = sum(tanh(see(made)) * Variable(Tensor([1, width, width, 1], weights)))
      let gradient = gradient(of: loss, withRespectTo: [made])[0].value.values
      return zip(gradient, board).reduce(Float(0)) { (sum: Float, pair: (Float, Float)) in sum + pair.0 * pair.1 }
    }
    let image = Variable(LatticeFilterTests.noise(factor, "image"))
    #expect(abs(asked { LatticeFilter(factor: factor)($0, over: image) }) < 1e-3)
    #expect(abs(asked { $0 }) > 1)
  }

  @Test(arguments: [2, 3, 4])
  func `a loss on what it takes away takes a pattern away and leaves the rest`(factor: Int) {
    let width = LatticeFilterTests.side * factor
    let level = Float(factor - 1) / 2
    let board = Tensor([1, width, width, 1], (0..<width * width).map { index in (Float((index / width + index % width) % factor) - level) / 10 })
    let image = Variable(LatticeFilterTests.noise(factor, "image"))
    let filter = LatticeFilter(factor: factor)
    func taken(_ image: Variable, over enlarged: Variable) -> Variable { image - filter(image, over: enlarged) }
    let truth = Variable(LatticeFilterTests.noise(factor, "truth"))
    let start = truth.value + board
    let made = Variable.parameter(start)
    let loss = mean(square(taken(made, over: image) - taken(truth, over: image)))
    let gradient = gradient(of: loss, withRespectTo: [made])[0].value
    // A full step along the gradient of this quadratic ends where the truth is, away from the border.
    let moved = start - gradient * (Float(width * width) / 2)
    let rest = LatticeFilterTests.inside(moved - truth.value, factor, margin: 8)
    #expect(rest.map(abs).max()! < 1e-4)
  }

  private static func inside(_ image: Tensor, _ factor: Int, margin: Int = 4) -> [Float] {
    let width = side * factor
    let range = margin * factor..<(side - margin) * factor
    return range.flatMap { row in range.map { image.values[row * width + $0] } }
  }
}
