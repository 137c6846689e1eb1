import Foundation

/// Remembers which identifier became which, for the caller who asks for the mapping files. Identified data: it lives outside what travels.
package final class IdentifierMapping: Sendable {
  private struct State {
    var uids: [String: String] = [:]
    var patients: [String: String] = [:]
  }

  private let lock = NSLock()
  private nonisolated(unsafe) var state = State()

  package init() {}

  func addUID(_ old: String, _ new: String) { lock.withLock { state.uids[old] = new } }
  func addPatient(_ old: String, _ new: String) { lock.withLock { state.patients[old] = new } }

  /// `id_old,id_new` lines in byte order of the old, RFC 4180.
  package var uidCSV: String { lock.withLock { IdentifierMapping.csv(state.uids) } }
  package var patientCSV: String { lock.withLock { IdentifierMapping.csv(state.patients) } }

  /// Takes up the rows of a file that `uidCSV` gave.
  package func readUIDs(_ csv: String) { for (old, new) in IdentifierMapping.rows(csv) { addUID(old, new) } }
  package func readPatients(_ csv: String) { for (old, new) in IdentifierMapping.rows(csv) { addPatient(old, new) } }

  private static func rows(_ csv: String) -> [(String, String)] {
    var rows: [[String]] = [[""]]
    var isQuoted = false
    // A doubled quote inside quotes: the first closes, the second opens again and is kept.
    var justClosed = false
    for scalar in csv.unicodeScalars {
      if scalar == "\"" {
        if justClosed { rows[rows.count - 1][rows[rows.count - 1].count - 1] += "\"" }
        isQuoted.toggle()
        justClosed = !isQuoted
        continue
      }
      justClosed = false
      if scalar == ",", !isQuoted {
        rows[rows.count - 1].append("")
      } else if scalar == "\n", !isQuoted {
        rows.append([""])
      } else {
        rows[rows.count - 1][rows[rows.count - 1].count - 1].unicodeScalars.append(scalar)
      }
    }
    return rows.dropFirst().filter { $0.count == 2 }.map { ($0[0], $0[1]) }
  }

  private static func csv(_ pairs: [String: String]) -> String {
    let rows = pairs.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { "\(field($0.key)),\(field($0.value))\n" }
    return "id_old,id_new\n" + rows.joined()
  }

  private static func field(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}
