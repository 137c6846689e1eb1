import Foundation
import ScanDeid

/// Compares what lies in `keys/` with the log: a copy of a workspace may be without keys, but not with others.
///
/// The pseudonym key's file is read for its fingerprint alone, and nobody gets the key: that is no use of it, and so no event.
struct KeyFolderVerifier {
  let catalog: Catalog
  let history: EventReplay
  let report: (AuditFinding) -> Void

  func verify() {
    verifySigningKey()
    verifyPseudonymKey()
    verifyRegister()
  }

  private func fail(_ what: String, _ file: String) { report(AuditFinding(.keyRowChanged, what, path: "keys/\(file)")) }

  private func verifySigningKey() {
    guard history.schema >= 2 else { return }
    do {
      guard let key = try SigningKey.load(catalog.workspace), history.signers[key.signer] == nil else { return }
      fail("the signing key in keys is not one that was recorded", "signing.key")
    } catch { fail("the signing key in keys is none", "signing.key") }
  }

  /// Another key would give the same patients other pseudonyms from here on.
  private func verifyPseudonymKey() {
    guard let last = (try? catalog.patientsKey()) ?? history.pseudonymKey else { return }
    do {
      guard try PseudonymKey.load(catalog.workspace.keys.appendingPathComponent("pseudonym.key").path).fingerprint != last else { return }
      fail("the pseudonym key in keys is not the one that was recorded", "pseudonym.key")
    } catch .missing, .unreadable, .tooOpen {
      return
    } catch { fail("the pseudonym key in keys is none", "pseudonym.key") }
  }

  /// Without its lines patients who withdrew could come in again.
  private func verifyRegister() {
    guard let recorded = history.withdrawals, FileManager.default.fileExists(atPath: catalog.workspace.keys.appendingPathComponent("pseudonym.key").path)
    else { return }
    let file = catalog.workspace.keys.appendingPathComponent(WithdrawnRegister.fileName)
    let found = (try? Data(contentsOf: file)).map { [UInt8]($0) } ?? []
    if WithdrawnRegister.Extent(of: found.prefix(recorded.bytes)) != recorded {
      fail("the register of patients who withdrew has lost or changed lines", WithdrawnRegister.fileName)
    }
  }
}
