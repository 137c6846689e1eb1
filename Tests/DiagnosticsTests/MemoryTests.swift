import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite struct MemoryTests {
  /// A folder with `files` in the place of the root.
  private func withRoot(_ files: [String: String], _ body: (String) throws -> Void) throws {
    let root = try TestData.temporaryFolder("memory")
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in files {
      let place = root.appendingPathComponent(path)
      try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: place, atomically: true, encoding: .utf8)
    }
    try body(root.path)
  }

  @Test func `the tightest group around the process limits, and memory of files counts as free`() throws {
    try withRoot([
      "proc/self/cgroup": "0::/job/step\n", "sys/fs/cgroup/job/memory.max": "1000\n", "sys/fs/cgroup/job/memory.current": "700\n",
      "sys/fs/cgroup/job/memory.stat": "anon 400\nactive_file 50\ninactive_file 200\n", "sys/fs/cgroup/job/step/memory.max": "max\n",
      "sys/fs/cgroup/job/step/memory.current": "700\n",
    ]) { #expect(AvailableMemory.group(root: $0) == 550) }
    try withRoot([
      "proc/self/cgroup": "5:devices:/\n4:cpu,memory:/job\n0::/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "sys/fs/cgroup/memory/memory.usage_in_bytes": "5\n", "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "4000\n",
      "sys/fs/cgroup/memory/job/memory.usage_in_bytes": "4100\n", "sys/fs/cgroup/memory/job/memory.stat": "inactive_file 9\ntotal_inactive_file 30\n",
    ]) { #expect(AvailableMemory.group(root: $0) == 0) }
    try withRoot(["proc/self/cgroup": "0::/\n"]) { #expect(AvailableMemory.group(root: $0) == nil) }
    try withRoot([:]) { root in #expect(AvailableMemory.group(root: root) == nil && AvailableMemory.machine(root: root) == nil) }
    try withRoot(["proc/meminfo": "MemTotal:  100 kB\nMemAvailable:   64 kB\n"]) { #expect(AvailableMemory.machine(root: $0) == 65536) }
  }

  @Test func `work without room is refused with both figures and what to lower`() throws {
    try MemoryShortage.check("x", needs: 100, available: 100, remedy: "")
    try MemoryShortage.check("x", needs: .max, available: nil, remedy: "")
    let error = MemoryShortage("training cgan", needed: 20 << 30, available: 3 << 20, remedy: "Lower batch.")
    #expect(throws: error) { try MemoryShortage.check("training cgan", needs: 20 << 30, available: 3 << 20, remedy: "Lower batch.") }
    #expect(error.kind.exitCode == 3)
    #expect(error.description == "training cgan takes about 20 GiB of memory, and 3 MiB are there. Lower batch.")
  }
}
