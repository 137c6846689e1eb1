import CForgeKernels
import Testing

/// The tests of every kernel table. Serialized: they change the number of threads, and the pool serves one caller at a time.
@Suite(.serialized) enum BackendConformance {}

/// A kernel table with its name, for parametrized tests.
struct KernelTable: Sendable, CustomTestStringConvertible {
  let name: String

  var table: fk_table { fk_table_named(name).pointee }
  var testDescription: String { name }

  static let scalar = KernelTable(name: "scalar")
  /// Every table that this CPU runs, best first, the scalar one last.
  static let all = String(cString: fk_available_tables()).split(separator: ",").map { KernelTable(name: String($0)) }
}

/// xorshift64*: the same sequence on every machine.
struct Dice {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 2_685_821_657_736_338_717
  }
  mutating func int(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() >> 33) % (range.upperBound - range.lowerBound + 1) }
  mutating func chance(_ oneIn: Int) -> Bool { int(1...oneIn) == 1 }
  mutating func float(_ range: ClosedRange<Float> = -1...1) -> Float {
    range.lowerBound + Float(next() >> 40) * 0x1p-24 * (range.upperBound - range.lowerBound)
  }
  mutating func floats(_ count: Int, _ range: ClosedRange<Float> = -1...1) -> [Float] { (0..<count).map { _ in float(range) } }
  /// Multiples of 1/64 in [-1, 1]: products and moderate sums of them are exact in any order.
  mutating func dyadics(_ count: Int) -> [Float] { (0..<count).map { _ in Float(int(-64...64)) / 64 } }
}

/// Largest difference, relative to the largest magnitude of `expected`; infinite when shapes or NaNs differ.
func relativeError(_ actual: [Float], _ expected: [Float]) -> Double {
  guard actual.count == expected.count else { return .infinity }
  var scale = 0.0
  var error = 0.0
  for (a, e) in zip(actual, expected) {
    if a.isNaN || e.isNaN { return .infinity }
    scale = max(scale, Double(abs(e)))
    error = max(error, abs(Double(a) - Double(e)))
  }
  // Operands are of size 1: where all true sums are nothing, what is left over is measured against them.
  return error / max(scale, 0.1)
}

/// Equal bits, except that any NaN equals any other.
func sameBits(_ a: [Float], _ b: [Float]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { $0.bitPattern == $1.bitPattern || ($0.isNaN && $1.isNaN) }
}

/// Runs `body` with a workspace of exactly `bytes`, first checking that one byte less is refused.
func withWorkspace(_ bytes: Int, _ body: (UnsafeMutableRawPointer?, Int) -> fk_status) -> fk_status {
  let memory = fk_allocate(bytes)
  defer { fk_free(memory) }
  if bytes > 0 { #expect(body(memory, bytes - 1) == FK_WORKSPACE_TOO_SMALL) }
  return body(memory, bytes)
}

/// Runs `body` with one thread and with several; the results must be the same bytes.
func onAnyThreads(_ comment: @autoclosure () -> String, _ body: () -> [Float]) -> [Float] {
  defer { fk_set_threads(0) }
  fk_set_threads(1)
  let one = body()
  for threads: Int32 in [2, 5] {
    fk_set_threads(threads)
    let many = body()
    if !sameBits(one, many) { Issue.record("\(threads) threads change the result: \(comment())") }
  }
  return one
}
