package import Foundation

/// Runs the built programs as a user would.
package enum Program {
  /// What a finished process left.
  package struct Result: Sendable {
    package let exitCode: Int32
    package let isSignaled: Bool
    package let output: String
    package let errors: String

    /// Standard output as one JSON object.
    package func json() throws -> [String: Any] {
      guard let object = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] else { throw CocoaError(.coderReadCorrupt) }
      return object
    }

    /// Standard output as JSON lines.
    package func jsonLines() throws -> [[String: Any]] {
      try output.split(separator: "\n").compactMap { try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
    }
  }

  /// The folder of this build's programs, beside the test bundle.
  package static let folder: URL = {
    let test = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    // The test runner itself may be the toolchain's; the bundle's path is then the first argument.
    for candidate in [URL(fileURLWithPath: CommandLine.arguments[0]), test] + CommandLine.arguments.dropFirst().map({ URL(fileURLWithPath: $0) }) {
      var folder = candidate.deletingLastPathComponent()
      for _ in 0..<4 {
        if FileManager.default.isExecutableFile(atPath: folder.appendingPathComponent("scanforge").path) { return folder }
        folder.deleteLastPathComponent()
      }
    }
    preconditionFailure("the built programs are not beside the tests")
  }()

  package static func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

  /// Runs `name` with `arguments` and waits.
  package static func run(
    _ name: String = "scanforge", _ arguments: [String], in directory: URL? = nil, environment: [String: String] = [:]
  ) throws -> Result {
    let process = try start(name, arguments, in: directory, environment: environment)
    return process.wait()
  }

  /// Starts a process whose output goes to files, so that no pipe can fill up.
  package static func start(
    _ name: String = "scanforge", _ arguments: [String], in directory: URL? = nil, environment: [String: String] = [:]
  ) throws -> Running {
    let executable = name.hasPrefix("/") ? URL(fileURLWithPath: name) : url(name)
    let folder = try TestData.temporaryFolder("process")
    let outputs = [folder.appendingPathComponent("out"), folder.appendingPathComponent("err")]
    for output in outputs { _ = FileManager.default.createFile(atPath: output.path, contents: nil) }
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: outputs[0])
    process.standardError = try FileHandle(forWritingTo: outputs[1])
    try process.run()
    return Running(process: process, folder: folder)
  }

  /// A process that may still run.
  package final class Running {
    package let process: Process
    private let folder: URL

    init(process: Process, folder: URL) {
      self.process = process
      self.folder = folder
    }

    package func wait() -> Result {
      process.waitUntilExit()
      defer { try? FileManager.default.removeItem(at: folder) }
      func text(_ name: String) -> String {
        String(decoding: (try? Data(contentsOf: folder.appendingPathComponent(name))) ?? Data(), as: UTF8.self)
      }
      return Result(
        exitCode: process.terminationStatus, isSignaled: process.terminationReason == .uncaughtSignal, output: text("out"), errors: text("err"))
    }
  }
}
