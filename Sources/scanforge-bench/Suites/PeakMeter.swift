import CForgeKernels

/// Measures the multiply-add peak of all threads together, in bursts of about half a millisecond.
///
/// Other programs can only take away from a burst, and they do it for milliseconds at a time: of many short bursts, taken before, between and after
/// the work that they are compared with, the fastest had all cores to itself. A long one would be cut into, and the shares of the peak would grow.
final class PeakMeter {
  private let arguments: BenchArguments
  private let rounds: Int64
  private let threads = Int64(fk_threads())
  /// Of each burst so far.
  private var times: [Double] = []

  init(_ arguments: BenchArguments) {
    self.arguments = arguments
    // A round of the scalar loop is as many instructions as one of the vector loops, and takes as long.
    rounds = 120_000
  }

  /// Runs bursts for about `seconds`, 20 at least.
  func sample(seconds: Double = 0.2) {
    var burst = PeakBurst(table: arguments.table, rounds: rounds)
    let watch = Stopwatch(arguments, seconds: min(seconds, arguments.seconds ?? seconds), atLeast: 20, atMost: 2_000, isShort: true) {
      withUnsafeMutablePointer(to: &burst) { fk_parallel(threads, $0, runPeakBurst) }
    }
    times += watch.times
  }

  /// Samples before and after `work`.
  func around<Result>(_ work: () throws -> Result) rethrows -> Result {
    sample()
    defer { sample() }
    return try work()
  }

  /// All bursts, as one measurement.
  var watch: Stopwatch { Stopwatch(times: times) }

  /// Of the fastest burst, GFLOP/s.
  var gigaflops: Double {
    fk_peak_burst(arguments.table, 1) * Double(rounds) * Double(threads) / watch.times[0] / 1e9
  }

  /// How far the median burst lay below the fastest, as a share of it: near 0 on a quiet machine.
  var disturbance: Double { 1 - watch.times[0] / watch.median }
}

private struct PeakBurst {
  var table: UnsafePointer<fk_table>
  var rounds: Int64
}

/// Runs on the pool's threads.
private func runPeakBurst(_ context: UnsafeMutableRawPointer?, _ index: Int64) {
  guard let burst = context?.assumingMemoryBound(to: PeakBurst.self) else { return }
  _ = fk_peak_burst(burst.pointee.table, burst.pointee.rounds)
}
