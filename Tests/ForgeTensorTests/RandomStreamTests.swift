import ForgeTensor
import Testing

@Suite struct RandomStreamTests {
  private let random = RandomStream(seed: 0x1234_5678_9ABC_DEF0, stream: 7)

  @Test func `integers come from Philox4x32-10's published vectors`() {
    // Random123's known answers: the second and first words of the block are drawn.
    #expect(RandomStream(seed: 0, stream: 0).integer(below: 1 << 32, counter: 0) == 0xE169_C58D)
    #expect(RandomStream(seed: .max, stream: .max).integer(below: 1 << 32, counter: .max) == 0x41C8_3B0E)
  }

  @Test(arguments: KernelTable.available)
  func `sample i depends on the counter alone, however the draw is cut`(table: String) throws {
    try KernelTable.$current.withValue(KernelTable.named(table)) {
      let whole = random.normal([101], counter: 5)
      let (head, tail) = (random.normal([37], counter: 5), random.normal([64], counter: 42))
      #expect(concatenate([head, tail], axis: 0) == whole)
      let uniform = random.uniform([101], counter: 5)
      #expect(concatenate([random.uniform([1], counter: 5), random.uniform([100], counter: 6)], axis: 0) == uniform)
    }
  }

  @Test(arguments: KernelTable.available)
  func `every table draws the scalar samples`(table: String) throws {
    let expected = KernelTable.$current.withValue(.scalar) { (random.normal([1001], counter: 3), random.uniform([1001], counter: 3)) }
    let actual = try KernelTable.$current.withValue(KernelTable.named(table)) {
      (random.normal([1001], counter: 3), random.uniform([1001], counter: 3))
    }
    #expect(actual.1 == expected.1)
    #expect(zip(actual.0.values, expected.0.values).allSatisfy { Swift.abs($0 - $1) <= 1e-5 })
  }

  @Test func `moments are those of the distributions`() {
    let count = 100_000
    let normal = random.normal([count], counter: 0, mean: 2, deviation: 3)
    let center = Double(mean(normal).scalar)
    let spread = Double(mean(square(normal - 2)).scalar)
    // Five standard errors: 3 / sqrt(n), and 9 · sqrt(2 / n).
    #expect(Swift.abs(center - 2) < 5 * 3 / Double(count).squareRoot())
    #expect(Swift.abs(spread - 9) < 5 * 9 * (2 / Double(count)).squareRoot())
    let uniform = random.uniform([count], counter: 0, low: -1, high: 3)
    #expect(uniform.values.allSatisfy { $0 >= -1 && $0 < 3 })
    #expect(Swift.abs(Double(mean(uniform).scalar) - 1) < 5 * (16.0 / 12 / Double(count)).squareRoot())
  }

  @Test func `streams and seeds differ`() {
    let other = RandomStream(seed: random.seed, stream: 8)
    let third = RandomStream(seed: random.seed + 1, stream: 7)
    #expect(random.uniform([16], counter: 0) != other.uniform([16], counter: 0))
    #expect(random.uniform([16], counter: 0) != third.uniform([16], counter: 0))
  }

  @Test func `a permutation holds every index once and repeats for its counter`() {
    let order = random.permutation(count: 1000, counter: 77)
    #expect(order.sorted() == Array(0..<1000))
    #expect(order != Array(0..<1000))
    #expect(order == random.permutation(count: 1000, counter: 77))
    #expect(order != random.permutation(count: 1000, counter: 1077))
    #expect(random.permutation(count: 1, counter: 0) == [0])
    #expect(random.permutation(count: 0, counter: 0) == [])
  }

  @Test func `integers stay below their bound and reach each value`() {
    let drawn = Set((0..<200).map { random.integer(below: 6, counter: UInt64($0)) })
    #expect(drawn == Set(0..<6))
    #expect((0..<100).allSatisfy { (0..<1).contains(random.real(counter: $0)) })
  }
}
