package import Diagnostics

/// Why the worker gave no answer. Each costs one file; the first two kinds of trouble are the machine's, not the file's.
package enum DecodeWorkerError: ExplainedError, Equatable {
  /// There is no program beside ours and none named by SCANFORGE_DECODE.
  case missing
  /// The program is there and does not start.
  case doesNotStart
  case crashed
  case timeout(seconds: Int)
  /// Shared memory for the file could not be had.
  case memory
  /// The answer contradicts itself; the worker is not trusted with it.
  case badReply

  package var kind: FailureKind {
    switch self {
    case .missing, .doesNotStart: .surroundings
    default: .item
    }
  }

  package var code: String {
    switch self {
    case .missing: "decode.missing"
    case .doesNotStart: "decode.doesNotStart"
    case .crashed: "decode.crashed"
    case .timeout: "decode.timeout"
    case .memory: "decode.memory"
    case .badReply: "decode.badReply"
    }
  }

  package var what: String {
    switch self {
    case .missing: "The decode worker scanforge-decode is not there"
    case .doesNotStart: "The decode worker scanforge-decode does not start"
    case .crashed: "The decoder crashed on this file"
    case .timeout(let seconds): "Decoding took longer than \(seconds) seconds and was stopped"
    case .memory: "There is not enough memory to hand the file to the decoder"
    case .badReply: "The decoder's answer makes no sense"
    }
  }

  package var remedy: String {
    switch self {
    case .missing: "Put scanforge-decode beside scanforge, or set SCANFORGE_DECODE to its path."
    case .doesNotStart:
      "Run scanforge-decode in a terminal to see what it lacks; on Debian: apt-get install libdcmtk17 libtiff6 libopenjp2-7 libpng16-16."
    case .crashed, .timeout, .badReply: "Leave the file out or export it again from its source: it is damaged, or made to do harm."
    case .memory: "Split the file into smaller images, or free memory."
    }
  }
}
