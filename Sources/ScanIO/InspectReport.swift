import Crypto
package import Diagnostics
import Foundation
import ScanDeid
package import ScanModel

/// What `inspect --json` says of one file. The keys are public (CLI.md); every key is always there, `null` where it has no meaning.
package struct InspectReport: Encodable, Sendable {
  /// As the caller named it.
  package var file: String
  package var format: ScanFormat?
  package var modality: String?
  package var rows: Int?
  package var columns: Int?
  /// DICOM frames; pages of a TIFF, of which only the first is decoded.
  package var frames: Int?
  package var samplesPerPixel: Int?
  package var bitsAllocated: Int?
  package var bitsStored: Int?
  package var signed: Bool?
  /// IEEE floating point; for people alone.
  package var isFloat = false
  package var photometric: String?
  /// DICOM Transfer Syntax UID of the file.
  package var transferSyntax: String?
  /// Of the stored words, before any LUT; NaN is left out.
  package var min: SampleValue?
  package var max: SampleValue?
  /// SHA-256 of the stored words, lower-case hexadecimal.
  package var sha256Pixels: String?
  package var warnings: [ScanWarning] = []
  package var error: Problem?
  /// Exit-code class of `error`.
  package var failureKind: FailureKind?

  package struct Problem: Codable, Sendable, Equatable {
    package var code: String
    package var message: String
  }

  /// Inspects one file. Never throws: what goes wrong is in `error`.
  package init(path: String, reader: ScanReader = ScanReader()) {
    file = path
    let (facts, result) = reader.attempt(path: path, pixels: true, firstPageOnly: true)
    add(facts)
    switch result {
    case .success(let scan):
      add(scan)
    case .failure(let failure):
      guard let explained = failure as? any ExplainedError else { preconditionFailure("InspectReport: an error without explanation") }
      error = Problem(code: explained.code, message: explained.description)
      failureKind = explained.kind
    }
  }

  private mutating func add(_ facts: ScanFacts) {
    format = facts.format
    modality = facts.modality
    photometric = facts.filePhotometric
    transferSyntax = facts.fileTransferSyntaxUID
    warnings = facts.warnings
    guard let layout = facts.layout else { return }
    rows = layout.rows
    columns = layout.columns
    frames = Swift.max(layout.frames, facts.pages)
    samplesPerPixel = layout.samplesPerPixel
    bitsAllocated = layout.bitsAllocated
    bitsStored = layout.bitsStored
    signed = layout.isSigned
    isFloat = layout.isFloat
  }

  private mutating func add(_ scan: RawScan) {
    if scan.format == .dicom {
      // The file's own width: packed samples are decoded to wider words.
      rows = rows ?? scan.dataset.integer(.rows)
      columns = columns ?? scan.dataset.integer(.columns)
      // Without pixels Number of Frames counts nothing.
      if scan.pixels != nil, rows != nil { frames = frames ?? scan.dataset.integer(.numberOfFrames) ?? 1 }
      samplesPerPixel = samplesPerPixel ?? scan.dataset.integer(.samplesPerPixel)
      bitsAllocated = scan.dataset.integer(.bitsAllocated) ?? bitsAllocated
      bitsStored = bitsStored ?? scan.dataset.integer(.bitsStored)
    }
    warnings += PixelText.warnings(of: scan.dataset, transferSyntaxUID: scan.transferSyntaxUID).filter { !warnings.contains($0) }
    guard let pixels = scan.pixels else { return }
    (min, max) = SampleValue.range(of: pixels)
    sha256Pixels = SHA256.hash(data: pixels.words).map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
  }

  private enum CodingKeys: String, CodingKey {
    case file, format, modality, rows, columns, frames, samplesPerPixel, bitsAllocated, bitsStored, signed, photometric, transferSyntax,
      min, max
    case sha256Pixels, warnings, error
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(file, forKey: .file)
    // `encode` of an optional writes null; `encodeIfPresent` would leave the key out.
    try container.encode(format, forKey: .format)
    try container.encode(modality, forKey: .modality)
    try container.encode(rows, forKey: .rows)
    try container.encode(columns, forKey: .columns)
    try container.encode(frames, forKey: .frames)
    try container.encode(samplesPerPixel, forKey: .samplesPerPixel)
    try container.encode(bitsAllocated, forKey: .bitsAllocated)
    try container.encode(bitsStored, forKey: .bitsStored)
    try container.encode(signed, forKey: .signed)
    try container.encode(photometric, forKey: .photometric)
    try container.encode(transferSyntax, forKey: .transferSyntax)
    try container.encode(min, forKey: .min)
    try container.encode(max, forKey: .max)
    try container.encode(sha256Pixels, forKey: .sha256Pixels)
    try container.encode(warnings, forKey: .warnings)
    try container.encode(error, forKey: .error)
  }
}
