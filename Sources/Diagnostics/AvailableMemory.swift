import Foundation

/// How much more memory this process may take, as far as the system tells.
package enum AvailableMemory {
  /// The least of what the machine has left, what the control group leaves and what the limit on address space leaves; nil when nothing is told.
  package static var bytes: Int? { [machine(), group(), addressSpace()].compactMap(\.self).min() }

  /// MemAvailable of proc(5).
  ///
  /// - Parameter root: in the place of `/`, for tests.
  package static func machine(root: String = "") -> Int? {
    text(root + "/proc/meminfo")?.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
      .flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) }.map { $0 << 10 }
  }

  /// What the control groups around this process leave, version 1 or 2. Memory of files that the kernel may drop counts as free.
  package static func group(root: String = "") -> Int? {
    let lines = text(root + "/proc/self/cgroup")?.split(separator: "\n") ?? []
    var rooms: [Int] = []
    for line in lines {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3 else { continue }
      let isFirst = parts[1].split(separator: ",").contains("memory")
      guard isFirst || parts[1].isEmpty else { continue }
      let mount = root + "/sys/fs/cgroup" + (isFirst ? "/memory" : "")
      // Every group above limits, too. In a container the path may be that of the host, and the mount its own group.
      var path = parts[2]
      while true {
        if let room = room(mount + (path == "/" ? "" : path), isFirst: isFirst) { rooms.append(room) }
        if path == "/" || path.isEmpty { break }
        path = (path as NSString).deletingLastPathComponent
      }
    }
    return rooms.min()
  }

  private static func room(_ folder: String, isFirst: Bool) -> Int? {
    func number(_ name: String) -> Int? { text("\(folder)/\(name)").flatMap { Int($0.filter { $0 != "\n" }) } }
    // Without a limit version 2 says "max", version 1 a number beyond any memory.
    guard let limit = number(isFirst ? "memory.limit_in_bytes" : "memory.max"), limit < 1 << 60,
      let used = number(isFirst ? "memory.usage_in_bytes" : "memory.current")
    else { return nil }
    let prefix = isFirst ? "total_" : ""
    let files = (text("\(folder)/memory.stat") ?? "").split(separator: "\n").reduce(0) { sum, line in
      let words = line.split(separator: " ")
      guard words.count == 2, words[0] == prefix + "inactive_file" || words[0] == prefix + "active_file" else { return sum }
      return sum + (Int(words[1]) ?? 0)
    }
    return max(0, limit - used + min(files, used))
  }

  /// What RLIMIT_AS leaves beside the address space in use; nil without a limit.
  package static func addressSpace() -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(1) << 60 else { return nil }
    let pages = text("/proc/self/statm")?.split(separator: " ").first.flatMap { Int($0) } ?? 0
    return max(0, Int(limit.rlim_cur) - pages * sysconf(Int32(_SC_PAGESIZE)))
  }

  // Files of /proc and /sys have no size, so they are read to their end.
  private static func text(_ path: String) -> String? {
    guard let file = FileHandle(forReadingAtPath: path), let data = try? file.readToEnd() else { return nil }
    return String(decoding: data, as: UTF8.self)
  }
}
