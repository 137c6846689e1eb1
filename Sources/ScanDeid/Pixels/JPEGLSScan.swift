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
  private let thresholds: [Int]
  private let reset: Int
  private let range: Int
  private let valueBits: Int
  private let limit: Int
  /// A, B, C and N of 365 contexts of regular mode and two of interrupted runs, one context behind the other.
  private var contexts: [Int]
  /// Nn of the two.
  private var negatives = [0, 0]

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
    thresholds = Self.thresholds(parameters.thresholds, maximum: maximum, near: near)
    guard reset >= 3, near < thresholds[0], thresholds[0] <= thresholds[1], thresholds[1] <= thresholds[2] else { return nil }
    range = (maximum + 2 * near) / (2 * near + 1) + 1
    valueBits = bits(range)
    let sampleBits = max(2, bits(maximum + 1))
    limit = 2 * (sampleBits + max(8, sampleBits))
    contexts = []
    for _ in 0..<Self.interrupted + 2 { contexts += [max(2, (range + 32) / 64), 0, 0, 1] }
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
    var scan = self
    var reader = JPEGLSReader(stream, at: start)
    let row = width + 2
    var memory = [Int](repeating: 0, count: 2 * components * row)
    var runs = [Int](repeating: 0, count: components)
    let isWhole = memory.withUnsafeMutableBufferPointer { memory in
      for line in 0..<height {
        let groups = interleave == .sample ? [0..<components] : (0..<components).map { $0..<$0 + 1 }
        for group in groups {
          let lines = group.map { component in
            let base = memory.baseAddress! + 2 * component * row
            return Line(above: base + (line + 1) % 2 * row, current: base + line % 2 * row)
          }
          for line in lines {
            line.current[0] = line.above[1]
            line.above[width + 1] = line.above[width]
          }
          guard scan.decode(lines, &runs[group.lowerBound], &reader) else { return false }
        }
      }
      return true
    }
    guard isWhole else { return nil }
    let end = min(reader.alignedPosition, next)
    return end..<next
  }

  /// A line of a component and the one above it, with a sample more at each end.
  private struct Line {
    let above: UnsafeMutablePointer<Int>
    let current: UnsafeMutablePointer<Int>
  }

  private mutating func decode(_ lines: [Line], _ run: inout Int, _ reader: inout JPEGLSReader) -> Bool {
    var x = 1
    while x <= width {
      var isFlat = true
      for line in lines {
        let (a, b, c, d) = (line.current[x - 1], line.above[x], line.above[x - 1], line.above[x + 1])
        if abs(d - b) > near || abs(b - c) > near || abs(c - a) > near { isFlat = false }
      }
      if isFlat {
        guard let after = flat(lines, from: x, &run, &reader) else { return false }
        x = after
      } else {
        for line in lines { guard regular(line, x, &reader) else { return false } }
        x += 1
      }
    }
    return true
  }

  /// Section A.4 to A.6.
  private mutating func regular(_ line: Line, _ x: Int, _ reader: inout JPEGLSReader) -> Bool {
    let (a, b, c, d) = (line.current[x - 1], line.above[x], line.above[x - 1], line.above[x + 1])
    let signed = 81 * level(d - b) + 9 * level(b - c) + level(c - a)
    let sign = signed < 0 ? -1 : 1
    let context = 4 * abs(signed)
    let median = c >= max(a, b) ? min(a, b) : c <= min(a, b) ? max(a, b) : a + b - c
    let prediction = min(max(median + sign * contexts[context + 2], 0), maximum)
    let count = contexts[context + 3]
    guard let k = golombParameter(count, contexts[context]), let mapped = reader.golomb(k, limit: limit, valueBits: valueBits) else { return false }
    var error = mapped & 1 == 0 ? mapped >> 1 : -((mapped + 1) >> 1)
    if k == 0, near == 0, 2 * contexts[context + 1] <= -count { error = -(error + 1) }
    update(context, error)
    line.current[x] = sample(prediction, sign * error)
    return true
  }

  private func level(_ gradient: Int) -> Int {
    let size = abs(gradient)
    let level = size <= near ? 0 : size < thresholds[0] ? 1 : size < thresholds[1] ? 2 : size < thresholds[2] ? 3 : 4
    return gradient < 0 ? -level : level
  }

  private func golombParameter(_ count: Int, _ sum: Int) -> Int? { (0...24).first { count << $0 >= sum } }

  private mutating func update(_ context: Int, _ error: Int) {
    var (a, b, c, n) = (contexts[context] + abs(error), contexts[context + 1] + error * (2 * near + 1), contexts[context + 2], contexts[context + 3])
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
    (contexts[context], contexts[context + 1], contexts[context + 2], contexts[context + 3]) = (a, b, c, n)
  }

  private func sample(_ prediction: Int, _ error: Int) -> Int {
    let step = 2 * near + 1
    var value = prediction + error * step
    if value < -near { value += range * step } else if value > maximum + near { value -= range * step }
    return min(max(value, 0), maximum)
  }

  /// A run of samples like the last one, and the sample that ends it. Section A.7.
  ///
  /// - Returns: where decoding goes on; nil when the data ends.
  private mutating func flat(_ lines: [Line], from x: Int, _ run: inout Int, _ reader: inout JPEGLSReader) -> Int? {
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
      for line in lines { guard interruption(line, x, length, isAlone: lines.count == 1, &reader) else { return nil } }
      run = max(0, run - 1)
      return x + 1
    }
  }

  private mutating func interruption(_ line: Line, _ x: Int, _ length: Int, isAlone: Bool, _ reader: inout JPEGLSReader) -> Bool {
    let (a, b) = (line.current[x - 1], line.above[x])
    let kind = isAlone && abs(a - b) <= near ? 1 : 0
    let context = 4 * (Self.interrupted + kind)
    let count = contexts[context + 3]
    let sum = contexts[context] + (kind == 1 ? count >> 1 : 0)
    guard let k = golombParameter(count, sum), let mapped = reader.golomb(k, limit: limit - length - 1, valueBits: valueBits) else { return false }
    let odd = (mapped + kind) & 1
    let size = (mapped + kind + odd) >> 1
    let error = (k != 0 || 2 * negatives[kind] >= count) == (odd == 1) ? -size : size
    if error < 0 { negatives[kind] += 1 }
    contexts[context] += (mapped + 1 - kind) >> 1
    if count == reset {
      contexts[context] >>= 1
      contexts[context + 3] >>= 1
      negatives[kind] >>= 1
    }
    contexts[context + 3] += 1
    line.current[x] = kind == 1 ? sample(a, error) : sample(b, a > b ? -error : error)
    return true
  }
}

