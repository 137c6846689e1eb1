import TestSupport
import Testing

/// `scanforge-bench` as a user runs it.
@Suite struct BenchProgramTests {
  private func bench(_ arguments: [String]) throws -> Program.Result { try Program.run("scanforge-bench", arguments) }

  @Test func `help is printed and is no error`() throws {
    for arguments in [["--help"], ["conv", "--help"], ["-h"]] {
      let result = try bench(arguments)
      #expect(result.exitCode == 0 && result.errors.isEmpty)
      #expect(result.output.contains("conv: --json --threads --isa --cpu-time --seconds --layer"))
    }
  }

  @Test(arguments: [
    (["conv", "--layer", "nosuch"], "--layer nosuch is not a part of any of 3x3_64_64@256"),
    (["peak", "--layer", "nosuch"], "copy 32 KB"),
    (["conv", "--work", "srgan"], "conv does not take --work. Use --json, --threads, --isa, --cpu-time, --seconds, --layer."),
    (["train", "--work", "srgan", "--size", "64"], "train does not take --size"),
    (["srgan-infer", "--size", "64", "--layer", "x"], "srgan-infer does not take --layer"),
    (["make-model", "--output", "x", "--json"], "make-model does not take --json"),
    (["nosuch"], "there is no suite nosuch"), (["conv", "--nosuch"], "--nosuch is not a flag"),
  ]) func `what a suite does not know is exit 2`(arguments: [String], message: String) throws {
    let result = try bench(arguments)
    #expect(result.exitCode == 2)
    #expect(result.errors.contains(message), "\(result.errors)")
    #expect(result.output.isEmpty)
  }

  @Test func `a layer of microseconds shows its time`() throws {
    let result = try bench(["conv", "--layer", "3x3_64_64@24n16 fwd", "--seconds", "0.01"])
    #expect(result.exitCode == 0)
    let quick = try bench(["peak", "--layer", "copy 32 KB", "--seconds", "0.01"])
    #expect(quick.exitCode == 0)
    let line = try #require(quick.output.split(separator: "\n").first { $0.hasPrefix("copy 32 KB") })
    let number = try #require(line.split(separator: " ").dropFirst(3).first)
    #expect(number.filter { ("1"..."9").contains($0) || $0 == "0" }.drop { $0 == "0" }.count >= 4, "\(line)")
  }

  @Test func `a report tells how quiet the machine was`() throws {
    let report = try bench(["peak", "--json", "--seconds", "0.05"]).json()
    let disturbance = try #require(report["peak_disturbance"] as? Double)
    #expect((0..<1).contains(disturbance))
    let results = try #require(report["results"] as? [[String: Any]])
    let fused = try #require(results.first { $0["name"] as? String == "fma" })
    #expect(fused["peak_share"] as? Double == 1)
  }
}
