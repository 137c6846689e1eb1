import Diagnostics
import Foundation
import Synchronization

/// What signals do to the program: Ctrl-C asks long work to stop, a trap or fault becomes one line and exit 70.
enum Signals {
  static func install() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGINT, interrupted)
    signal(SIGTERM, interrupted)
    // Whoever started the program from a dispatch thread passed on a mask that blocks them.
    var asked = sigset_t()
    sigemptyset(&asked)
    sigaddset(&asked, SIGINT)
    sigaddset(&asked, SIGTERM)
    sigaddset(&asked, SIGALRM)
    pthread_sigmask(SIG_UNBLOCK, &asked, nil)
    MemoryExhaustion.onEnd { bytes in
      Console.writeError("scanforge: \(MemoryShortage.text(bytes)) of memory were refused. \(Signals.lessMemory)")
      Program.leave(3)
    }
    signal(SIGALRM, graceEnded)
    for fault in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] { signal(fault, faulted) }
  }

  /// From now on a request to stop ends the program within a second, also where no loop looks at it: in SQLite's check of a large file, for one.
  static func limitGrace() { hasLimitedGrace.store(true, ordering: .relaxed) }
}

extension Signals {
  fileprivate static let lessMemory =
    "Lower the batch, the size or the width, end other programs, or raise the limit (ulimit -v, the container's or the job's memory)."
}

private let hasLimitedGrace = Atomic<Bool>(false)

private func interrupted(_: Int32) {
  // The second request does not wait for the end of a step.
  if Interruption.isRequested { _exit(1) }
  Interruption.request()
  guard hasLimitedGrace.load(ordering: .relaxed) else { return }
  var grace = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: 0, tv_usec: 700_000))
  setitimer(Int32(ITIMER_REAL.rawValue), &grace, nil)
}

private func graceEnded(_: Int32) {
  // Only async-signal-safe calls here.
  let line: StaticString = "scanforge: stopped on request; what is recorded is kept. Run the same command again.\n"
  _ = write(2, line.utf8Start, line.utf8CodeUnitCount)
  _exit(1)
}

private func faulted(_: Int32) {
  // Only async-signal-safe calls here. Swift traps where it gets no memory: whether a little more is to be had tells that from a bug.
  let probe = mmap(nil, 1 << 26, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  if probe == MAP_FAILED {
    let line: StaticString = "scanforge: the memory is used up. Lower the batch, the size or the width, end other programs, or raise the limit (ulimit -v, the container's or the job's memory).\n"
    _ = write(2, line.utf8Start, line.utf8CodeUnitCount)
    _exit(3)
  }
  let line: StaticString = "scanforge: a broken promise between our own functions (a bug of ours). Please report it with the command that you ran.\n"
  _ = write(2, line.utf8Start, line.utf8CodeUnitCount)
  _exit(70)
}
