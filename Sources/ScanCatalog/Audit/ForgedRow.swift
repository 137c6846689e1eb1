import Foundation
import GRDB

/// Reads columns of a row that may have been forged: any type may stand anywhere, and nothing traps.
extension Row {
  func integer(_ column: String) -> Int64? { Self.integer(self[column]) }
  func text(_ column: String) -> String? { Self.text(self[column]) }
  func blob(_ column: String) -> [UInt8]? { Self.data(self[column]).map { Array($0) } }
  func digest(_ column: String) -> ContentDigest? { Self.data(self[column]).flatMap { ContentDigest(bytes: $0) } }
  func isNull(_ column: String) -> Bool { (self[column] as DatabaseValue?)?.isNull ?? true }

  func real(_ column: String) -> Double? {
    switch (self[column] as DatabaseValue?)?.storage {
    case .double(let value): value
    case .int64(let value): Double(value)
    default: nil
    }
  }

  // By position, for tables with millions of rows.
  func integer(_ index: Int) -> Int64? { Self.integer(self[index]) }
  func text(_ index: Int) -> String? { Self.text(self[index]) }
  func blob(_ index: Int) -> [UInt8]? { Self.data(self[index]).map { Array($0) } }
  func digest(_ index: Int) -> ContentDigest? { Self.data(self[index]).flatMap { ContentDigest(bytes: $0) } }
  func isNull(_ index: Int) -> Bool { (self[index] as DatabaseValue).isNull }

  private static func integer(_ value: DatabaseValue?) -> Int64? { if case .int64(let value)? = value?.storage { value } else { nil } }
  private static func text(_ value: DatabaseValue?) -> String? { if case .string(let value)? = value?.storage { value } else { nil } }
  private static func data(_ value: DatabaseValue?) -> Data? { if case .blob(let value)? = value?.storage { value } else { nil } }
}
