import CForgeKernels
import Diagnostics

enum BenchError: ExplainedError {
  case unknownSuite(String, known: [String])
  case unknownFlag(String)
  case badValue(flag: String, value: String, expected: String)

  var kind: FailureKind { .request }
  var code: String {
    switch self {
    case .unknownSuite: "bench.unknownSuite"
    case .unknownFlag: "bench.unknownFlag"
    case .badValue: "bench.badValue"
    }
  }
  var what: String {
    switch self {
    case .unknownSuite(let name, _): name.isEmpty ? "no suite was named" : "there is no suite \(name)"
    case .unknownFlag(let flag): "\(flag) is not a flag"
    case .badValue(let flag, let value, let expected): "\(flag) \(value) is not \(expected)"
    }
  }
  var remedy: String {
    switch self {
    case .unknownSuite(_, let known): "Name one of \(known.joined(separator: ", "))."
    case .unknownFlag: "Use --json, --threads N, --isa NAME, --layer TEXT or --cpu-time."
    case .badValue: "Correct the value."
    }
  }
}

/// What the command line asks for. Parsed by hand, so that the benches build with the Forge tower alone.
struct BenchArguments {
  var suite = ""
  var json = false
  /// 0 means all cores.
  var threads = 0
  /// The kernel table; `fk_best_table()` unless named.
  var table: UnsafePointer<fk_table>
  /// Only results whose name holds this text.
  var filter = ""
  /// Process CPU time over threads instead of wall time: for machines that are busy with other work.
  var cpuTime = false

  init(_ words: some Sequence<String>, suites: [String]) throws(BenchError) {
    guard let best = fk_best_table() else {
      throw .badValue(
        flag: "SCANFORGE_KERNELS", value: "as set", expected: "a table of this CPU (\(String(cString: fk_available_tables())))")
    }
    table = best
    var rest = Array(words)[...]
    func value(_ flag: String) throws(BenchError) -> String {
      guard let value = rest.popFirst() else { throw .badValue(flag: flag, value: "(nothing)", expected: "followed by a value") }
      return value
    }
    while let word = rest.popFirst() {
      switch word {
      case "--json": json = true
      case "--cpu-time": cpuTime = true
      case "--threads":
        let text = try value(word)
        guard let count = Int(text), (0...256).contains(count) else {
          throw .badValue(flag: word, value: text, expected: "a number from 0 to 256")
        }
        threads = count
      case "--isa":
        let text = try value(word)
        guard let named = fk_table_named(text) else {
          throw .badValue(flag: word, value: text, expected: "a table of this CPU (\(String(cString: fk_available_tables())))")
        }
        table = named
      case "--layer": filter = try value(word)
      default:
        if word.hasPrefix("-") || !suite.isEmpty { throw .unknownFlag(word) }
        suite = word
      }
    }
    if !suites.contains(suite) { throw .unknownSuite(suite, known: suites) }
  }

  func wants(_ name: String) -> Bool { filter.isEmpty || name.contains(filter) }
}
