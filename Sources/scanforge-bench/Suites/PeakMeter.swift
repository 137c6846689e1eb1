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
  /// Of bursts on one thread: where a core is taken all the time, no burst of all threads shows it.
  private var alone: [Double] = []

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
    guard threads > 1, !arguments.cpuTime else { return }
    alone += Stopwatch(arguments, seconds: 0.02, atLeast: 10, atMost: 200, isShort: true) { _ = fk_peak_burst(arguments.table, rounds) }.times
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

  /// How far the median burst lay below the fastest, or the fastest below what one thread makes of it by itself, as a share: near 0 on a quiet
  /// machine with a core for each thread.
  var disturbance: Double { max(1 - watch.times[0] / watch.median, 1 - (alone.min() ?? 0) / watch.times[0] - (alone.isEmpty ? 1 : 0)) }
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
