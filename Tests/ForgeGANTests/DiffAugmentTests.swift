import ForgeGAN
import ForgeGrad
import ForgeTensor
import Testing

@Suite struct DiffAugmentTests {
  @Test func `given changes equal PyTorch, gradient included`() throws {
    guard let reference = try Reference("augment", "diffaugment") else { return }
    let x = Variable.parameter(try reference.tensor("x", .image))
    let (rows, columns) = (x.shape[1], x.shape[2])
    let (cy, cx) = (try reference.integers("cy"), try reference.integers("cx"))
    let (ty, tx) = (try reference.integers("ty"), try reference.integers("tx"))
    let augment = DiffAugment(
      brightness: try reference.tensor("bright").values, contrast: try reference.tensor("contrast").values,
      shift: zip(ty, tx).map { (rows: $0, columns: $1) },
      hole: zip(cy, cx).map { y, x in
        let (top, left) = (y - rows / 4, x - columns / 4)
        return (rows: top..<top + rows / 2, columns: left..<left + columns / 2)
      })
    let y = augment(x)
    try reference.expect(y.value, equals: "y", .image, within: Reference.forward)
    let dx = gradient(of: y, withRespectTo: [x], seed: try reference.tensor("dy", .image))[0]
    try reference.expect(dx.value, equals: "d_x", .image, within: Reference.backward)
  }

  @Test func `the same moment gives the same change, another moment another`() {
    let images = Variable(RandomStream(seed: 1, stream: 0).uniform([5, 16, 16, 1], counter: 0, low: -1, high: 1))
    func changed(_ step: Int) -> Tensor {
      let moment = TrainingMoment(seed: 4, step: step, progress: 0)
      return DiffAugment.random(count: 5, rows: 16, columns: 16, stream: moment.stream("augment"), counter: moment.counter)(images).value
    }
    #expect(changed(3) == changed(3))
    #expect(changed(3) != changed(4))
  }

  @Test func `random changes stay within their strength`() {
    let draw = DiffAugment.random(count: 500, rows: 64, columns: 32, stream: RandomStream(seed: 2, stream: 2), counter: 0)
    #expect(draw.brightness.allSatisfy { abs($0) <= 0.2 })
    #expect(Set(draw.shift.map(\.rows)) == Set(-8...8))
    #expect(Set(draw.shift.map(\.columns)) == Set(-4...4))
    #expect(draw.hole.allSatisfy { $0.rows.count == 16 && $0.columns.count == 8 })
    #expect(draw.hole.contains { $0.rows.lowerBound < 0 })
    #expect(draw.hole.contains { $0.rows.upperBound > 64 })
  }

  @Test func `each kind of change happens as often as asked`() {
    func draw(_ probability: Float) -> DiffAugment {
      DiffAugment.random(
        count: 4000, rows: 64, columns: 64, probability: probability, stream: RandomStream(seed: 2, stream: 2), counter: 0)
    }
    let images = Variable(RandomStream(seed: 1, stream: 0).uniform([4000, 2, 2, 1], counter: 0, low: -1, high: 1))
    #expect(draw(0)(images).value == images.value)
    let some = draw(0.3)
    // Four deviations of a share of 4000 draws: 4 · √(0.3 · 0.7 / 4000) = 0.029. A shift by nothing is one of 17².
    for count in [some.brightness.count { $0 != 0 }, some.shift.count { $0 != (0, 0) }, some.hole.count { !$0.rows.isEmpty }] {
      #expect(abs(Double(count) / 4000 - 0.3) < 0.031)
    }
    let changed = zip(some.brightness, some.hole).count { $0 != 0 && !$1.rows.isEmpty }
    #expect(abs(Double(changed) / 4000 - 0.09) < 0.019)
  }
}
