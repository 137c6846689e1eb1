package import Foundation
import ScanCatalog
import ScanExport

extension RunContext {
  /// Values of `export: { format: … }`.
  package static let exportFormats = ExportRegistry.names
  /// Those that need `maskFrom`.
  package static let maskedFormats = ExportRegistry.masked

  /// Writes the workspace's images in each of `formats` below one root.
  package func export(to root: URL, formats: [String], split: String?) throws -> StageOutcome {
    let exporter = Exporter(catalog, threads: threads, progress: progress)
    var figures: [String: Double] = [:]
    var parts: [String] = []
    var notChecked: Set<String> = []
    for format in formats {
      try checkCancelled()
      let report = try exporter.export(ExportRequest(format: format, root: root, split: split.flatMap(Split.init(rawValue:)), renewing: Set(formats)))
      figures[format] = Double(report.files)
      notChecked.formUnion(report.notChecked)
      parts.append("\(report.files) files as \(format) (\(report.synthetic) synthetic)")
    }
    let summary = (parts + notChecked.sorted().map { "\($0): not checked" }).joined(separator: "; ")
    return StageOutcome(summary: summary, figures: figures, places: [root.path])
  }
}
