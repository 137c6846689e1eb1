import ForgeNN
import ForgeTensor

/// An endless order of items: permutation after permutation, each a function of the seed and its number. Nothing to store.
package struct DataOrder: Sendable {
  package let count: Int
  private let stream: RandomStream
  private var epoch = -1
  private var order: [Int] = []

  package init(count: Int, seed: UInt64) {
    precondition(count > 0, "an order needs items")
    self.count = count
    stream = RandomStream(seed: seed, named: "data order")
  }

  /// The items of one batch; batch b holds positions `b·size ..< (b + 1)·size`.
  package mutating func batch(_ number: Int, size: Int) -> [Int] {
    (number * size..<(number + 1) * size).map { position in
      let wanted = position / count
      if wanted != epoch {
        epoch = wanted
        order = stream.permutation(count: count, counter: UInt64(wanted) << 32)
      }
      return order[position % count]
    }
  }
}
