import Diagnostics
import Foundation
import ScanCodec
import ScanDeid
import ScanIO
import ScanModel

/// What one input of a fuzzer goes through: the product's own path, in one process so that the sanitizer sees all of it.
///
/// A function returns 0 for whatever ends in an explained error, and traps where a law of the path does not hold.
package enum FuzzPath {
  /// Smaller than the standard limits, so that an input costs milliseconds.
  static let limits: PrescanLimits = {
    var limits = PrescanLimits()
    limits.decodedBytes = 8 << 20
    limits.inflatedBytes = 8 << 20
    return limits
  }()

  /// The pre-scan of any format. What it accepts is within its limits.
  package static func prescan(_ bytes: UnsafeRawBufferPointer) -> Int32 {
    guard let report = try? Prescan.scan(bytes, limits: limits) else { return 0 }
    law(report.paddingBytes >= 0 && report.paddingBytes <= bytes.count, "padding outside the file")
    if let geometry = report.geometry {
      guard let decoded = geometry.decodedBytes else { broken("an image without a size was accepted") }
      law(decoded <= limits.decodedBytes, "an image over the limit was accepted")
    }
    return 0
  }

  /// A DICOM file up to the bytes that would be released.
  package static func dicom(_ bytes: UnsafeRawBufferPointer) -> Int32 {
    guard let raw = read(bytes, .dicom) else { return 0 }
    for deidentifier in [deidentifier, withOptions] {
      guard let clean = try? deidentifier.clean(raw), let released = try? DICOMWriter.encode(clean) else { continue }
      law(SelfCheck(of: raw, with: deidentifier).leaks(in: clean) == 0, "an identifier was released")
      do {
        _ = try Prescan.scan(released)
      } catch {
        broken("a file was written that cannot be read back: \(error.code)")
      }
    }
    return 0
  }

  /// A TIFF up to the bytes that would be released.
  package static func tiff(_ bytes: UnsafeRawBufferPointer) -> Int32 {
    guard let raw = read(bytes, .tiff), let clean = try? deidentifier.clean(raw) else { return 0 }
    guard let released = try? TIFFWriter.encode(clean) else { return 0 }
    guard let again = released.withUnsafeBytes({ read($0, .tiff) }) else { broken("a TIFF was written that cannot be read back") }
    law(again.pixels?.words == clean.pixels?.interleaved().words, "pixels changed")
    return 0
  }

  private static func law(_ holds: Bool, _ what: String) {
    if !holds { broken(what) }
  }

  /// Ends the process as a crash does, and says why: the optimizer leaves no text of a `preconditionFailure`.
  private static func broken(_ what: String) -> Never {
    FileHandle.standardError.write(Data("law of the path broken: \(what)\n".utf8))
    abort()
  }

  private static let deidentifier = makeDeidentifier([])
  /// Every option that cleans or moves, and those that keep what identifies nobody.
  private static let withOptions = makeDeidentifier([
    .cleanDescriptors, .cleanStructuredContent, .cleanGraphics, .retainLongitudinalModifiedDates, .retainPatientCharacteristics,
    .retainSafePrivate,
  ])

  private static func makeDeidentifier(_ options: Set<DeidOption>) -> Deidentifier {
    guard let key = PseudonymKey(bytes: [UInt8](repeating: 7, count: 32)), let made = try? Deidentifier(options: options, key: key) else {
      broken("no de-identifier")
    }
    return made
  }

  private static let memory: DecodeWorkerMemory = {
    do { return try DecodeWorkerMemory() } catch { broken("no shared memory") }
  }()
  private nonisolated(unsafe) static let output = OutputMemory(descriptor: memory.descriptor, limit: 64 << 20)
  private static let isStarted = DecodeService.start() == nil

  /// Pre-scan, decoders and the checks of their answer, as `ScanReader` has them with the worker in between.
  private static func read(_ bytes: UnsafeRawBufferPointer, _ format: ScanFormat) -> RawScan? {
    law(isStarted, "DCMTK's data dictionary is missing: install the package dcmtk")
    guard let report = try? Prescan.scan(bytes, limits: limits), report.format == format else { return nil }
    if report.pages > 1, (try? report.checkPages(limits)) == nil { return nil }
    let file = UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - report.paddingBytes)])
    var reply = DecodeReply()
    var facts = ScanFacts()
    do {
      try output.reset()
      try DecodeService.decode(InputMemory(borrowing: file), format, wantsPixels: true, pages: report.pages, output, &reply)
      facts.add(reply)
      return try ScanReader.assemble(DecodedFile(reply, in: memory), format, Redacted("fuzz"), facts)
    } catch let error as DecodeWorkerError {
      broken("a decoder promised what is not there: \(error.code)")
    } catch {
      return nil
    }
  }
}
