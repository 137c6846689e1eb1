import ArgumentParser
import Diagnostics
import Foundation
import ScanPipeline

enum ProgressMode: String, ExpressibleByArgument, CaseIterable { case auto, bar, json, none }
enum DeviceOption: String, ExpressibleByArgument, CaseIterable { case cpu, cuda }
enum LogLevel: String, ExpressibleByArgument, CaseIterable { case error, warning, info, debug }

/// Options that every verb takes.
struct CommonOptions: ParsableArguments {
  @Option(help: "Workspace folder (default: $SCANFORGE_WORKSPACE, else ./scanforge-workspace).")
  var workspace: String?

  @Flag(help: "Print one JSON object on standard output, nothing else.")
  var json = false

  @Option(help: "Progress on standard error: auto, bar, json, none.")
  var progress: ProgressMode = .auto

  @Option(help: "Threads for numeric work and decoding (default: all cores). Results do not depend on it.")
  var threads: Int?

  @Option(help: "Device: cpu. (cuda is refused until it is built.)")
  var device: DeviceOption = .cpu

  @Option(help: "What to print on standard error: error, warning, info, debug.")
  var logLevel: LogLevel = .info

  mutating func validate() throws {
    if let threads, !(1...256).contains(threads) { throw ValidationError("--threads must be 1 to 256.") }
    if device == .cuda { throw ValidationError("--device cuda is not built into this program. Use --device cpu.") }
  }

  var workspaceURL: URL {
    let path = workspace ?? ProcessInfo.processInfo.environment["SCANFORGE_WORKSPACE"] ?? "scanforge-workspace"
    return URL(fileURLWithPath: path)
  }

  var threadCount: Int { threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount) }

  /// Runs a verb's work: hands it a console, prints its result, maps its error to an exit code.
  ///
  /// - Parameters:
  ///   - endsPromptly: within a second of Ctrl-C or SIGTERM, whatever it is doing; for verbs that may be cut off at any point.
  ///   - body: gives true when all is well (exit 0), false when it ran and found something wrong (exit 1).
  func perform(endsPromptly: Bool = false, _ body: (Console) throws -> Bool) throws {
    if endsPromptly { Signals.limitGrace() }
    let console = Console(json: json, progress: progress, logLevel: logLevel)
    do {
      try Machine.checkEnvironment()
      let good = try body(console)
      console.finish()
      if Console.hasLostOutput {
        Console.writeError("scanforge: The results could not be written to standard output. Check where it goes and the free space.")
        throw ExitCode(3)
      }
      if !good { throw ExitCode(1) }
    } catch let exit as ExitCode {
      throw exit
    } catch let error as ValidationError {
      console.finish()
      throw error
    } catch {
      console.finish()
      let failure = Failure(error, workspace: workspaceURL.relativePath)
      if json { console.result(ErrorReport(code: failure.code, message: failure.message)) }
      Console.writeError(failure.line)
      throw ExitCode(failure.exitCode)
    }
  }
}

/// What `--json` prints when a verb fails as a whole.
struct ErrorReport: Encodable {
  struct Body: Encodable {
    let code: String
    let message: String
  }
  let ok = false
  let error: Body

  init(code: String, message: String) { error = Body(code: code, message: message) }
}
