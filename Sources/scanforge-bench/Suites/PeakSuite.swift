import CForgeKernels

/// The machine's limits: multiply-adds per second and the memory traffic of a copy.
enum PeakSuite {
  static func run(_ arguments: BenchArguments) -> BenchReport {
    let (peak, watch) = multiplyAdds(arguments)
    var fused = BenchResult(name: "fma", medianSeconds: watch.median, spreadSeconds: watch.spread)
    (fused.effectiveGigaflops, fused.peakShare) = (peak, 1)
    var results = [fused]
    for kilobytes in [32, 512, 65_536] where arguments.wants("copy \(kilobytes) KB") {
      let copy = copyTime(arguments, floats: kilobytes * 256)
      results.append(BenchResult(name: "copy \(kilobytes) KB", medianSeconds: copy.median, spreadSeconds: copy.spread))
    }
    return BenchReport(suite: "peak", arguments, peak: peak, results: results)
  }

  /// The multiply-add peak of all threads together, in GFLOP/s.
  static func multiplyAdds(_ arguments: BenchArguments) -> (gigaflops: Double, watch: Stopwatch) {
    let rounds: Int64 = arguments.table == fk_scalar_table() ? 100_000 : 1_000_000
    let threads = Int64(fk_threads())
    var burst = PeakBurst(table: arguments.table, rounds: rounds)
    let flops = fk_peak_burst(arguments.table, 1) * Double(rounds) * Double(threads)
    let watch = Stopwatch(arguments, seconds: 0.3) {
      withUnsafeMutablePointer(to: &burst) { fk_parallel(threads, $0, runPeakBurst) }
    }
    // The best time: other processes can only take away.
    return (flops / watch.times[0] / 1e9, watch)
  }

  static func copyTime(_ arguments: BenchArguments, floats: Int) -> Stopwatch {
    let bytes = floats * MemoryLayout<Float>.stride
    guard let from = fk_allocate(bytes), let to = fk_allocate(bytes) else { fatalError("no memory for a copy of \(bytes) bytes") }
    defer {
      fk_free(from)
      fk_free(to)
    }
    let (a, out) = (from.assumingMemoryBound(to: Float.self), to.assumingMemoryBound(to: Float.self))
    _ = arguments.table.pointee.fill(floats, 1, a)
    var walk = fk_walk()
    walk.rank = 1
    (walk.extent.0, walk.out_stride.0, walk.a_stride.0) = (Int64(floats), 1, 1)
    return Stopwatch(arguments, seconds: 0.2) { _ = arguments.table.pointee.copy(&walk, a, out) }
  }
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
