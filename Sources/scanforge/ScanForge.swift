import ArgumentParser
import Diagnostics
import Foundation

/// The root command. A verb is one file in `Verbs/` and one line here.
struct ScanForge: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scanforge",
    abstract: "De-identified scans in, labelled synthetic and super-resolved training sets out, with a catalog that proves where each pixel came from.",
    discussion: "For research, not for diagnosis. Exit codes: 0 all well, 1 found something wrong or items failed, 2 wrong request, 3 surroundings, 70 a bug.",
    version: Version.text,
    subcommands: [
      InitVerb.self,
      Inspect.self,
      Deidentify.self,
      Ingest.self,
      SplitVerb.self,
      Run.self,
      Merge.self,
      Train.self,
      Generate.self,
      Upscale.self,
      Evaluate.self,
      ExportVerb.self,
      AuditVerb.self,
      CatalogVerb.self,
      Key.self,
      Doctor.self,
    ])
}

enum Version {
  static let text = "0.1.0"
}

@main
enum Program {
  static func main() {
    Signals.install()
    do {
      try MemoryShortage.check(
        "this program", needs: MemoryShortage.least, available: AvailableMemory.addressSpace(), remedy: "Raise the limit on memory (ulimit -v).")
      var command = try ScanForge.parseAsRoot()
      try command.run()
    } catch let exit as ExitCode {
      Program.leave(exit.rawValue)
    } catch {
      Program.fail(error)
    }
    Program.leave(0)
  }

  /// Reports an error that no verb handled and exits with its code.
  static func fail(_ error: any Error) -> Never {
    if error is any ExplainedError {
      let failure = Failure(error)
      Console.writeError(failure.line)
      leave(failure.exitCode)
    }
    let code = ScanForge.exitCode(for: error)
    if code.isSuccess {
      print(ScanForge.fullMessage(for: error))
      leave(0)
    }
    // ArgumentParser's usage errors (64) and validation failures are wrong requests.
    if code == .validationFailure || error is ValidationError {
      if CommandLine.arguments.contains("--json") {
        Console(json: true, progress: .none, logLevel: .error).result(ErrorReport(code: "request", message: ScanForge.message(for: error)))
      }
      Console.writeError(ScanForge.fullMessage(for: error))
      leave(2)
    }
    let failure = Failure(error)
    Console.writeError(failure.line)
    leave(failure.exitCode)
  }

  static func leave(_ code: Int32) -> Never {
    fflush(nil)
    exit(code)
  }
}
