import Diagnostics
import Foundation
import ScanIO
import ScanModel
import TestSupport
import Testing

/// The pool's promises, kept against workers that misbehave: shell scripts that answer like one and then fail.
@Suite struct DecodeWorkerTests {
  /// A folder with a stand-in worker; `%` in `body` is that folder. The script notes each start in `starts`.
  private func standIn(_ body: String, replies: [DecodeReply] = []) throws -> (folder: URL, executable: String) {
    let folder = try TestData.temporaryFolder("worker")
    func frame(_ reply: DecodeReply) throws -> Data {
      let body = try JSONEncoder().encode(reply)
      return Data((0..<4).map { UInt8(truncatingIfNeeded: body.count >> (8 * $0)) }) + body
    }
    try frame(DecodeReply()).write(to: folder.appendingPathComponent("hello"))
    for (index, reply) in replies.enumerated() { try frame(reply).write(to: folder.appendingPathComponent("reply\(index)")) }
    let script = "#!/bin/sh\necho x >> %/starts\n" + body
    let executable = folder.appendingPathComponent("worker")
    try Data(script.replacingOccurrences(of: "%", with: folder.path).utf8).write(to: folder.appendingPathComponent("script"))
    // Copied by another process: a file that this one has open for writing while a parallel test forks cannot be executed (ETXTBSY).
    let copied = try Program.run("/bin/sh", ["-c", "cp script worker && chmod 755 worker"], in: folder)
    #expect(copied.exitCode == 0)
    return (folder, executable.path)
  }

  private func starts(_ folder: URL) throws -> Int {
    try String(contentsOf: folder.appendingPathComponent("starts"), encoding: .utf8).split(separator: "\n").count
  }

  private func decode(_ pool: DecodeWorkerPool, _ bytes: [UInt8] = SampleDICOM.file()) throws -> RawScan {
    try ScanReader(pool: pool).read(bytes, source: Redacted("memory"))
  }

