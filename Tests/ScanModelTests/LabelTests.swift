import Foundation
import ScanModel
import TestSupport
import Testing

/// Labels as parts of paths.
struct LabelTests {
  private static let names = ["a", "CT/MR", "/", "a%2Fb", "%", "100 %", ".", "..", "...", ".hidden", "ü/ö", "a b", "%2E", "../..", "a//b"]

  @Test func `a folder's name tells the label, and no two labels have one`() throws {
    let folders = try Self.names.map { try #require(Label($0)).folderName }
    #expect(Set(folders).count == Self.names.count)
    for (name, folder) in zip(Self.names, folders) {
      #expect(folder.removingPercentEncoding == name)
      #expect(!folder.contains("/") && folder != "." && folder != ".." && !folder.isEmpty)
      #expect(URL(fileURLWithPath: "/parent/\(folder)").standardizedFileURL.path == "/parent/\(folder)")
    }
    #expect(try #require(Label("CT/MR")).folderName == "CT%2FMR")
  }

  @Test func `ordinary labels stay as they are`() throws {
    var random = SplitMix64(seed: 3)
    let plain = Array("abcXYZ0189 _-.,;()äöü")
    for _ in 0..<200 {
      let name = "l" + String((0..<12).map { _ in plain[Int(random.next() % UInt64(plain.count))] })
      #expect(Label(name)?.folderName == name)
    }
  }

  @Test(arguments: ["", "a\nb", "a\u{7F}", "a\\b", String(repeating: "x", count: 101), String(repeating: "/", count: 100)])
  func `what can be no label is refused`(name: String) { #expect(Label(name) == nil) }
}