/// Bits of JPEG-LS data: behind FF a byte has seven, and one that begins with 1 makes a marker (section A.1).
struct JPEGLSReader {
  private let stream: StreamBytes
  private let start: Int
  private var position: Int
  private var bits: UInt64 = 0
  private var count = 0

  init(_ stream: StreamBytes, at position: Int) {
    self.stream = stream
    start = position
    self.position = position
  }

  private func width(at offset: Int) -> Int { offset > start && stream[offset - 1] == 0xFF ? 7 : 8 }

  private mutating func fill() {
    while count <= 48, position < stream.count {
      let byte = stream[position]
      if byte == 0xFF { guard position + 1 < stream.count, stream[position + 1] < 0x80 else { return } }
      let width = width(at: position)
      bits = bits << UInt64(width) | UInt64(byte)
      count += width
      position += 1
    }
  }

  /// The next `length` bits; -1 when there are fewer.
  mutating func value(_ length: Int) -> Int {
    if count < length { fill() }
    guard length <= count else { return -1 }
    count -= length
    return Int(truncatingIfNeeded: bits >> UInt64(count)) & ((1 << length) - 1)
  }

  /// A code of section A.5.3; nil when the data ends, or has none.
  mutating func golomb(_ k: Int, limit: Int, valueBits: Int) -> Int? {
    let most = limit - valueBits - 1
    var zeros = 0
    while true {
      if count == 0 { fill() }
      guard count > 0, zeros <= most else { return nil }
      let leading = min((bits << UInt64(64 - count)).leadingZeroBitCount, count)
      zeros += leading
      count -= leading
      if count > 0 {
        count -= 1
        break
      }
    }
    guard zeros <= most else { return nil }
    let rest = value(zeros < most ? k : valueBits)
    guard rest >= 0 else { return nil }
    return zeros < most ? zeros << k | rest : rest + 1
  }

  /// Behind the byte that holds the last bit read, and behind the byte that has to follow FF.
  var alignedPosition: Int {
    var (end, left) = (position, count)
    while end > start, left >= width(at: end - 1) {
      left -= width(at: end - 1)
      end -= 1
    }
    return end > start && stream[end - 1] == 0xFF && end < stream.count && stream[end] < 0x80 ? end + 1 : end
  }
}
