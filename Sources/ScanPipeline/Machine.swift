package import Foundation
import Diagnostics
import ForgeTensor
import ScanDeid
import ScanIO
import ScanModel

/// What `doctor` finds out.
package enum Machine {
  package struct Check: Sendable {
    package let name: String
    package let isGood: Bool
    package let detail: String
  }

  /// Refuses environment variables that cannot be followed, before anything else is done.
  ///
  /// - Throws: `KernelError` when `SCANFORGE_KERNELS` names a table that this machine lacks.
  package static func checkEnvironment() throws {
    try KernelTable.checkSelection(ProcessInfo.processInfo.environment["SCANFORGE_KERNELS"])
  }

  package static func check(workspace: URL) -> [Check] {
    var checks: [Check] = []
    let worker = DecodeWorkerPool.locate()
    checks.append(
      Check(name: "decode worker", isGood: worker != nil, detail: worker == nil ? "scanforge-decode is not beside the program; set SCANFORGE_DECODE" : "found"))
    checks.append(codec())
    let tables = KernelTable.available
    checks.append(
      Check(
        name: "kernels", isGood: true,
        detail: "\(KernelTable.current.name) in use; available: \(tables.joined(separator: ", ")); \(KernelTable.threads) threads"))
    let isKnown = DataDictionary.tag(keyword: "PatientID") == Tag.patientID
    checks.append(Check(name: "data dictionary", isGood: isKnown, detail: "PS3.6, built in"))
    checks.append(Check(name: "de-identification table", isGood: true, detail: "PS3.15 Table E.1-1 edition \(ConfidentialityTable.edition), built in"))
    checks.append(disk(workspace))
    return checks
  }

  /// A one-pixel TIFF through the worker and back.
  private static func codec() -> Check {
    let pixels = PixelBuffer(rows: 1, columns: 2, bitsAllocated: 16, words: [1, 0, 2, 1])
    do {
      let bytes = try TIFFWriter.encode(pixels, photometric: .monochrome2, spacing: nil)
      let read = try ScanReader().read(bytes, source: Redacted("doctor"))
      let isSame = read.pixels?.words == pixels.words
      return Check(name: "decoding", isGood: isSame, detail: isSame ? "a test image went through the worker unchanged" : "the worker changed a test image")
    } catch {
      return Check(name: "decoding", isGood: false, detail: ItemMessage.text(error))
    }
  }

  private static func disk(_ workspace: URL) -> Check {
    var folder = workspace
    while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" { folder.deleteLastPathComponent() }
    let free = (try? FileManager.default.attributesOfFileSystem(forPath: folder.path)[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
    let isWritable = FileManager.default.isWritableFile(atPath: folder.path)
    return Check(
      name: "disk", isGood: isWritable && free > 1 << 28,
      detail: "\(free >> 20) MiB free" + (isWritable ? "" : ", but the folder may not be written"))
  }
}
