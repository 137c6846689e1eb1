package import ScanModel

/// How many files of a batch were read with which warning.
package struct ScanWarningTally: Sendable, Equatable {
  private var files: [ScanWarning: Int] = [:]

  package init() {}

  /// The warnings of one file.
  package mutating func add(_ warnings: [ScanWarning]) {
    for warning in Set(warnings) { files[warning, default: 0] += 1 }
  }

  /// Files by the public code of the warning.
  package var counts: [String: Int] { Dictionary(uniqueKeysWithValues: files.map { ($0.key.rawValue, $0.value) }) }

  /// `counts` as figures of a stage: `warning.pages.more`.
  package var figures: [String: Double] { Dictionary(uniqueKeysWithValues: counts.map { ("warning." + $0.key, Double($0.value)) }) }

  /// `counts` again, from the figures of stages.
  package static func counts(in figures: [[String: Double]]) -> [String: Int] {
    var counts: [String: Int] = [:]
    for warning in ScanWarning.allCases {
      let files = figures.compactMap { $0["warning." + warning.rawValue] }.reduce(0, +)
      if files > 0 { counts[warning.rawValue] = Int(files) }
    }
    return counts
  }

  /// A line for each warning, in order of their codes.
  package var lines: [String] {
    files.sorted { $0.key.rawValue < $1.key.rawValue }.map { warning, count in
      let isOne = count == 1
      return "\(count) \(isOne ? "file" : "files") \(ScanWarningTally.predicate(warning, isOne: isOne)) (\(warning.rawValue))"
    }
  }

  private static func predicate(_ warning: ScanWarning, isOne: Bool) -> String {
    let (has, lacks) = isOne ? ("has", "lacks") : ("have", "lack")
    return switch warning {
    case .truncated: isOne ? "is cut off or lacks its Pixel Data" : "are cut off or lack their Pixel Data"
    case .unchecked: "\(has) pixels in an encoding that is not checked for its end, so some may be missing"
    case .pixelShort: "\(has) less Pixel Data than the attributes say"
    case .pixelLong: "\(has) more Pixel Data than the attributes say"
    case .pixelMismatch: "\(has) pixels that disagree with the attributes; the attributes were followed"
    case .metaMissing: "\(lacks) a preamble or File Meta Information"
    case .decoder: "made the decoder complain"
    case .dirtyBits: "\(has) data above Bits Stored"
    case .notFinite: "\(has) samples that are NaN or infinite; they count as the lowest number of their frame"
    case .trailingBytes: "\(has) bytes behind the last attribute; they were left out"
    case .morePages: "\(has) pages of another size or kind than the first, or sub-images; they were left out"
    case .frameCount: "\(has) a Number of Frames that is no number of 1 or more; one frame was taken"
    }
  }
}
