import CForgeKernels

extension fk_walk {
  init(extents: [Int], out: [Int], a: [Int], b: [Int]) {
    self.init()
    rank = Int32(extents.count)
    for (i, extent) in extents.enumerated() {
      withUnsafeMutableBytes(of: &self.extent) { $0.bindMemory(to: Int64.self)[i] = Int64(extent) }
      withUnsafeMutableBytes(of: &out_stride) { $0.bindMemory(to: Int64.self)[i] = Int64(out[i]) }
      withUnsafeMutableBytes(of: &a_stride) { $0.bindMemory(to: Int64.self)[i] = Int64(a[i]) }
      withUnsafeMutableBytes(of: &b_stride) { $0.bindMemory(to: Int64.self)[i] = Int64(b[i]) }
    }
  }
}

/// A random walk with the memory that each operand spans.
struct WalkSample: CustomStringConvertible {
  /// Strides of one operand, the number of elements it needs and where element (0, 0, …) lies.
  struct Operand {
    var strides: [Int], count: Int, start: Int

    /// Lays the axes out in the order given (last is innermost), each dense, repeated (stride 0) or backwards.
    init(extents: [Int], order: [Int], repeated: Set<Int> = [], backwards: Set<Int> = [], gap: Int = 0) {
      strides = [Int](repeating: 0, count: extents.count)
      start = 0
      var step = 1
      for axis in order.reversed() where !repeated.contains(axis) {
        strides[axis] = step
        if backwards.contains(axis) {
          start += (extents[axis] - 1) * step
          strides[axis] = -step
        }
        step *= extents[axis] + gap
      }
      count = step
    }
  }

  var extents: [Int]
  var out: Operand, a: Operand, b: Operand

  static func extents(_ dice: inout Dice, large: Bool) -> [Int] {
    let rank = dice.int(large ? 2...3 : 0...5)
    return (0..<rank).map { axis in
      if large { return axis == rank - 1 ? dice.int(1...3) * dice.int(1...40) : dice.int(20...60) }
      return dice.chance(4) ? 1 : dice.int(1...(dice.chance(3) ? 40 : 6))
    }
  }

  /// `repeats` lets a and b broadcast.
  static func random(_ dice: inout Dice, large: Bool, repeats: Bool) -> WalkSample {
    let extents = Self.extents(&dice, large: large)
    func subset(_ dice: inout Dice, _ oneIn: Int) -> Set<Int> { Set(extents.indices.filter { _ in dice.chance(oneIn) }) }
    func order(_ dice: inout Dice) -> [Int] {
      var order = Array(extents.indices)
      if dice.chance(3) { for i in order.indices.reversed() { order.swapAt(i, dice.int(0...i)) } }
      return order
    }
    return WalkSample(
      extents: extents, out: Operand(extents: extents, order: order(&dice), gap: dice.chance(4) ? 1 : 0),
      a: Operand(extents: extents, order: order(&dice), repeated: repeats ? subset(&dice, 4) : [], backwards: subset(&dice, 6)),
      b: Operand(extents: extents, order: order(&dice), repeated: repeats ? subset(&dice, 3) : [], backwards: subset(&dice, 8)))
  }

  var walk: fk_walk { fk_walk(extents: extents, out: out.strides, a: a.strides, b: b.strides) }

  /// Calls a kernel on the operands' first elements; gives the output's memory, gaps included.
  func run(
    a: [Float], b: [Float], out start: [Float],
    _ kernel: (UnsafePointer<fk_walk>, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> fk_status
  ) -> [Float] {
    var memory = start
    let status = withUnsafePointer(to: walk) { walk in
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          memory.withUnsafeMutableBufferPointer { out in
            kernel(
              walk, a.baseAddress! + self.a.start, (b.baseAddress ?? a.baseAddress!) + (b.isEmpty ? 0 : self.b.start),
              out.baseAddress! + self.out.start)
          }
        }
      }
    }
    precondition(status == FK_OK, "status \(status) for \(self)")
    return memory
  }

  var description: String { "extents \(extents) out \(out.strides) a \(a.strides) b \(b.strides)" }
}
