import Foundation
import GRDB

/// Reads columns of a row that may have been forged: any type may stand anywhere, and nothing traps.
extension Row {
  func integer(_ column: String) -> Int64? {
    if case .int64(let value)? = (self[column] as DatabaseValue?)?.storage { value } else { nil }
  }

  func text(_ column: String) -> String? {
    if case .string(let value)? = (self[column] as DatabaseValue?)?.storage { value } else { nil }
  }

  func real(_ column: String) -> Double? {
    switch (self[column] as DatabaseValue?)?.storage {
    case .double(let value): value
    case .int64(let value): Double(value)
    default: nil
    }
  }

  func blob(_ column: String) -> [UInt8]? {
    if case .blob(let value)? = (self[column] as DatabaseValue?)?.storage { [UInt8](value) } else { nil }
  }

  func digest(_ column: String) -> ContentDigest? { blob(column).flatMap { ContentDigest(bytes: $0) } }

  func isNull(_ column: String) -> Bool { (self[column] as DatabaseValue?)?.isNull ?? true }
}
