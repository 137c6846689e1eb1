import Foundation
import TestSupport
import Testing

/// One `import` of a Swift file, or `#include` of a C file.
private struct ImportLine {
  let file: String
  let line: Int
  let module: String
}

private let importPattern = try! NSRegularExpression(
  pattern: #"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)"#)

private func files(under folder: String, endings: [String]) -> [URL] {
  let root = TestData.root.appendingPathComponent(folder)
  guard let walker = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil) else { return [] }
  return walker.compactMap { $0 as? URL }.filter { endings.contains($0.pathExtension) }
}

private func relative(_ url: URL) -> String { String(url.path.dropFirst(TestData.root.path.count + 1)) }

/// Lines of a text in `#"""` and `"""#`, such as a program in another language, left empty.
private func withoutPrograms(_ text: String) -> String {
  let quotes = String(repeating: "\"", count: 3)
  return text.components(separatedBy: "#" + quotes).enumerated().map { index, part in
    guard index > 0, let end = part.range(of: quotes + "#") else { return part }
    return part[..<end.lowerBound].filter { $0 == "\n" } + part[end.upperBound...]
  }.joined()
}

private func imports(of file: URL) throws -> [ImportLine] {
  let text = withoutPrograms(try String(contentsOf: file, encoding: .utf8))
  return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
    let line = String(line)
    let whole = NSRange(line.startIndex..., in: line)
    guard let match = importPattern.firstMatch(in: line, range: whole), let range = Range(match.range(at: 1), in: line) else { return nil }
    return ImportLine(file: relative(file), line: index + 1, module: String(line[range]))
  }
}

@Test(arguments: LayerTable.rules.map(\.target))
func `every import stays within the table`(target: String) throws {
  let rule = try #require(LayerTable.byTarget[target])
  let allowed = Set(rule.ours + rule.outside).union(LayerTable.toolchain)
  for file in files(under: rule.folder, endings: ["swift"]) {
    for line in try imports(of: file) where !allowed.contains(line.module) {
      Issue.record("\(line.file):\(line.line): \(target) (layer \(rule.layer)) may not import \(line.module)")
    }
  }
}

@Test func `the table has no arrow up, sideways across the towers, or to an unknown target`() throws {
  for rule in LayerTable.rules {
    for name in rule.ours {
      let other = try #require(LayerTable.byTarget[name], "\(rule.target) names the unknown target \(name)")
      #expect(other.layer < rule.layer, "\(rule.target) -> \(name)")
      if rule.tower == .scan { #expect(other.tower != .forge, "\(rule.target) -> \(name) crosses the towers") }
      if rule.tower == .forge { #expect(other.tower != .scan, "\(rule.target) -> \(name) crosses the towers") }
    }
  }
}

@Test func `Package swift declares exactly the arrows of the table`() throws {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  let scratch = try TestData.temporaryFolder("package-description")
  defer { try? FileManager.default.removeItem(at: scratch) }
  process.arguments = ["swift", "package", "--scratch-path", scratch.path, "--package-path", TestData.root.path, "dump-package"]
  let pipe = Pipe()
  process.standardOutput = pipe
  process.standardError = FileHandle.nullDevice
  try process.run()
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  #expect(process.terminationStatus == 0)
  let package = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  let targets = try #require(package["targets"] as? [[String: Any]])
  var seen: Set<String> = []
  for target in targets {
    guard let name = target["name"] as? String, target["type"] as? String != "test", name != "TestSupport" else { continue }
    let rule = try #require(LayerTable.byTarget[name], "Package.swift has the target \(name), the table has not")
    seen.insert(name)
    let dependencies = (target["dependencies"] as? [[String: Any]] ?? []).compactMap { entry -> String? in
      (entry["byName"] as? [Any])?.first as? String ?? (entry["product"] as? [Any])?.first as? String
    }
    #expect(Set(dependencies) == Set(rule.ours + rule.outside), "\(name): Package.swift and the table differ")
  }
  #expect(seen == Set(LayerTable.rules.map(\.target)))
}

@Test func `C targets of the Forge tower include nothing but libc and themselves`() throws {
  let allowed: Set<String> = [
    "assert.h", "errno.h", "float.h", "limits.h", "math.h", "pthread.h", "sched.h", "signal.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h",
    "stdio.h", "stdlib.h", "string.h", "time.h", "unistd.h", "dlfcn.h", "malloc.h", "sys/mman.h", "cpuid.h", "immintrin.h", "arm_neon.h",
  ]
  for file in files(under: "Sources/CForgeKernels", endings: ["c", "h"]) {
    let text = try String(contentsOf: file, encoding: .utf8)
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() where line.hasPrefix("#include <") {
      let name = String(line.dropFirst("#include <".count).prefix { $0 != ">" })
      if !allowed.contains(name) { Issue.record("\(relative(file)):\(index + 1): CForgeKernels may not include <\(name)>") }
    }
  }
}

@Test func `no file steps over the de-identification barrier with testable imports`() throws {
  for file in files(under: "Sources", endings: ["swift"]) + files(under: "Tests", endings: ["swift"]) {
    let text = try String(contentsOf: file, encoding: .utf8)
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() where line.hasPrefix("@testable") {
      Issue.record("\(relative(file)):\(index + 1): @testable steps over the Clean barrier; widen to package instead")
    }
  }
}

@Test func `folders are at most three deep and none is called Utils, Helpers or Common`() {
  for file in files(under: "Sources", endings: ["swift", "c", "h", "cpp"]) {
    let parts = relative(file).split(separator: "/").dropFirst().dropLast()
    #expect(parts.count <= 3, "\(relative(file)) lies too deep")
    for part in parts { #expect(!["Utils", "Helpers", "Common", "Util", "Misc"].contains(String(part)), "\(relative(file))") }
  }
}