  @Test func `a missing worker is the machine's fault`() {
    let error = #expect(throws: DecodeWorkerError.missing) { try decode(DecodeWorkerPool(executable: nil)) }
    #expect(error?.kind == .surroundings)
    #expect(
      error?.description
        == "The decode worker scanforge-decode is not there. Put scanforge-decode beside scanforge, or set SCANFORGE_DECODE to its path.")
  }

  @Test func `a worker that cannot start is the machine's fault`() throws {
    let (folder, executable) = try standIn("exit 1\n")
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(throws: DecodeWorkerError.doesNotStart) { try decode(DecodeWorkerPool(executable: executable)) }
    #expect(throws: DecodeWorkerError.doesNotStart) { try decode(DecodeWorkerPool(executable: folder.path + "/none")) }
  }

  @Test func `a crash costs one file and a new worker is started`() throws {
    let (folder, executable) = try standIn("cat %/hello\nhead -c 4 > /dev/null\nkill -SEGV $$\n")
    defer { try? FileManager.default.removeItem(at: folder) }
    let pool = DecodeWorkerPool(executable: executable, workers: 1)
    for _ in 0..<3 { #expect(throws: DecodeWorkerError.crashed) { try decode(pool) } }
    #expect(try starts(folder) == 3)
  }

  @Test(.timeLimit(.minutes(1))) func `a worker that does not answer is stopped at the deadline`() throws {
    let (folder, executable) = try standIn("cat %/hello\nexec sleep 600\n")
    defer { try? FileManager.default.removeItem(at: folder) }
    let pool = DecodeWorkerPool(executable: executable, workers: 1, secondsPerItem: 1)
    let start = ContinuousClock.now
    #expect(throws: DecodeWorkerError.timeout(seconds: 1)) { try decode(pool) }
    #expect(ContinuousClock.now - start < .seconds(10))
  }

  @Test func `an answer that contradicts itself is refused`() throws {
    var tooManyWords = DecodeReply()
    tooManyWords.wordsBytes = 1 << 40
    var wrongLayout = DecodeReply()
    wrongLayout.layout = .init(rows: 2, columns: 2, bitsAllocated: 8)
    wrongLayout.wordsBytes = 3
    wrongLayout.wordsAreDatasetBytes = true
    var negative = DecodeReply()
    negative.datasetBytes = -1
    for reply in [tooManyWords, wrongLayout, negative] {
      let (folder, executable) = try standIn("cat %/hello\nhead -c 4 > /dev/null\ncat %/reply0\nexec sleep 600\n", replies: [reply])
      defer { try? FileManager.default.removeItem(at: folder) }
      #expect(throws: DecodeWorkerError.badReply) { try decode(DecodeWorkerPool(executable: executable, workers: 1)) }
    }
  }

  @Test func `a worker started ahead serves the first file, and one that fails shows when a file is decoded`() throws {
    let (folder, executable) = try standIn("exec \(DecodeSamples.executable) \"$@\"\n")
    defer { try? FileManager.default.removeItem(at: folder) }
    let pool = DecodeWorkerPool(executable: executable, workers: 2)
    pool.prestart()
    pool.prestart()
    #expect(try decode(pool).pixels != nil)
    #expect(try starts(folder) == 1)
    let (other, broken) = try standIn("exit 1\n")
    defer { try? FileManager.default.removeItem(at: other) }
    let failing = DecodeWorkerPool(executable: broken)
    failing.prestart()
    #expect(throws: DecodeWorkerError.doesNotStart) { try decode(failing) }
  }

  @Test func `dismissed workers are gone, and the next file starts another`() throws {
    let (folder, executable) = try standIn("echo $$ >> %/processes\nexec \(DecodeSamples.executable) \"$@\"\n")
    defer { try? FileManager.default.removeItem(at: folder) }
    let pool = DecodeWorkerPool(executable: executable, workers: 1)
    for round in 1...2 {
      #expect(try decode(pool).pixels != nil)
      let processes = try String(contentsOf: folder.appendingPathComponent("processes"), encoding: .utf8).split(separator: "\n")
      let process = try #require(processes.last.flatMap { pid_t($0) })
      #expect(processes.count == round && kill(process, 0) == 0)
      pool.dismiss()
      #expect(kill(process, 0) == -1 && errno == ESRCH)
    }
    // One that is still starting is waited for.
    pool.prestart()
    pool.dismiss()
    #expect(try starts(folder) == 3)
    #expect(try decode(pool).pixels != nil)
    #expect(try starts(folder) == 4)
  }

  @Test func `a worker is replaced after its share of files`() throws {
    let (folder, executable) = try standIn("exec \(DecodeSamples.executable) \"$@\"\n")
    defer { try? FileManager.default.removeItem(at: folder) }
    let pool = DecodeWorkerPool(executable: executable, workers: 1, itemsPerWorker: 3)
    for _ in 0..<7 { #expect(try decode(pool).pixels != nil) }
    #expect(try starts(folder) == 3)
  }

  @Test func `an image larger than the worker's memory is refused, and the worker lives on`() throws {
    var image = DecodeSamples.dataset(rows: 1, columns: 1, bits: 8)
    image.set(.rows, us: 20_000)
    image.set(.columns, us: 20_000)
    image.set(Element(.pixelData, .OB, .fragments([[], DecodeSamples.rleZeros(cells: 20_000 * 20_000, segments: 1)])))
    let large = SampleDICOM.file(image, transferSyntax: DecodeWorkerCodecTests.rle)
    let pool = DecodeWorkerPool(executable: DecodeSamples.executable, workers: 1, memoryBytes: 384 << 20)
    let error = #expect(throws: DecodeFailure.self) { try decode(pool, large) }
    #expect(error?.code == "decode.memory")
    #expect(try decode(pool).pixels != nil)
  }

  @Test func `many threads share two workers`() async throws {
    let bytes = SampleDICOM.file()
    let expected = try decode(DecodeSamples.pool, bytes).pixels
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<40 { group.addTask { (try? self.decode(DecodeSamples.pool, bytes).pixels) == expected } }
      for await same in group { #expect(same) }
    }
  }

  @Test func `errors name neither path nor value`() throws {
    let folder = try TestData.temporaryFolder("ZZFAKE-PATIENT")
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = folder.appendingPathComponent("ZZFAKE.dcm")
    try Data("This is not a scan of ZZFAKE^PATIENT.".utf8).write(to: text)
    let cut = folder.appendingPathComponent("cut.dcm")
    try Data(SampleDICOM.file().dropLast(200)).write(to: cut)
    let cases: [(String, String, FailureKind)] = [
      (text.path, "format.unknown", .item), (cut.path, "dicom.truncated", .item), (folder.path, "file.directory", .surroundings),
      (folder.path + "/none.dcm", "file.missing", .surroundings), ("/dev/null", "file.notRegular", .surroundings),
    ]
    for (path, code, kind) in cases {
      do {
        _ = try DecodeSamples.reader.read(path: path)
        Issue.record("\(code) was not thrown")
      } catch let error as any ExplainedError {
        #expect(error.code == code)
        #expect(error.kind == kind)
        #expect(!error.description.contains("ZZFAKE"))
      }
    }
  }
}
