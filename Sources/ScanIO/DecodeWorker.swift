import Foundation
package import ScanModel

/// One worker process: started once, asked many times, ended by closing its socket or by a kill.
///
/// Not thread safe: the pool lends it to one thread at a time.
final class DecodeWorker {
  private let input: DecodeWorkerMemory
  private let output: DecodeWorkerMemory
  private let socket: Int32
  private let process: pid_t
  private(set) var served = 0

  /// Starts `executable` and waits for its first frame.
  init(executable: String, memoryBytes: Int, startSeconds: Int) throws(DecodeWorkerError) {
    input = try DecodeWorkerMemory()
    output = try DecodeWorkerMemory()
    var ends: [Int32] = [-1, -1]
    // A socket pair instead of two pipes: MSG_NOSIGNAL keeps a dead worker from raising SIGPIPE here.
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else { throw .doesNotStart }
    let mine = fcntl(ends[0], F_DUPFD_CLOEXEC, 16)
    let theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, 16)
    close(ends[0])
    close(ends[1])
    let started =
      mine >= 0 && theirs >= 0
      ? Self.spawn(executable, memoryBytes: memoryBytes, socket: theirs, input: input.descriptor, output: output.descriptor) : nil
    // Closed before anything is awaited: the last copy of the worker's end must be the worker's, or its death would not end the stream.
    close(theirs)
    guard let started else {
      close(mine)
      throw .doesNotStart
    }
    process = started
    socket = mine
    do throws(DecodeWorkerError) {
      _ = try receive(deadline: .now + .seconds(startSeconds), seconds: startSeconds)
    } catch {
      kill()
      throw .doesNotStart
    }
  }

  deinit {
    close(socket)
    // The worker leaves when its socket closes; SIGKILL makes that certain, and it holds nothing that could be lost.
    Foundation.kill(process, SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
  }

  /// Decodes one file.
  ///
  /// - Throws: `.crashed` and `.timeout` end the worker; the caller must drop it.
  func decode(
    _ bytes: consuming [UInt8], count: Int, format: ScanFormat, wantsPixels: Bool, pages: Int, seconds: Int
  ) throws(DecodeWorkerError) -> DecodedFile {
    served += 1
    defer {
      input.clear()
      output.clear()
    }
    try input.write(consume bytes, count: count)
    let request = DecodeRequest(format: format, byteCount: count, wantsPixels: wantsPixels, pages: pages)
    guard let body = try? JSONEncoder().encode(request) else { throw .badReply }
    try send(body)
    let reply = try receive(deadline: .now + .seconds(seconds), seconds: seconds)
    input.clear()
    if reply.failure != nil { return DecodedFile(reply: reply, dataset: [], words: []) }
    return try DecodedFile(reply, in: output)
  }

  func kill() { Foundation.kill(process, SIGKILL) }

  private func send(_ body: Data) throws(DecodeWorkerError) {
    let head = (0..<4).map { UInt8(truncatingIfNeeded: body.count >> (8 * $0)) }
    let frame = head + body
    var done = 0
    while done < frame.count {
      let sent = frame.withUnsafeBytes { Foundation.send(socket, $0.baseAddress! + done, frame.count - done, Int32(MSG_NOSIGNAL)) }
      if sent < 0, errno == EINTR { continue }
      guard sent > 0 else { throw .crashed }
      done += sent
    }
  }

  private func receive(deadline: ContinuousClock.Instant, seconds: Int) throws(DecodeWorkerError) -> DecodeReply {
    let head = try receiveExactly(4, deadline, seconds)
    let count = head.enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    guard count <= DecodeContract.maximumFrameBytes else { throw .badReply }
    let body = try receiveExactly(count, deadline, seconds)
    guard let reply = try? JSONDecoder().decode(DecodeReply.self, from: Data(body)) else { throw .badReply }
    return reply
  }

  private func receiveExactly(_ count: Int, _ deadline: ContinuousClock.Instant, _ seconds: Int) throws(DecodeWorkerError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let left = deadline - .now
      let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
      guard milliseconds > 0 else { throw .timeout(seconds: seconds) }
      var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, Int32(clamping: milliseconds))
      if ready == 0 { throw .timeout(seconds: seconds) }
      if ready < 0 {
        if errno == EINTR { continue }
        throw .crashed
      }
      let got = bytes.withUnsafeMutableBytes { read(socket, $0.baseAddress! + done, count - done) }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { throw .crashed }
      done += got
    }
    return bytes
  }

  private static func spawn(_ executable: String, memoryBytes: Int, socket: Int32, input: Int32, output: Int32) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    guard posix_spawn_file_actions_init(&actions) == 0, posix_spawnattr_init(&attributes) == 0 else { return nil }
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, socket, DecodeContract.requestDescriptor)
    posix_spawn_file_actions_adddup2(&actions, socket, DecodeContract.replyDescriptor)
    // Codec libraries write what they find to standard error, values included.
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, input, DecodeContract.inputDescriptor)
    posix_spawn_file_actions_adddup2(&actions, output, DecodeContract.outputDescriptor)
    // Its own process group: Ctrl-C in the terminal is for the main program, which decides what becomes of the file in work.
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    posix_spawnattr_setpgroup(&attributes, 0)

    var environment = ["LANG=C", "SWIFT_BACKTRACE=enable=no"]
    for name in ["DCMDICTPATH", "LD_LIBRARY_PATH"] {
      if let value = getenv(name) { environment.append("\(name)=\(String(cString: value))") }
    }
    return withCStrings([executable, "--memory", String(memoryBytes)]) { arguments in
      withCStrings(environment) { variables in
        var process = pid_t()
        return posix_spawn(&process, executable, &actions, &attributes, arguments, variables) == 0 ? process : nil
      }
    }
  }

  /// A NULL-terminated array of C strings, for the duration of `body`.
  private static func withCStrings<Result>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
    let copies = strings.map { strdup($0) }
    defer { copies.forEach { free($0) } }
    return body(copies + [nil])
  }
}

/// A worker's answer: the reply, and what it left in the output memory.
package struct DecodedFile: Sendable {
  package var reply: DecodeReply
  /// Explicit VR Little Endian; empty for TIFF and PNG.
  package var dataset: [UInt8]
  /// Empty when `reply.wordsAreDatasetBytes`, or when there are none.
  package var words: [UInt8]

  init(reply: DecodeReply, dataset: [UInt8], words: [UInt8]) {
    self.reply = reply
    self.dataset = dataset
    self.words = words
  }

  /// Takes from the output memory what the reply says is there.
  package init(_ reply: DecodeReply, in output: borrowing DecodeWorkerMemory) throws(DecodeWorkerError) {
    self.reply = reply
    dataset = try output.read(offset: 0, count: reply.datasetBytes)
    words = reply.wordsAreDatasetBytes || reply.wordsBytes == 0 ? [] : try output.read(offset: reply.wordsOffset, count: reply.wordsBytes)
  }
}
