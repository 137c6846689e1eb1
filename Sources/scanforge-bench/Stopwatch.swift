import CForgeKernels
import Foundation

/// Repeats a piece of work and keeps the times.
struct Stopwatch {
  /// Sorted, in seconds.
  let times: [Double]

  /// - Parameter times: one at least, in seconds.
  init(times: [Double]) {
    precondition(!times.isEmpty, "Stopwatch: nothing was measured")
    self.times = times.sorted()
  }

  /// Runs `body` once unmeasured, then for about `seconds` unless the arguments say otherwise, `least` to `most` times.
  ///
  /// - Parameter isShort: whatever the arguments say, `seconds` is meant.
  init(
    _ arguments: BenchArguments, seconds: Double = 0.5, atLeast least: Int = 5, atMost most: Int = 200, isShort: Bool = false,
    _ body: () throws -> Void
  ) rethrows {
    try body()
    let seconds = isShort ? seconds : arguments.seconds ?? seconds
    let clock = arguments.cpuTime ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC
    let share = arguments.cpuTime ? Double(fk_threads()) : 1
    var times: [Double] = []
    let end = Self.now(CLOCK_MONOTONIC) + seconds
    while times.count < least || (times.count < most && Self.now(CLOCK_MONOTONIC) < end) {
      let start = Self.now(clock)
      try body()
      times.append((Self.now(clock) - start) / share)
    }
    self.init(times: times)
  }

  /// How long `body` takes, once; processor time of the whole process with `--cpu-time`.
  static func seconds(_ arguments: BenchArguments, _ body: () throws -> Void) rethrows -> Double {
    let clock = arguments.cpuTime ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC
    let start = now(clock)
    try body()
    return now(clock) - start
  }

  var median: Double { times[times.count / 2] }
  /// Half of the distance between the quartiles.
  var spread: Double { (times[times.count * 3 / 4] - times[times.count / 4]) / 2 }

  private static func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
