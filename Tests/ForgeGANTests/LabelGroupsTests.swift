import ForgeGAN
import ForgeGrad
import ForgeTensor
import Testing

@Suite struct LabelGroupsTests {
  private let labels: [Int32] = [0, 1, 0, 2, 1, 0, 0, 1, 0, 2, 1, 0]
  private let x = RandomStream(seed: 3, stream: 1).normal([12, 5], counter: 0)

  @Test func `a value's deviation is that of its label within its set`() {
    let found = LabelGroups(labels: labels, sets: 2).deviation(of: Variable(x)).value.values
    let values = x.values
    for image in 0..<12 {
      let members = (0..<12).filter { $0 / 6 == image / 6 && labels[$0] == labels[image] }
      for column in 0..<5 {
        let mine = members.map { Double(values[$0 * 5 + column]) }
        let middle = mine.reduce(0, +) / Double(mine.count)
        let wanted = (mine.reduce(0) { $0 + ($1 - middle) * ($1 - middle) } / Double(mine.count) + 1e-8).squareRoot()
        // A dozen roundings of numbers near 1.
        #expect(abs(Double(found[image * 5 + column]) - wanted) < 2e-6)
      }
    }
  }

  @Test func `an image that is alone has the root of epsilon`() {
    let found = LabelGroups(labels: labels, sets: 2).deviation(of: Variable(x)).value.values
    for image in [3, 9] { #expect(found[image * 5..<image * 5 + 5].allSatisfy { $0 == Float(1e-8).squareRoot() }) }
  }

  @Test func `one label is one group of the minibatch deviation`() {
    let found = LabelGroups(labels: [Int32](repeating: 4, count: 12)).deviation(of: Variable(x)).value
    let map = minibatchStandardDeviation(Variable(x.reshaped([12, 1, 1, 5])), groupSize: 12).value.values
    let mean = mean(found, axes: [1]).values
    for image in 0..<12 { #expect(abs(map[image * 6 + 5] - mean[image]) < 2e-6) }
  }

  @Test func `the gradient is the slope`() {
    let groups = LabelGroups(labels: labels, sets: 2)
    let weights = RandomStream(seed: 3, stream: 2).normal([12, 5], counter: 0)
    func value(_ x: Tensor) -> Double {
      zip(groups.deviation(of: Variable(x)).value.values, weights.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let leaf = Variable.parameter(x)
    let slope = gradient(of: groups.deviation(of: leaf), withRespectTo: [leaf], seed: weights)[0].value.values
    for place in [0, 7, 23, 31, 58] {
      let step: Float = 1 / 64
      var (above, below) = (x.values, x.values)
      above[place] += step
      below[place] -= step
      let measured = (value(Tensor([12, 5], above)) - value(Tensor([12, 5], below))) / Double(2 * step)
      // The third derivative of a deviation times step² / 6.
      #expect(abs(measured - Double(slope[place])) < 2e-3, "value \(place)")
    }
  }
}
