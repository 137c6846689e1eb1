import CForgeKernels
import Foundation

/// One line of a report.
struct BenchResult: Encodable {
  var name: String
  var medianSeconds: Double
  var spreadSeconds: Double
  /// Direct-convolution operations over time: an algorithm with fewer multiplications may pass the peak.
  var effectiveGigaflops: Double?
  /// Of the multiply-add peak with the same threads, measured in the same run.
  var peakShare: Double?
  var imagesPerSecond: Double?
  /// Rows, bytes or events of each second, and which of them.
  var rate: Double?
  var unit: String?
  /// The rate over that of the plain work which was measured in the same run.
  var anchorRatio: Double?
  /// 99 of 100 times were shorter.
  var secondsAt99: Double?
  /// Of the process so far (VmHWM), or since `forgetPeak`.
  var peakResidentBytes = BenchReport.peakResidentBytes()

  init(name: String, medianSeconds: Double, spreadSeconds: Double) {
    self.name = name
    self.medianSeconds = medianSeconds
    self.spreadSeconds = spreadSeconds
  }

  /// - Parameters:
  ///   - operations: direct-convolution operations of one repetition.
  ///   - images: of one repetition.
  init(name: String, _ watch: Stopwatch, operations: Double, images: Int) {
    self.init(name: name, medianSeconds: watch.median, spreadSeconds: watch.spread)
    effectiveGigaflops = operations / watch.median / 1e9
    imagesPerSecond = Double(images) / watch.median
  }

  init(name: String, _ watch: Stopwatch) { self.init(name: name, medianSeconds: watch.median, spreadSeconds: watch.spread) }

  /// - Parameters:
  ///   - items: of one repetition, counted in `unit`s.
  ///   - anchor: the plain work that this one is compared with.
  init(name: String, seconds: Double, items: Int, unit: String = "rows", anchor: BenchResult? = nil) {
    self.init(name: name, medianSeconds: seconds, spreadSeconds: 0)
    let rate = Double(items) / seconds
    self.rate = rate
    self.unit = unit
    anchorRatio = anchor?.rate.map { rate / $0 }
  }

  enum CodingKeys: String, CodingKey {
    case name, rate, unit
    case anchorRatio = "anchor_ratio"
    case secondsAt99 = "p99_s"
    case medianSeconds = "median_s"
    case spreadSeconds = "spread_s"
    case effectiveGigaflops = "gflops_effective"
    case peakShare = "peak_share"
    case imagesPerSecond = "images_per_s"
    case peakResidentBytes = "peak_rss_bytes"
  }

  /// Absent figures of the convolution core are null, so every line has the same keys; those of records are left out.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(medianSeconds, forKey: .medianSeconds)
    try container.encode(spreadSeconds, forKey: .spreadSeconds)
    try container.encode(effectiveGigaflops, forKey: .effectiveGigaflops)
    try container.encode(peakShare, forKey: .peakShare)
    try container.encode(imagesPerSecond, forKey: .imagesPerSecond)
    try container.encode(peakResidentBytes, forKey: .peakResidentBytes)
    try container.encodeIfPresent(rate, forKey: .rate)
    try container.encodeIfPresent(unit, forKey: .unit)
    try container.encodeIfPresent(anchorRatio, forKey: .anchorRatio)
    try container.encodeIfPresent(secondsAt99, forKey: .secondsAt99)
  }
}

/// What a suite measured, in the shape of docs/cli.md.
struct BenchReport: Encodable {
  var suite: String
  var isa: String
  var threads: Int
  var peakGigaflops: Double
  /// How far the median burst of the peak lay below the fastest, as a share.
  var peakDisturbance: Double
  var results: [BenchResult]

  enum CodingKeys: String, CodingKey {
    case suite, isa, threads, results
    case peakGigaflops = "peak_gflops"
    case peakDisturbance = "peak_disturbance"
  }

  /// Above this the machine had other work.
  private static let quiet = 0.15

  /// - Parameter meter: has measured the peak around the results, which get their shares of it here.
  init(suite: String, _ arguments: BenchArguments, _ meter: PeakMeter, results: [BenchResult]) {
    self.suite = suite
    isa = String(cString: arguments.table.pointee.name)
    threads = Int(fk_threads())
    let peak = meter.gigaflops
    peakGigaflops = peak
    peakDisturbance = meter.disturbance
    self.results = results.map { result in
      var result = result
      result.peakShare = result.effectiveGigaflops.map { $0 / peak }
      return result
    }
  }

  func print(json: Bool) {
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      // Encodes finite numbers and plain text: cannot fail.
      let data = (try? encoder.encode(self)) ?? Data()
      Swift.print(String(decoding: data, as: UTF8.self))
      return
    }
    Swift.print("\(suite), \(isa), \(threads) threads, multiply-add peak \(Self.number(peakGigaflops, 1)) GF/s")
    if peakDisturbance > Self.quiet {
      Swift.print("the machine was disturbed: half of the bursts of the peak ran \(Self.number(peakDisturbance * 100, 0)) % or more below it")
    }
    for result in results {
      let digits = Self.decimals(milliseconds: result.medianSeconds * 1e3)
      var line = "\(result.name): \(Self.number(result.medianSeconds * 1e3, digits)) ms ±\(Self.number(result.spreadSeconds * 1e3, digits))"
      if let flops = result.effectiveGigaflops { line += ", \(Self.number(flops, 1)) GF/s" }
      if let share = result.peakShare { line += ", \(Self.number(share * 100, 0)) % of peak" }
      if let images = result.imagesPerSecond { line += ", \(Self.number(images, 1)) images/s" }
      if let time = result.secondsAt99 { line += ", 99 %: \(Self.number(time * 1e3, 3)) ms" }
      if let rate = result.rate, let unit = result.unit { line += ", \(Self.number(rate, 0)) \(unit)/s" }
      if let ratio = result.anchorRatio { line += ", \(Self.number(ratio * 100, 0)) % of the plain work" }
      if result.rate != nil { line += ", \(result.peakResidentBytes >> 20) MiB" }
      Swift.print(line)
    }
  }

  /// Three, and more for what would not show four digits.
  static func decimals(milliseconds: Double) -> Int {
    var (digits, bound) = (3, 1.0)
    while digits < 9, milliseconds < bound { (digits, bound) = (digits + 1, bound / 10) }
    return digits
  }

  static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// The largest resident memory of this process: `ru_maxrss` would count what was there before the program was loaded.
  static func peakResidentBytes() -> Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = line.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap({ Int($0) })
    else { return 0 }
    return kilobytes * 1024
  }

  /// Lets `peakResidentBytes` begin anew with what is resident now (proc(5), clear_refs); where that is not allowed it stays what it was.
  static func forgetPeak() { try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8) }

  static func printError(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  static func exit(_ code: Int32) -> Never { Foundation.exit(code) }
}
