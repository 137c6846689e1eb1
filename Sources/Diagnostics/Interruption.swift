import Synchronization

/// Whether the user asked the program to stop (Ctrl-C). Long loops look at it between steps and end cleanly, resumable.
package enum Interruption {
  private static let requested = Atomic<Bool>(false)

  package static var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Safe in a signal handler: one atomic store.
  package static func request() { requested.store(true, ordering: .relaxed) }

  /// Forgets a request. For tests.
  package static func reset() { requested.store(false, ordering: .relaxed) }
}
