import CForgeKernels
import Diagnostics

/// `scanforge-bench SUITE [--json] [--threads N] [--isa NAME] [--layer TEXT] [--cpu-time]`: measures and prints one report.
@main struct Bench {
  /// Suites by name. A new suite is a file in Suites/ and a line here.
  static let suites: [(name: String, run: @Sendable (BenchArguments) -> BenchReport)] = [
    ("peak", PeakSuite.run),
    ("conv", ConvSuite.run),
  ]

  static func main() {
    let arguments: BenchArguments
    do {
      arguments = try BenchArguments(CommandLine.arguments.dropFirst(), suites: suites.map(\.name))
    } catch {
      BenchReport.printError("scanforge-bench: \(error)")
      return BenchReport.exit(error.kind.exitCode)
    }
    guard let suite = suites.first(where: { $0.name == arguments.suite }) else { return }
    fk_set_threads(Int32(arguments.threads))
    suite.run(arguments).print(json: arguments.json)
  }
}
