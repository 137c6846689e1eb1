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
  private let thresholds: (Int, Int, Int)
  private let reset: Int
  private let range: Int
  private let valueBits: Int
  private let limit: Int

  private static let runLengths = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15]
  private static let interrupted = 365

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
    let levels = Self.thresholds(parameters.thresholds, maximum: maximum, near: near)
    guard reset >= 3, near < levels[0], levels[0] <= levels[1], levels[1] <= levels[2] else { return nil }
    thresholds = (levels[0], levels[1], levels[2])
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

  /// Where the data ends, with where the next marker is; nil when it breaks off.
  func gap(in stream: StreamBytes, from start: Int, next: Int) -> Range<Int>? {
    var reader = JPEGLSReader(stream, at: start)
    let row = width + 2
    var memory = [Int](repeating: 0, count: 2 * components * row)
    var contexts: [Int] = []
    for _ in 0..<Self.interrupted + 2 { contexts += [max(2, (range + 32) / 64), 0, 0, 1] }
    // Behind the contexts: how many errors of the two of interrupted runs were negative.
    contexts += [0, 0]
    var runs = [Int](repeating: 0, count: components)
    let isWhole = memory.withUnsafeMutableBufferPointer { memory in
      contexts.withUnsafeMutableBufferPointer { contexts in
        let state = contexts.baseAddress!
        for number in 0..<height {
          let lines = (0..<components).map { component in
            let base = memory.baseAddress! + 2 * component * row
            return Line(above: base + (number + 1) % 2 * row, current: base + number % 2 * row)
          }
          for line in lines {
            line.current[0] = line.above[1]
            line.above[width + 1] = line.above[width]
          }
          let isRead = lines.withUnsafeBufferPointer { lines in
            if interleave == .sample { return decode(lines, state, &runs[0], &reader) }
            for index in 0..<components {
              guard decode(UnsafeBufferPointer(rebasing: lines[index...index]), state, &runs[index], &reader) else { return false }
            }
            return true
          }
          guard isRead else { return false }
        }
        return true
      }
    }
    return isWhole ? min(reader.alignedPosition, next)..<next : nil
  }

  /// A line of a component and the one above it, with a sample more at each end.
  private struct Line {
    let above: UnsafeMutablePointer<Int>
    let current: UnsafeMutablePointer<Int>
  }

  /// - Parameter state: A, B, C and N of 365 contexts of regular mode and two of interrupted runs, and Nn of these two.
  private func decode(_ lines: UnsafeBufferPointer<Line>, _ state: UnsafeMutablePointer<Int>, _ run: inout Int, _ reader: inout JPEGLSReader) -> Bool {
    var x = 1
    while x <= width {
      if lines.count == 1 {
        let context = context(lines[0], x)
        if context != 0 {
          guard regular(lines[0], x, context, state, &reader) else { return false }
          x += 1
          continue
        }
      } else if lines.contains(where: { context($0, x) != 0 }) {
        for line in lines { guard regular(line, x, context(line, x), state, &reader) else { return false } }
        x += 1
        continue
      }
      guard let after = flat(lines, from: x, state, &run, &reader) else { return false }
      x = after
    }
    return true
  }

  /// The signed number of the context that the gradients around a sample make; 0 in a flat place (section A.3).
  @inline(__always)
  private func context(_ line: Line, _ x: Int) -> Int {
    let (a, b, c, d) = (line.current[x - 1], line.above[x], line.above[x - 1], line.above[x + 1])
    return 81 * level(d &- b) + 9 * level(b &- c) + level(c &- a)
  }

  /// Section A.4 to A.6.
  @inline(__always)
  private func regular(_ line: Line, _ x: Int, _ signed: Int, _ state: UnsafeMutablePointer<Int>, _ reader: inout JPEGLSReader) -> Bool {
    let (a, b, c) = (line.current[x - 1], line.above[x], line.above[x - 1])
    let sign = signed < 0 ? -1 : 1
    let context = state + 4 * abs(signed)
    let median = c >= max(a, b) ? min(a, b) : c <= min(a, b) ? max(a, b) : a + b - c
    let prediction = min(max(median + sign * context[2], 0), maximum)
    let count = context[3]
    let k = golombParameter(count, context[0])
    let mapped = k < 0 ? -1 : reader.golomb(k, limit: limit, valueBits: valueBits)
    guard mapped >= 0 else { return false }
    var error = mapped & 1 == 0 ? mapped >> 1 : -((mapped + 1) >> 1)
    if k == 0, near == 0, 2 * context[1] <= -count { error = -(error + 1) }
    update(context, error)
    line.current[x] = sample(prediction, sign * error)
    return true
  }

  @inline(__always)
  private func level(_ gradient: Int) -> Int {
    let size = abs(gradient)
    let level = size <= near ? 0 : size < thresholds.0 ? 1 : size < thresholds.1 ? 2 : size < thresholds.2 ? 3 : 4
    return gradient < 0 ? -level : level
  }

  /// -1 when there is none that a stream without damage needs.
  @inline(__always)
  private func golombParameter(_ count: Int, _ sum: Int) -> Int {
    var k = 0
    while count << k < sum, k <= 24 { k += 1 }
    return k <= 24 ? k : -1
  }

  @inline(__always)
  private func update(_ context: UnsafeMutablePointer<Int>, _ error: Int) {
    var (a, b, c, n) = (context[0] + abs(error), context[1] + error * (2 * near + 1), context[2], context[3])
    if n == reset {
      a >>= 1
      b >>= 1
      n >>= 1
    }
    n += 1
    if b <= -n {
      b = max(b + n, 1 - n)
      c = max(c - 1, -128)
    } else if b > 0 {
      b = min(b - n, 0)
      c = min(c + 1, 127)
    }
    (context[0], context[1], context[2], context[3]) = (a, b, c, n)
  }

  @inline(__always)
  private func sample(_ prediction: Int, _ error: Int) -> Int {
    let step = 2 * near + 1
    var value = prediction + error * step
    if value < -near { value += range * step } else if value > maximum + near { value -= range * step }
    return min(max(value, 0), maximum)
  }

  /// A run of samples like the last one, and the sample that ends it. Section A.7.
  ///
  /// - Returns: where decoding goes on; nil when the data ends.
  private func flat(
    _ lines: UnsafeBufferPointer<Line>, from x: Int, _ state: UnsafeMutablePointer<Int>, _ run: inout Int, _ reader: inout JPEGLSReader
  ) -> Int? {
    var x = x
    func fill(_ count: Int) {
      for line in lines { for place in x..<x + count { line.current[place] = line.current[x - 1] } }
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

  private func interruption(
    _ line: Line, _ x: Int, _ length: Int, isAlone: Bool, _ state: UnsafeMutablePointer<Int>, _ reader: inout JPEGLSReader
  ) -> Bool {
    let (a, b) = (line.current[x - 1], line.above[x])
    let kind = isAlone && abs(a - b) <= near ? 1 : 0
    let context = state + 4 * (Self.interrupted + kind)
    let negatives = state + 4 * (Self.interrupted + 2) + kind
    let count = context[3]
    let k = golombParameter(count, context[0] + (kind == 1 ? count >> 1 : 0))
    let mapped = k < 0 ? -1 : reader.golomb(k, limit: limit - length - 1, valueBits: valueBits)
    guard mapped >= 0 else { return false }
    let odd = (mapped + kind) & 1
    let size = (mapped + kind + odd) >> 1
    let error = (k != 0 || 2 * negatives[0] >= count) == (odd == 1) ? -size : size
    if error < 0 { negatives[0] += 1 }
    context[0] += (mapped + 1 - kind) >> 1
    if count == reset {
      context[0] >>= 1
      context[3] >>= 1
      negatives[0] >>= 1
    }
    context[3] += 1
    line.current[x] = kind == 1 ? sample(a, error) : sample(b, a > b ? -error : error)
    return true
  }
}
