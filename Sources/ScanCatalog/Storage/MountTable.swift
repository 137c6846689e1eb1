/// Which file system a path lies on, from the text of `/proc/self/mountinfo` (proc(5)).
package struct MountTable: Sendable {
  private var mounts: [(point: String, type: String)]

  package init(mountinfo: String) {
    mounts = mountinfo.split(separator: "\n").compactMap { line in
      // 36 35 98:0 /root /mount/point options optional… - type source superoptions
      let fields = line.split(separator: " ")
      guard fields.count > 6, let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count else { return nil }
      return (Self.unescaped(fields[4]), String(fields[dash + 1]))
    }
  }

  /// Type of the file system that holds the absolute, resolved path; of equal mount points the last, which covers the others.
  package func fileSystemType(of path: String) -> String? {
    var best: (point: String, type: String)?
    for mount in mounts where mount.point == "/" || path == mount.point || path.hasPrefix(mount.point + "/") {
      if mount.point.utf8.count >= (best?.point.utf8.count ?? 0) { best = mount }
    }
    return best?.type
  }

  /// True for file systems that are shared between hosts, where POSIX locks and shared memory of SQLite's WAL do not hold.
  package static func isNetwork(type: String) -> Bool {
    let network: Set = [
      "nfs", "nfs4", "cifs", "smb3", "smbfs", "smb2", "afs", "ncpfs", "lustre", "gpfs", "ceph", "beegfs", "glusterfs", "pvfs2", "orangefs",
      "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.gcsfuse", "fuse.rclone", "fuse.juicefs", "ocfs2", "gfs2",
    ]
    return network.contains(type)
  }

  /// `\040` for a space and so on.
  private static func unescaped(_ field: Substring) -> String {
    var out: [UInt8] = []
    let bytes = Array(field.utf8)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\\"), index + 3 < bytes.count,
        let value = UInt8(String(decoding: bytes[index + 1...index + 3], as: UTF8.self), radix: 8)
      {
        out.append(value)
        index += 4
      } else {
        out.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }
}
