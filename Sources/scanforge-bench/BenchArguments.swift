import CForgeKernels
import Diagnostics
import ForgeTensor

enum BenchError: ExplainedError {
  case unknownSuite(String, known: [String])
  case unknownFlag(String)
  case badValue(flag: String, value: String, expected: String)
  /// A flag that means nothing to the suite.
  case foreignFlag(String, suite: String, known: [String])

  var kind: FailureKind { .request }
  var code: String {
    switch self {
    case .unknownSuite: "bench.unknownSuite"
    case .unknownFlag: "bench.unknownFlag"
    case .badValue: "bench.badValue"
    case .foreignFlag: "bench.foreignFlag"
    }
  }
  var what: String {
    switch self {
    case .unknownSuite(let name, _): name.isEmpty ? "no suite was named" : "there is no suite \(name)"
    case .unknownFlag(let flag): "\(flag) is not a flag"
    case .badValue(let flag, let value, let expected): "\(flag) \(value) is not \(expected)"
    case .foreignFlag(let flag, let suite, _): "\(suite) does not take \(flag)"
    }
  }
  var remedy: String {
    switch self {
    case .unknownSuite(_, let known): "Name one of \(known.joined(separator: ", "))."
    case .unknownFlag: "Use \(BenchArguments.flags)."
    case .badValue: "Correct the value."
    case .foreignFlag(_, _, let known): "Use \(known.joined(separator: ", "))."
    }
  }
}

/// What the command line asks for. Parsed by hand, so that the benches build with the Forge tower alone.
struct BenchArguments {
  static let flags =
    "--json, --threads N, --isa NAME, --layer TEXT, --cpu-time, --work NAME, --size N, --precision fp32|int16, --rows N, --seconds S or --output FILE"
  /// Every suite's that measures.
  private static let common = ["--json", "--threads", "--isa", "--cpu-time", "--seconds"]
  /// What a suite takes beside these.
  private static let own = [
    "peak": ["--layer"], "conv": ["--layer"], "srgan-infer": ["--size", "--precision"], "train": ["--work"], "generate": ["--work", "--precision"],
    "catalog": ["--rows"], "audit": ["--rows"],
  ]

  static func flags(of suite: String) -> [String] { suite == "make-model" ? ["--output"] : common + (own[suite] ?? []) }

  static func help(suites: [String]) -> String {
    """
    scanforge-bench SUITE [flags]: measures the convolution core and prints one report.

    \(suites.map { "  \($0): \(flags(of: $0).joined(separator: " "))" }.joined(separator: "\n"))

    --json          one JSON object instead of lines
    --threads N     0, as without it: all cores
    --isa NAME      a table of this CPU: \(String(cString: fk_available_tables()))
    --layer TEXT    only results whose name holds TEXT
    --cpu-time      process CPU time over threads instead of wall time
    --seconds S     how long each result is measured
    --work NAME     train: srgan, cdcgan64, cdcgan128; generate: cdcgan64, cdcgan128
    --size N        side of the image: 64, 128, 256
    --precision P   fp32 or int16
    --rows N        catalog, audit: about so many artifacts or events (1000000)
    --output FILE   where make-model writes a model to measure whole programs with
    """
  }

  /// The caller wants `help` and nothing measured.
  var wantsHelp = false
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
  /// How long each result is measured; each suite has its own time unless given.
  var seconds: Double?
  /// Arithmetic of inference.
  var precision = Precision.float32
  /// About so many artifacts, or events.
  var rows = 1_000_000
  /// Where `make-model` writes.
  var output = ""
  /// As given; `work(among:)` and `size(among:)` check them for a suite.
  private var workName = ""
  private var sizeText = ""

  init(_ words: some Sequence<String>, suites: [String]) throws(BenchError) {
    guard let best = fk_best_table() else {
      throw .badValue(
        flag: "SCANFORGE_KERNELS", value: "as set", expected: "a table of this CPU (\(String(cString: fk_available_tables())))")
    }
    table = best
    var rest = Array(words)[...]
    if rest.contains(where: { $0 == "--help" || $0 == "-h" }) {
      wantsHelp = true
      return
    }
    var given: [String] = []
    func value(_ flag: String) throws(BenchError) -> String {
      guard let value = rest.popFirst() else { throw .badValue(flag: flag, value: "(nothing)", expected: "followed by a value") }
      return value
    }
    while let word = rest.popFirst() {
      if word.hasPrefix("-") { given.append(word) }
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
      case "--work": workName = try value(word)
      case "--size": sizeText = try value(word)
      case "--rows":
        let text = try value(word)
        guard let count = Int(text), (1000...100_000_000).contains(count) else {
          throw .badValue(flag: word, value: text, expected: "a number from 1000 to 100000000")
        }
        rows = count
      case "--output": output = try value(word)
      case "--precision":
        let text = try value(word)
        guard let named = Precision(rawValue: text) else { throw .badValue(flag: word, value: text, expected: "fp32 or int16") }
        precision = named
      case "--seconds":
        let text = try value(word)
        guard let number = Double(text), number > 0, number <= 3600 else {
          throw .badValue(flag: word, value: text, expected: "a number of seconds above 0, at most 3600: in no time nothing can be measured")
        }
        seconds = number
      default:
        if word.hasPrefix("-") || !suite.isEmpty { throw .unknownFlag(word) }
        suite = word
      }
    }
    if !suites.contains(suite) { throw .unknownSuite(suite, known: suites) }
    let known = Self.flags(of: suite)
    if let foreign = given.first(where: { !known.contains($0) }) { throw .foreignFlag(foreign, suite: suite, known: known) }
  }

  /// The workload that `--work` names.
  func work(among names: [String]) throws(BenchError) -> String {
    guard names.contains(workName) else {
      throw .badValue(flag: "--work", value: workName.isEmpty ? "(nothing)" : workName, expected: "one of \(names.joined(separator: ", "))")
    }
    return workName
  }

  /// The side in pixels that `--size` names.
  func size(among sizes: [Int]) throws(BenchError) -> Int {
    guard let size = Int(sizeText), sizes.contains(size) else {
      let known = sizes.map(String.init).joined(separator: ", ")
      throw .badValue(flag: "--size", value: sizeText.isEmpty ? "(nothing)" : sizeText, expected: "one of \(known)")
    }
    return size
  }

  /// The results that `--layer` leaves.
  ///
  /// - Parameter known: what to name when it leaves none; the results unless given.
  func wanted(among names: [String], known: [String]? = nil) throws(BenchError) -> Set<String> {
    let wanted = names.filter { filter.isEmpty || $0.contains(filter) }
    guard !wanted.isEmpty else {
      throw .badValue(flag: "--layer", value: filter, expected: "a part of any of \((known ?? names).joined(separator: ", "))")
    }
    return Set(wanted)
  }
}
