package import Diagnostics
package import ScanModel

/// Reads a scan from a file: bytes, pre-scan, decode worker, checks of the worker's answer.
package struct ScanReader: Sendable {
  let pool: DecodeWorkerPool
  private let limits: PrescanLimits

  package init(pool: DecodeWorkerPool = .shared, limits: PrescanLimits = .standard) {
    self.pool = pool
    self.limits = limits
  }

  /// Reads `path` with the shared pool.
  ///
  /// - Parameter pixels: decode the samples; without it only the attributes are read, and encapsulated Pixel Data stays as it is; JPEG 2000 is
  ///   decoded all the same, to see whether it is whole.
  /// - Throws: `ScanFileError`, `PrescanError`, `DecodeWorkerError`, `DecodeFailure`, all `ExplainedError` without the path.
  package static func read(path: String, pixels: Bool = true) throws -> RawScan {
    try ScanReader().read(path: path, pixels: pixels)
  }

  package func read(path: String, pixels: Bool = true) throws -> RawScan {
    try attempt(path: path, pixels: pixels, firstPageOnly: false).result.get()
  }

  /// Reads bytes that are in memory already; `source` is where they came from.
  package func read(_ bytes: consuming [UInt8], source: Redacted<String>, pixels: Bool = true) throws -> RawScan {
    var facts = ScanFacts()
    return try scan(bytes, source: source, pixels: pixels, facts: &facts)
  }

  /// Reads `path` and tells what was learned of the file, also when it cannot be read to its end.
  ///
  /// - Parameter firstPageOnly: of a TIFF.
  func attempt(path: String, pixels: Bool, firstPageOnly: Bool) -> (facts: ScanFacts, result: Result<RawScan, any Error>) {
    var facts = ScanFacts()
    let result = Result {
      var scan = try scan(ScanFile.bytes(atPath: path), source: Redacted(path), pixels: pixels, firstPageOnly: firstPageOnly, facts: &facts)
      if !pixels { checkCodestreams(of: &scan) }
      return scan
    }
    return (facts, result)
  }

  private func scan(
    _ bytes: consuming [UInt8], source: Redacted<String>, pixels: Bool, firstPageOnly: Bool = false, facts: inout ScanFacts
  ) throws -> RawScan {
    let report = try Prescan.scan(bytes, limits: limits)
    facts.format = report.format
    facts.warnings = report.warnings
    let wantsDecoder = pixels && report.hasPixels
    if !wantsDecoder || report.count > ScanReader.manyElements, let dataset = PlainDataset.read(bytes, report) {
      // Nothing of the file is needed any more.
      bytes = []
      return try scan(dataset, report, source: source, decodes: wantsDecoder, facts: &facts)
    }
    if report.format == .dicom, report.count > limits.decoderElements {
      throw PrescanError.tooMany(.dicom, what: .elements, limit: limits.decoderElements)
    }
    let pages = firstPageOnly ? 1 : report.pages
    if pages > 1 { try report.checkPages(limits) }
    // The worker has a copy: the file's bytes go as it comes, and it goes as the samples come, so that memory holds one of them.
    let count = bytes.count - report.paddingBytes
    let decoded = try pool.decode(consume bytes, count: count, format: report.format, wantsPixels: pixels, pages: pages)
    facts.add(decoded.reply)
    if let failure = decoded.reply.failure { throw failure }
    var scan = try Self.assemble(decoded, report.format, source, facts)
    if facts.addWarning(of: scan.pixels) { scan.warnings.append(.notFinite) }
    if report.format == .dicom { MediaStorageIdentity.complete(&scan, report) }
    return scan
  }

  /// From so many on the attributes are read here: a decoder takes several microseconds for each.
  private static let manyElements = 20_000

  /// A scan of attributes that were read without a decoder, which at most gets the few that tell how the pixels are stored.
  private func scan(
    _ dataset: Dataset, _ report: PrescanReport, source: Redacted<String>, decodes: Bool, facts: inout ScanFacts
  ) throws -> RawScan {
    var scan = RawScan(source: source, format: .dicom)
    PlainDataset.complete(&scan, dataset, report)
    if decodes {
      let file = try DICOMWriter.file(PlainDataset.image(of: dataset), transferSyntaxUID: scan.transferSyntaxUID)
      let count = file.count
      let decoded = try pool.decode(consume file, count: count, format: .dicom, wantsPixels: true)
      facts.add(decoded.reply)
      if let failure = decoded.reply.failure { throw failure }
      let image = try Self.assemble(decoded, .dicom, source, facts)
      (scan.pixels, scan.photometric) = (image.pixels, image.photometric)
      _ = facts.addWarning(of: image.pixels)
    }
    facts.modality = dataset.text(.modality)
    facts.filePhotometric = dataset.text(.photometricInterpretation)
    facts.fileTransferSyntaxUID = scan.fileTransferSyntaxUID
    scan.warnings = facts.warnings
    MediaStorageIdentity.complete(&scan, report)
    return scan
  }

  /// What the worker found, as a scan; its answer is trusted no more than the file.
  package static func assemble(_ decoded: DecodedFile, _ format: ScanFormat, _ source: Redacted<String>, _ facts: ScanFacts) throws -> RawScan {
    let dataset = decoded.dataset.isEmpty ? Dataset() : try ExplicitStream.decode(decoded.dataset)
    var scan = RawScan(source: source, format: format, warnings: facts.warnings)
    scan.pixels = try pixels(decoded, dataset)
    scan.photometric = decoded.reply.photometric.map(Photometric.init(dicom:))
    try FormatRegistry.reader(of: format).complete(&scan, from: decoded, dataset: dataset)
    return scan
  }

  /// Joins layout and words, and checks that they fit: the worker may have been taken over by the file it read.
  private static func pixels(_ decoded: DecodedFile, _ dataset: Dataset) throws(DecodeWorkerError) -> PixelBuffer? {
    let reply = decoded.reply
    guard let layout = reply.layout, reply.wordsBytes > 0 else { return nil }
    let factors = [layout.rows, layout.columns, layout.frames, layout.samplesPerPixel, layout.bitsAllocated / 8]
    guard [8, 16, 32, 64].contains(layout.bitsAllocated), factors.allSatisfy({ $0 > 0 }), product(factors) == reply.wordsBytes else {
      throw .badReply
    }
    var words = decoded.words
    if reply.wordsAreDatasetBytes {
      let tags: [Tag] = [.pixelData, .floatPixelData, .doubleFloatPixelData]
      guard let bytes = tags.lazy.compactMap({ dataset[$0]?.bytes }).first, bytes.count >= reply.wordsBytes else { throw .badReply }
      words = bytes.count == reply.wordsBytes ? bytes : Array(bytes[..<reply.wordsBytes])
    }
    guard words.count == reply.wordsBytes else { throw .badReply }
    return PixelBuffer(
      rows: layout.rows, columns: layout.columns, frames: layout.frames, samplesPerPixel: layout.samplesPerPixel,
      bitsAllocated: layout.bitsAllocated, bitsStored: layout.bitsStored, isSigned: layout.isSigned, isFloat: layout.isFloat,
      isPlanar: layout.isPlanar, words: words)
  }
}

/// What is known of a file beside its scan; complete after success, partial after a failure.
package struct ScanFacts: Sendable {
  package init() {}

  var format: ScanFormat?
  var layout: DecodeReply.Layout?
  var pages = 1
  var modality: String?
  /// As the file names it; `RawScan.photometric` is the decoded words'.
  var filePhotometric: String?
  var fileTransferSyntaxUID: String?
  var warnings: [ScanWarning] = []

  /// - Returns: whether float samples are no numbers.
  fileprivate mutating func addWarning(of pixels: PixelBuffer?) -> Bool {
    guard let pixels, SampleValue.holdsNotFinite(pixels) else { return false }
    warnings.append(.notFinite)
    return true
  }

  package mutating func add(_ reply: DecodeReply) {
    layout = reply.layout
    pages = reply.pages
    modality = reply.modality
    filePhotometric = reply.filePhotometric
    fileTransferSyntaxUID = reply.fileTransferSyntaxUID
    for warning in reply.warnings where !warnings.contains(warning) { warnings.append(warning) }
  }
}
