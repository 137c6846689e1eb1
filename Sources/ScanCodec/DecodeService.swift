import CDCMTK
import FoundationEssentials
import Glibc
package import ScanModel

/// The decode worker's loop: one request, one reply, until the main program closes its end.
///
/// The process has no more rights than it needs: bounded address space, no core dump, no new file descriptors, so neither files nor sockets.
package enum DecodeService {
  /// - Parameter memoryBytes: address space of the process.
  /// - Returns: exit code.
  package static func run(memoryBytes: Int) -> Int32 {
    let unready = start()
    restrict(memoryBytes: memoryBytes)
    let output = OutputMemory(descriptor: DecodeContract.outputDescriptor, limit: memoryBytes)
    // Says that the process has started; an installation without a library never gets here.
    guard send(DecodeReply()) else { return 1 }
    while let request = receive() {
      var reply = DecodeReply()
      do throws(CodecError) {
        try output.reset()
        if request.format == .dicom, let unready { throw unready }
        try decode(request, output, &reply)
      } catch {
        reply.failure = DecodeFailure(error)
      }
      guard send(reply) else { return 1 }
    }
    return 0
  }

  /// Loads what the DICOM decoder needs, once.
  ///
  /// - Returns: why no DICOM file can be decoded on this machine; nil when all is well.
  package static func start() -> CodecError? {
    let (status, text) = withMessage { cdcm_start($0, $1) }
    return status == 0 ? nil : dicomError(status, text)
  }

  private static func decode(_ request: DecodeRequest, _ output: OutputMemory, _ reply: inout DecodeReply) throws(CodecError) {
    guard request.byteCount > 0 else { throw .unreadable(request.format, "The file is empty") }
    let input = try InputMemory(descriptor: DecodeContract.inputDescriptor, count: request.byteCount)
    try decode(input, request.format, wantsPixels: request.wantsPixels, pages: request.pages, output, &reply)
  }

  /// Decodes one file that the pre-scan has accepted; `reply` tells what lies where in `output`.
  package static func decode(
    _ input: InputMemory, _ format: ScanFormat, wantsPixels: Bool, pages: Int, _ output: OutputMemory, _ reply: inout DecodeReply
  ) throws(CodecError) {
    switch format {
    case .dicom: try DICOMDecoder(output: output).decode(input.bytes, wantsPixels: wantsPixels, reply: &reply)
    case .tiff: try TIFFDecoder(output: output).decode(input, wantsPixels: wantsPixels, pages: pages, reply: &reply)
    case .png: try PNGDecoder(output: output).decode(input.bytes, wantsPixels: wantsPixels, reply: &reply)
    }
  }

  private static func restrict(memoryBytes: Int) {
    limit(RLIMIT_AS, rlim_t(memoryBytes))
    limit(RLIMIT_FSIZE, rlim_t(memoryBytes))
    limit(RLIMIT_CORE, 0)
    // Descriptors that the main program did not mean to pass on.
    for descriptor in DecodeContract.outputDescriptor + 1..<1024 { close(descriptor) }
    limit(RLIMIT_NOFILE, rlim_t(DecodeContract.outputDescriptor + 1))
    // A write past RLIMIT_FSIZE must be an error, not a signal.
    signal(SIGXFSZ, SIG_IGN)
  }

  private static func limit(_ resource: __rlimit_resource, _ value: rlim_t) {
    var limit = rlimit(rlim_cur: value, rlim_max: value)
    setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
  }

  private static func receive() -> DecodeRequest? {
    guard let head = readExactly(4) else { return nil }
    let count = head.enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    guard count <= DecodeContract.maximumFrameBytes, let body = readExactly(count) else { return nil }
    return try? JSONDecoder().decode(DecodeRequest.self, from: Data(body))
  }

  private static func readExactly(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = bytes.withUnsafeMutableBytes { read(DecodeContract.requestDescriptor, $0.baseAddress! + done, count - done) }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { return nil }
      done += got
    }
    return bytes
  }

  private static func send(_ reply: DecodeReply) -> Bool {
    guard let body = try? JSONEncoder().encode(reply) else { return false }
    let head = (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (8 * $0)) }
    let bytes = head + body
    var done = 0
    while done < bytes.count {
      let sent = bytes.withUnsafeBytes { write(DecodeContract.replyDescriptor, $0.baseAddress! + done, bytes.count - done) }
      if sent < 0, errno == EINTR { continue }
      guard sent > 0 else { return false }
      done += sent
    }
    return true
  }
}
