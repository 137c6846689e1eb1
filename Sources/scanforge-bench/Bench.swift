import CForgeKernels
import Diagnostics
import ForgeTensor

/// `scanforge-bench SUITE [flags]`: measures and prints one report; `scanforge-bench make-model --output FILE` writes a model to measure whole
/// programs with. The flags are in `BenchArguments`.
@main struct Bench {
  /// Suites by name. A new suite is a file in Suites/ and a line here.
  static let suites: [(name: String, run: @Sendable (BenchArguments) throws -> BenchReport)] = [
    ("peak", PeakSuite.run),
    ("conv", ConvSuite.run),
    ("srgan-infer", SuperResolutionSuite.run),
    ("train", TrainSuite.run),
    ("generate", GenerateSuite.run),
  ] + records

  /// Suites of the Scan tower, where it is built.
  #if SCAN_TOWER
    private static let records: [(name: String, run: @Sendable (BenchArguments) throws -> BenchReport)] = [
      ("catalog", CatalogSuite.run), ("audit", AuditSuite.run),
    ]
  #else
    private static let records: [(name: String, run: @Sendable (BenchArguments) throws -> BenchReport)] = []
  #endif

  static func main() {
    do {
      let names = suites.map(\.name) + ["make-model"]
      let arguments = try BenchArguments(CommandLine.arguments.dropFirst(), suites: names)
      if arguments.wantsHelp { return print(BenchArguments.help(suites: names)) }
      if arguments.suite == "make-model" { return try ModelMaker.write(to: arguments.output) }
      guard let suite = suites.first(where: { $0.name == arguments.suite }) else { return }
      fk_set_threads(Int32(arguments.threads))
      let kernels = try KernelTable.named(String(cString: arguments.table.pointee.name))
      try KernelTable.$current.withValue(kernels) { try suite.run(arguments) }.print(json: arguments.json)
    } catch {
      BenchReport.printError("scanforge-bench: \(error)")
      BenchReport.exit((error as? any ExplainedError)?.kind.exitCode ?? 70)
    }
  }
}
