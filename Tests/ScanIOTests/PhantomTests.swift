import Diagnostics
import Foundation
import ScanDeid
import ScanIO
import ScanModel
import TestSupport
import Testing

/// The generator of the embedded data, run as a user would.
@Suite struct PhantomTests {
  @Test func `the same options give the same bytes and another seed gives others`() throws {
    let folders = try [["--seed", "3"], ["--seed", "3"], ["--seed", "4"]].map {
      try PhantomSample.make($0 + ["--patients", "1", "--slices", "3", "--size", "64"])
    }
    defer { folders.forEach { try? FileManager.default.removeItem(at: $0) } }
    let contents = try folders.map { folder in
      try PhantomSample.files(folder).map { [UInt8](try Data(contentsOf: folder.appendingPathComponent($0))) }
    }
    #expect(contents[0] == contents[1])
    #expect(contents[0] != contents[2])
  }

  @Test func `labels list every image, every patient has every kind, and masks agree`() throws {
    let folder = PhantomSample.folder
    var kinds: [String: Set<String>] = [:]
    var splits: [String: Set<String>] = [:]
    var listed: Set<String> = []
    for line in try PhantomSample.lines("labels.csv").dropFirst() {
      let fields = line.split(separator: ",").map(String.init)
      #expect(fields.count == 4)
      listed.insert(fields[0])
      kinds[fields[2], default: []].insert(fields[1])
      splits[fields[2], default: []].insert(fields[3])
      #expect(URL(fileURLWithPath: fields[0]).deletingLastPathComponent().lastPathComponent == fields[1])
      let mask = folder.appendingPathComponent("masks").appendingPathComponent(fields[0]).deletingPathExtension().appendingPathExtension(
        "tif")
      let bytes = [UInt8](try Data(contentsOf: mask))
      let marked = bytes[TIFFTags(bytes).strips].filter { $0 == 255 }.count
      #expect(fields[1] == "normal" ? marked == 0 : (20...600).contains(marked), "\(fields[1]): \(marked) pixels")
    }
    #expect(kinds.values.allSatisfy { $0 == ["cyst", "nodule", "normal"] })
    #expect(splits.values.allSatisfy { $0.count == 1 })
    let images = try PhantomSample.files(folder).filter { $0.hasPrefix("dicom/") || $0.hasPrefix("tiff/") }
    #expect(Set(images) == listed)
  }

  @Test func `every planted text is somewhere in the set`() throws {
    // Without the deflated patient, whose bytes cannot be searched.
    let folder = try PhantomSample.make(["--patients", "2", "--slices", "3", "--size", "64"])
    defer { try? FileManager.default.removeItem(at: folder) }
    var all = Data()
    for file in try PhantomSample.files(folder) where file.hasPrefix("dicom/") || file.hasPrefix("tiff/") {
      all += Data(file.utf8)
      all += try Data(contentsOf: folder.appendingPathComponent(file))
    }
    all += try Data(contentsOf: folder.appendingPathComponent("labels.csv"))
    let texts = try String(contentsOf: folder.appendingPathComponent("planted.txt"), encoding: .utf8).split(separator: "\n")
    #expect(texts.count > 100)
    for text in texts { #expect(all.range(of: Data(text.utf8)) != nil, "\(text)") }
  }

  @Test func `all files are read through the worker, in seven transfer syntaxes`() throws {
    var syntaxes: Set<String> = []
    for file in try PhantomSample.files(PhantomSample.folder) where file.hasPrefix("dicom/") {
      let raw = try PhantomSample.read(file)
      #expect(raw.warnings.isEmpty, "\(file): \(raw.warnings)")
      syntaxes.insert(try #require(raw.fileTransferSyntaxUID))
      let pixels = try #require(raw.pixels)
      #expect(pixels.rows == 64 && pixels.columns == 64 && pixels.bitsAllocated == 16)
      guard raw.dataset.text(.modality) == "CT" else { continue }
      // The corner is air in every way of storing it, or the padding value of a scanner with a round field of view.
      let word = Int(pixels.words[0]) | Int(pixels.words[1]) << 8
      let stored = pixels.isSigned ? Int(Int16(truncatingIfNeeded: word)) : word
      let hounsfield = Double(stored) * (raw.dataset.number(.rescaleSlope) ?? 1) + (raw.dataset.number(.rescaleIntercept) ?? 0)
      #expect(stored == -2000 || (-1030 ... -930).contains(hounsfield), "\(file): \(hounsfield)")
    }
    #expect(syntaxes.count == 7, "\(syntaxes)")
  }

  @Test func `a wrong request is exit 2`() throws {
    let result = try Program.run("make-phantoms", ["--patients", "x", "somewhere"])
    #expect(result.exitCode == 2)
    #expect(result.errors.hasPrefix("make-phantoms: --patients needs a number from 0 to 99\n"))
    #expect(!FileManager.default.fileExists(atPath: "somewhere"))
    let file = try TestData.temporaryFolder().appendingPathComponent("afile")
    try Data().write(to: file)
    #expect(try Program.run("make-phantoms", [file.path]).exitCode == 2)
  }
}

/// A small phantom set with every transfer syntax, made once for all tests.
enum PhantomSample {
  static let folder: URL = {
    do { return try make(["--patients", "6", "--slices", "3", "--size", "64", "--tiff-patients", "2"]) } catch {
      fatalError("make-phantoms: \(error)")
    }
  }()

  static let pool = DecodeWorkerPool(executable: Program.url("scanforge-decode").path, workers: 2)

  static func make(_ options: [String]) throws -> URL {
    let folder = try TestData.temporaryFolder("phantoms")
    let result = try Program.run("make-phantoms", [folder.path] + options)
    guard result.exitCode == 0 else { throw Failure(text: result.errors) }
    return folder
  }

  struct Failure: Error {
    let text: String
  }

  /// Paths below `folder`, sorted.
  static func files(_ folder: URL) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.contains(".") }.sorted()
  }

  static func lines(_ name: String) throws -> [String] {
    try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8).split(separator: "\n").map(String.init)
  }

  static func bytes(_ file: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appendingPathComponent(file))) }

  static func read(_ file: String) throws -> RawScan { try ScanReader(pool: pool).read(bytes(file), source: Redacted(file)) }

  static let deidentifier: Deidentifier = {
    guard let key = PseudonymKey(bytes: [UInt8](repeating: 7, count: 32)), let deidentifier = try? Deidentifier(key: key) else {
      fatalError("the Basic Profile with a key of 32 bytes")
    }
    return deidentifier
  }()

  /// The first slice of every DICOM patient, with its file name.
  static func firstSlices() throws -> [String] { try files(folder).filter { $0.hasPrefix("dicom/") && $0.hasSuffix("_01.dcm") } }
}
