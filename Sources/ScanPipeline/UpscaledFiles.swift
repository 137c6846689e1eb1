package import Diagnostics
package import Foundation
import ForgeGAN
import ForgeTensor
package import ScanDeid
import ScanIO
import ScanModel

/// Super-resolves files into a folder: names start with the input's, format kept.
package struct UpscaledFiles {
  package let inputs: [URL]
  package let output: URL
  package let options: Set<DeidOption>
  package let stopsOnItemError: Bool
  package let threads: Int
  /// Results of more bytes go to the disk piece by piece.
  package var largestInMemory = ImageUpscaler.largestInMemory

  /// A picture of the detail that the input cannot tell beside each single grey image.
  package var addsDetailMaps = false

  package init(inputs: [URL], output: URL, options: Set<DeidOption>, stopsOnItemError: Bool, threads: Int) {
    self.inputs = inputs
    self.output = output
    self.options = options
    self.stopsOnItemError = stopsOnItemError
    self.threads = threads
  }

  /// `STEM_x2.tif`; inputs of one stem get `_2`, `_3` … before the ending, in order; those that fail use no name up.
  package func write(_ upscaler: ImageUpscaler, key: PseudonymKey, progress: @escaping ProgressSink) throws -> StageOutcome {
    KernelTable.threads = threads
    try OutputFolder.check(output, inputs: inputs)
    let deidentifier = try Deidentifier(options: options, key: key)
    let (items, skipped) = try Intake(inputs: inputs).files()
    let files = items.map { URL(fileURLWithPath: $0.path.revealed) }
    try OutputError.naming(output.path) { try AtomicFile.makeFolder(output.path) }
    let stage = "upscale"
    progress(.began(stage: stage, total: files.count, unit: "images"))
    if let warning = skipped.warning { progress(.warning(stage: stage, text: warning)) }
    var taken: Set<String> = []
    var warnings = ScanWarningTally()
    var (done, failures) = (0, 0)
    var (maps, largestDetail) = (0, 0.0)
    for (number, file) in files.enumerated() {
      if Interruption.isRequested { throw PipelineError.interrupted }
      do {
        let raw = try ScanReader().read(path: file.path)
        // The network needs its memory when the decoder needs its own no longer.
        if number == files.count - 1 { DecodeWorkerPool.shared.dismiss() }
        let clean = try deidentifier.clean(raw)
        let name = UpscaledFiles.name(
          file, factor: upscaler.resolver.factor, fileExtension: ScanFileEncoder.fileExtension(of: raw.format), taken: taken)
        let target = output.appendingPathComponent(name)
        try OutputError.naming(output.path) {
          try write(upscaler, clean, to: target) { SelfCheck(of: raw, with: deidentifier).leaks(in: $0) == 0 }
          if addsDetailMaps, let map = try upscaler.detailMap(of: clean) {
            try OutputFolder.write(map.png(), to: target.deletingPathExtension().appendingPathExtension("detail.png"))
            maps += 1
            largestDetail = max(largestDetail, map.rootMeanSquare)
          }
        }
        taken.insert(name)
        warnings.add(raw.warnings)
        done += 1
      } catch {
        try ItemPolicy.check(error)
        failures += 1
        progress(.warning(stage: stage, text: "file \(number + 1): \(ItemMessage.text(error))"))
        if stopsOnItemError { throw PipelineError.itemFailed(stage: stage, number: number + 1) }
      }
      progress(.advanced(stage: stage, done: number + 1))
    }
    for line in warnings.lines { progress(.warning(stage: stage, text: line)) }
    let summary = "\(done) of \(files.count) images enlarged x\(upscaler.resolver.factor)" + (failures > 0 ? ", \(failures) failed" : "")
      + (addsDetailMaps ? ", \(maps) detail maps" : "")
    progress(.ended(stage: stage, summary: summary))
    var figures = try upscaler.figures(count: done).merging(warnings.figures) { first, _ in first }
    if maps > 0 { figures["largestDetail"] = largestDetail }
    return StageOutcome(summary: summary, figures: figures, failedItems: failures, places: [output.path])
  }

  /// - Parameter isClean: asked of bytes that could hold what the source says.
  private func write(_ upscaler: ImageUpscaler, _ clean: CleanScan, to target: URL, isClean: ([UInt8]) -> Bool) throws {
    if let stream = try upscaler.stream(clean, over: largestInMemory, spoolingIn: output) {
      return try OutputFolder.write(to: target) { try TIFFWriter.write(stream, descriptor: $0) }
    }
    let scan = try upscaler.upscale(clean)
    let identity = Array("\(scan.source.instance) \(upscaler.derivation)".utf8)
    let (bytes, _) = try ScanFileEncoder.encode(scan, identity: identity)
    guard isClean(bytes) else { throw DeidError.identifiersRemain(1) }
    try OutputFolder.write(bytes, to: target)
  }

  private static func name(_ file: URL, factor: Int, fileExtension: String, taken: Set<String>) -> String {
    let stem = file.deletingPathExtension().lastPathComponent + "_x\(factor)"
    var name = "\(stem).\(fileExtension)"
    var number = 2
    while taken.contains(name) {
      name = "\(stem)_\(number).\(fileExtension)"
      number += 1
    }
    return name
  }
}
