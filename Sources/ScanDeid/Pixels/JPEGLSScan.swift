/// Goes through the coded data of a JPEG-LS scan, to find where it ends and whether all samples come: what a code is long depends on the samples
/// before it, so they are decoded, two lines at a time. ISO/IEC 14495-1 (ITU-T T.87) annex A; color by line and by sample, annex B.
struct JPEGLSScan {
  /// Coding parameters of annex C.2.4.1.1; 0 for the default.
  struct Parameters {
    var maximum = 0
    var thresholds = [0, 0, 0]
    var reset = 0
  }

  enum Interleave: Int { case none, line, sample }

  private let width: Int
  private let height: Int
  private let components: Int
  private let interleave: Interleave
  private let near: Int
  private let maximum: Int
  private let reset: Int
  private let range: Int
  private let valueBits: Int
  private let limit: Int
  /// The level of each gradient from -maximum to maximum (section A.3.3).
  private let levels: [Int8]

  private static let runLengths = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15]

  /// nil for parameters that the standard does not allow.
  init?(width: Int, height: Int, components: Int, interleave: Interleave, near: Int, precision: Int, _ parameters: Parameters) {
    guard (2...16).contains(precision), width > 0, height > 0, components > 0, components == 1 || interleave != .none else { return nil }
    let maximum = parameters.maximum > 0 ? parameters.maximum : (1 << precision) - 1
    guard maximum < 1 << precision, near <= min(255, maximum / 2) else { return nil }
    func bits(_ count: Int) -> Int { count <= 1 ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount }
    self.width = width
    self.height = height
    self.components = components
    self.interleave = components == 1 ? .none : interleave
    self.near = near
    self.maximum = maximum
    reset = parameters.reset > 0 ? parameters.reset : 64
    let thresholds = Self.thresholds(parameters.thresholds, maximum: maximum, near: near)
    guard reset >= 3, near < thresholds[0], thresholds[0] <= thresholds[1], thresholds[1] <= thresholds[2] else { return nil }
    levels = Self.levels(thresholds, maximum: maximum, near: near)
    range = (maximum + 2 * near) / (2 * near + 1) + 1
    valueBits = bits(range)
    let sampleBits = max(2, bits(maximum + 1))
    limit = 2 * (sampleBits + max(8, sampleBits))
  }

  /// Those that are 0 are the defaults of annex C.2.4.1.1.1.
  private static func thresholds(_ given: [Int], maximum: Int, near: Int) -> [Int] {
    func clamp(_ value: Int, _ least: Int) -> Int { value > maximum || value < least ? least : value }
    let basic = [3, 7, 21], nearFactors = [3, 5, 7]
    var result: [Int] = []
    for index in 0..<3 {
      let base: Int
      if maximum >= 128 {
        let factor = (min(maximum, 4095) + 128) / 256
        base = factor * (basic[index] - index - 2) + index + 2 + nearFactors[index] * near
      } else {
        base = max(index + 2, basic[index] / (256 / (maximum + 1)) + nearFactors[index] * near)
      }
      result.append(given[index] > 0 ? given[index] : clamp(base, index == 0 ? near + 1 : result[index - 1]))
    }
    return result
  }

  private static func levels(_ thresholds: [Int], maximum: Int, near: Int) -> [Int8] {
    var levels = [Int8](repeating: 0, count: 2 * maximum + 1)
    for (index, least) in ([near + 1] + thresholds).enumerated() where least <= maximum {
      for gradient in least...maximum {
        levels[maximum + gradient] = Int8(index + 1)
        levels[maximum - gradient] = -Int8(index + 1)
      }
    }
    return levels
  }

  /// Where the data ends, with where the next marker is; nil when it breaks off.
  func gap(in stream: StreamBytes, from start: Int, next: Int) -> Range<Int>? {
    var reader = JPEGLSReader(stream, at: start)
    let row = width + 2
    var memory = [Int32](repeating: 0, count: 2 * components * row)
    var contexts = [JPEGLSContext](repeating: JPEGLSContext(range: range), count: JPEGLSContext.count)
    var runs = [Int](repeating: 0, count: components)
    let isWhole = memory.withUnsafeMutableBufferPointer { memory in
      contexts.withUnsafeMutableBufferPointer { contexts in
        levels.withUnsafeBufferPointer { levels in
          let state = State(contexts: contexts.baseAddress!, levels: levels.baseAddress! + maximum)
          for number in 0..<height {
            let lines = (0..<components).map { component in
              let base = memory.baseAddress! + 2 * component * row
              return Line(above: base + (number + 1) % 2 * row, current: base + number % 2 * row)
            }
            for line in lines {
              line.current[0] = line.above[1]
              line.above[width + 1] = line.above[width]
            }
            if interleave == .sample {
              guard decode(lines, state, &runs[0], &reader) else { return false }
            } else {
              for index in 0..<components { guard decode(lines[index], state, &runs[index], &reader) else { return false } }
            }
          }
          return true
        }
      }
    }
    return isWhole ? min(reader.alignedPosition, next)..<next : nil
  }

  /// A line of a component and the one above it, with a sample more at each end.
  private struct Line {
    let above: UnsafeMutablePointer<Int32>
    let current: UnsafeMutablePointer<Int32>
  }

  private struct State {
    let contexts: UnsafeMutablePointer<JPEGLSContext>
    /// By gradient, from -maximum on.
    let levels: UnsafePointer<Int8>

    /// The signed number of the context that the gradients around a sample make; 0 in a flat place (section A.3).
    @inline(__always)
    func context(_ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Int {
      81 &* Int(levels[d &- b]) &+ 9 &* Int(levels[b &- c]) &+ Int(levels[c &- a])
    }

    func context(_ line: Line, _ x: Int) -> Int {
      context(Int(line.current[x - 1]), Int(line.above[x]), Int(line.above[x - 1]), Int(line.above[x + 1]))
    }
  }

  /// A line that no other alternates with.
  private func decode(_ line: Line, _ state: State, _ run: inout Int, _ reader: inout JPEGLSReader) -> Bool {
    var x = 1
    while x <= width {
      var (a, c, b) = (Int(line.current[x - 1]), Int(line.above[x - 1]), Int(line.above[x]))
      while x <= width {
        let d = Int(line.above[x + 1])
        let context = state.context(a, b, c, d)
        guard context != 0 else { break }
        a = regular(a, b, c, context, state, &reader)
        guard a >= 0 else { return false }
        line.current[x] = Int32(truncatingIfNeeded: a)
        (c, b) = (b, d)
        x += 1
      }
      guard x <= width else { return true }
      guard let after = flat([line], from: x, state, &run, &reader) else { return false }
      x = after
    }
    return true
  }

  /// The lines of components that alternate by sample: a run is one of all of them.
  private func decode(_ lines: [Line], _ state: State, _ run: inout Int, _ reader: inout JPEGLSReader) -> Bool {
    var x = 1
    while x <= width {
      guard lines.contains(where: { state.context($0, x) != 0 }) else {
        guard let after = flat(lines, from: x, state, &run, &reader) else { return false }
        x = after
        continue
      }
      for line in lines {
        let sample = regular(
          Int(line.current[x - 1]), Int(line.above[x]), Int(line.above[x - 1]), state.context(line, x), state, &reader)
        guard sample >= 0 else { return false }
        line.current[x] = Int32(truncatingIfNeeded: sample)
      }
      x += 1
    }
    return true
  }

  /// The next sample, from the one before it and those above and above left; -1 when the data ends. Section A.4 to A.6.
  @inline(__always)
  private func regular(_ a: Int, _ b: Int, _ c: Int, _ signed: Int, _ state: State, _ reader: inout JPEGLSReader) -> Int {
    // 0 or -1: a branch by the sign of noise would be guessed wrongly half of the time.
    let turn = signed >> 63
    let context = state.contexts + ((signed ^ turn) &- turn)
    let median = max(min(a, b), min(max(a, b), a &+ b &- c))
    let correction = (context.pointee.correction ^ turn) &- turn
    let prediction = min(max(median &+ correction, 0), maximum)
    let k = context.pointee.golombParameter
    let mapped = k <= JPEGLSContext.mostRestBits ? reader.golomb(k, limit: limit, valueBits: valueBits) : -1
    guard mapped >= 0 else { return -1 }
    var error = (mapped >> 1) ^ -(mapped & 1)
    if k == 0, near == 0, context.pointee.isTurned { error = ~error }
    context.pointee.add(error, step: 2 &* near &+ 1, reset: reset)
    return sample(prediction, (error ^ turn) &- turn)
  }

  @inline(__always)
  private func sample(_ prediction: Int, _ error: Int) -> Int {
    let step = 2 &* near &+ 1
    var value = prediction &+ error &* step
    if value < -near { value &+= range &* step } else if value > maximum &+ near { value &-= range &* step }
    return min(max(value, 0), maximum)
  }

  /// A run of samples like the last one, and the sample that ends it. Section A.7.
  ///
  /// - Returns: where decoding goes on; nil when the data ends.
  private func flat(_ lines: [Line], from x: Int, _ state: State, _ run: inout Int, _ reader: inout JPEGLSReader) -> Int? {
    var x = x
    func fill(_ count: Int) {
      for line in lines { (line.current + x).update(repeating: line.current[x - 1], count: count) }
      x += count
    }
    while true {
      let bit = reader.value(1)
      guard bit >= 0 else { return nil }
      let length = Self.runLengths[run]
      let left = width + 1 - x
      if bit == 1 {
        fill(min(1 << length, left))
        if 1 << length <= left, run < 31 { run += 1 }
        if x > width { return x }
        continue
      }
      let count = reader.value(length)
      guard count >= 0, count < left else { return nil }
      fill(count)
      for line in lines { guard interruption(line, x, length, isAlone: lines.count == 1, state, &reader) else { return nil } }
      run = max(0, run - 1)
      return x + 1
    }
  }

  private func interruption(_ line: Line, _ x: Int, _ length: Int, isAlone: Bool, _ state: State, _ reader: inout JPEGLSReader) -> Bool {
    let (a, b) = (Int(line.current[x - 1]), Int(line.above[x]))
    let isLevel = isAlone && abs(a - b) <= near
    let context = state.contexts + JPEGLSContext.interrupted + (isLevel ? 1 : 0)
    let k = context.pointee.golombParameter(isLevel: isLevel)
    let mapped = k <= JPEGLSContext.mostRestBits ? reader.golomb(k, limit: limit - length - 1, valueBits: valueBits) : -1
    guard mapped >= 0 else { return false }
    let error = context.pointee.addInterruption(mapped, k: k, isLevel: isLevel, reset: reset)
    line.current[x] = Int32(truncatingIfNeeded: isLevel ? sample(a, error) : sample(b, a > b ? -error : error))
    return true
  }
}
