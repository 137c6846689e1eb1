import CForgeKernels

/// The machine's limits: multiply-adds per second and the memory traffic of a copy.
enum PeakSuite {
  static let copies = [32, 512, 65_536].map { (name: "copy \($0) KB", floats: $0 * 256) }

  static func run(_ arguments: BenchArguments) throws(BenchError) -> BenchReport {
    let wanted = try arguments.wanted(among: copies.map(\.name))
    let meter = PeakMeter(arguments)
    var results = meter.around {
      copies.filter { wanted.contains($0.name) }.map { copy in
        let watch = copyTime(arguments, floats: copy.floats)
        return BenchResult(name: copy.name, medianSeconds: watch.median, spreadSeconds: watch.spread)
      }
    }
    var fused = BenchResult(name: "fma", medianSeconds: meter.watch.median, spreadSeconds: meter.watch.spread)
    fused.effectiveGigaflops = meter.gigaflops
    results.insert(fused, at: 0)
    return BenchReport(suite: "peak", arguments, meter, results: results)
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
