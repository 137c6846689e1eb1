import Diagnostics
import Foundation
import GRDB
import ScanCatalog
import ScanDeid
import TestSupport
import Testing

struct WorkspaceTests {
  private func temporary(_ body: (URL) throws -> Void) throws {
    let folder = try TestData.temporaryFolder("workspace")
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func mode(_ url: URL) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int) & 0o777
  }

  @Test func `a workspace is made in a missing or empty folder and is private`() throws {
    try temporary { folder in
      for url in [folder, folder.appendingPathComponent("a/b")] {
        let workspace = try Catalog.openOrCreate(at: url).workspace
        for item in [workspace.root, workspace.objects, workspace.models, workspace.runs, workspace.keys, workspace.anchors] {
          #expect(try mode(item) == 0o700)
        }
        #expect(try mode(workspace.catalogFile) == 0o600)
        #expect(try Workspace.open(at: url) == workspace)
      }
    }
  }

  @Test func `another folder's files are left alone`() throws {
    try temporary { folder in
      try Data().write(to: folder.appendingPathComponent("thesis.txt"))
      #expect(throws: CatalogError.folderNotEmpty) { try Catalog.openOrCreate(at: folder) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["thesis.txt"])
      #expect(throws: CatalogError.notAFolder) { try Catalog.openOrCreate(at: folder.appendingPathComponent("thesis.txt/w")) }
      #expect(throws: CatalogError.notAWorkspace) { try Catalog.openForReading(at: folder.appendingPathComponent("none")) }
    }
  }

  @Test func `a foreign database is not taken for a catalog`() throws {
    try temporary { folder in
      let workspace = try Catalog.openOrCreate(at: folder).workspace
      try ExampleWorkspace.tamper(folder) { try $0.execute(sql: "PRAGMA application_id = 1") }
      #expect(throws: CatalogError.unreadable(reason: "it is not a ScanForge catalog")) { try Catalog(workspace, mode: .readOnly) }
      #expect(throws: CatalogError.unreadable(reason: "it is not a ScanForge catalog")) { try Catalog(workspace, mode: .readWrite) }
      try ExampleWorkspace.tamper(folder) {
        try $0.execute(sql: "PRAGMA application_id = \(0x5346_4347)")
        try $0.execute(sql: "PRAGMA user_version = 99")
      }
      #expect(throws: CatalogError.newerSchema(found: 99, known: 5)) { try Catalog(workspace, mode: .readWrite) }
    }
  }

  @Test func `a catalog whose writer was killed before its first migration is begun anew`() throws {
    try temporary { folder in
      let workspace = try Catalog.openOrCreate(at: folder).workspace
      for ending in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: workspace.catalogFile.path + ending) }
      do {
        let queue = try DatabaseQueue(path: workspace.catalogFile.path)
        try queue.write { try $0.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)") }
        try queue.close()
      }
      #expect(try Catalog(workspace, mode: .readWrite).head().seq > 0)
    }
  }

  @Test func `one writer at a time, readers beside it`() throws {
    try temporary { folder in
      let writer = try Catalog.openOrCreate(at: folder)
      #expect(throws: CatalogError.workspaceBusy) { try Catalog(writer.workspace, mode: .readWrite, patienceSeconds: 0.1) }
      let reader = try Catalog(writer.workspace, mode: .readOnly)
      _ = try writer.beginRun(op: "test", parameters: .object([:]))
      #expect(try reader.runs().count == 1)
    }
  }

  @Test func `network file systems are known by their mount`() {
    let table = MountTable(
      mountinfo: """
        22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
        30 22 0:40 / /home rw shared:5 master:1 - nfs4 server:/home rw
        31 22 0:41 / /home/local\\040disk rw - xfs /dev/sdb rw
        32 22 0:42 / /homework rw - fuse.sshfs host: rw
        33 22 8:2 / /data rw - ext4 /dev/sdc rw
        34 33 0:43 / /data rw - cifs //server/data rw
        """)
    #expect(table.fileSystemType(of: "/tmp/x") == "ext4")
    #expect(table.fileSystemType(of: "/home/ana") == "nfs4")
    #expect(table.fileSystemType(of: "/home/local disk/w") == "xfs")
    #expect(table.fileSystemType(of: "/homework") == "fuse.sshfs")
    #expect(table.fileSystemType(of: "/homeless") == "ext4")
    #expect(table.fileSystemType(of: "/data/w") == "cifs")
    #expect(["nfs4", "cifs", "fuse.sshfs", "lustre"].allSatisfy(MountTable.isNetwork))
    #expect(!["ext4", "xfs", "btrfs", "overlay", "tmpfs", "9p", "fuseblk"].contains(where: MountTable.isNetwork))
  }

  @Test func `objects are read-only files named by their hash, once each`() throws {
    try temporary { folder in
      let catalog = try Catalog.openOrCreate(at: folder)
      let run = try catalog.beginRun(op: "test", parameters: .object([:]))
      let patients = ExampleWorkspace.patients
      try run.record([
        .acquired(try catalog.objects.store(Array("same".utf8), of: patients[0]), media: "image/tiff"),
        .acquired(try catalog.objects.store(Array("same".utf8), of: patients[1]), media: "image/tiff"),
      ])
      let digest = ContentDigest(ofText: "same")
      let url = catalog.workspace.objects.appendingPathComponent("\(digest.hex.prefix(2))/\(digest.hex.dropFirst(2))")
      #expect(try Data(contentsOf: url) == Data("same".utf8))
      #expect(try mode(url) == 0o400)
      #expect(try catalog.objects.read(digest) == Array("same".utf8))
      #expect(try catalog.artifacts(sha256: digest).count == 2)
      #expect(try FileManager.default.contentsOfDirectory(atPath: catalog.workspace.staging.path) == [])
      #expect(throws: CatalogError.objectMissing(.zero)) { try catalog.objects.read(.zero) }
    }
  }

  @Test func `errors tell what, and how to go on`() {
    #expect(CatalogError.diskFull.kind.exitCode == 3)
    #expect(
      CatalogError.diskFull.description == "the disk is full. Free some space and run the same command again; nothing half-written counts.")
    #expect(
      CatalogError.splitDiffers.description
        == "this workspace is already split with other fractions or another seed. A split never changes: use the recorded fractions and seed, or a new workspace.")
    #expect(CatalogError.splitDiffers.kind.exitCode == 2)
    #expect(CatalogError.unreadable(reason: "x").code == "catalog.unreadable")
  }

  @Test func `each use of the pseudonym key is an event, and the key is nowhere in the catalog`() throws {
    try temporary { folder in
      let catalog = try Catalog.openOrCreate(at: folder)
      let (key, isNew) = try catalog.pseudonymKey(for: "ingest")
      #expect(isNew)
      // Beside the writer, by a program that only reads.
      let reader = try Catalog.openForReading(at: folder)
      #expect(try !reader.pseudonymKey(for: "upscale").isNew)
      let rows = try reader.select("SELECT body FROM event WHERE body ->> '$.type' = 'key.used' ORDER BY seq").rows
      let uses = rows.compactMap { CanonicalJSON(parsing: $0[0].stringValue ?? "") }
      #expect(uses.map { $0["act"]?.stringValue } == ["made", "read"])
      #expect(uses.map { $0["purpose"]?.stringValue } == ["ingest", "upscale"])
      #expect(uses.allSatisfy { $0["fingerprint"] == .string(key.fingerprint) && $0["actor"] == .string(ToolIdentity.current.actor) })
      #expect(uses.allSatisfy { $0["host"] == .string(ToolIdentity.current.host) && $0["time_ms"]?.integerValue ?? 0 > 0 })
      let secret = try Data(contentsOf: folder.appendingPathComponent("keys/pseudonym.key"))
      let hex = Data(secret.map { String(format: "%02x", $0) }.joined().utf8)
      for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasPrefix("catalog") {
        let bytes = try Data(contentsOf: folder.appendingPathComponent(name))
        #expect(bytes.range(of: secret) == nil && bytes.range(of: hex) == nil)
      }
      try catalog.closeConnections()
      #expect(try ExampleWorkspace.verify(folder).findings == [])
    }
  }
}
