import Synchronization

/// Work needs more memory than there is. Found before it begins: in the middle a process is ended by the system without a word.
package struct MemoryShortage: ExplainedError, Equatable {
  /// What needs it: `training srgan`.
  package let work: String
  package let needed: Int
  package let available: Int
  /// What to lower, one imperative sentence.
  package let remedy: String

  package init(_ work: String, needed: Int, available: Int, remedy: String) {
    (self.work, self.needed, self.available, self.remedy) = (work, needed, available, remedy)
  }

  package var kind: FailureKind { .surroundings }
  package var code: String { "memory.short" }
  package var what: String { "\(work) takes about \(Self.text(needed)) of memory, and \(Self.text(available)) are there" }

  /// - Parameter needed: bytes, an estimate; less than half of the need must not be asked for, more than the need refuses what would do.
  /// - Throws: when the system says that there is less.
  package static func check(_ work: String, needs needed: Int, available: Int? = AvailableMemory.bytes, remedy: String) throws(MemoryShortage) {
    if let available, needed > available { throw MemoryShortage(work, needed: needed, available: available, remedy: remedy) }
  }

  /// What a program needs to start its threads. Below it some libraries wait for memory without end.
  package static let least = 64 << 20

  /// Mebibytes, from 10 GiB on gibibytes.
  package static func text(_ bytes: Int) -> String {
    bytes < 10 << 30 ? "\((bytes + (1 << 20) - 1) >> 20) MiB" : "\((bytes + (1 << 30) - 1) >> 30) GiB"
  }
}

/// The end of a process that gets no memory where nothing can be thrown.
package enum MemoryExhaustion {
  private static let handler = Mutex<(@Sendable (_ bytes: Int) -> Never)?>(nil)

  /// Says how the process ends; a program sets this once.
  package static func onEnd(_ body: @escaping @Sendable (_ bytes: Int) -> Never) { handler.withLock { $0 = body } }

  /// - Parameter bytes: what the system refused.
  package static func end(bytes: Int) -> Never {
    if let body = handler.withLock({ $0 }) { body(bytes) }
    fatalError("out of memory: \(bytes) bytes do not fit")
  }
}
