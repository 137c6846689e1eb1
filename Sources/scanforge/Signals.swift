import Diagnostics
import Foundation

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
    pthread_sigmask(SIG_UNBLOCK, &asked, nil)
    for fault in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] { signal(fault, faulted) }
  }
}

private func interrupted(_: Int32) {
  // The second request does not wait for the end of a step.
  if Interruption.isRequested { _exit(1) }
  Interruption.request()
}

private func faulted(_: Int32) {
  // Only async-signal-safe calls here.
  let line: StaticString = "scanforge: a broken promise between our own functions (a bug of ours). Please report it with the command that you ran.\n"
  _ = write(2, line.utf8Start, line.utf8CodeUnitCount)
  _exit(70)
}
