import HostSystem

/// An exclusive lock on a folder: an advisory lock on the file `.lock` in it, which names the holder. The system
/// releases it when the holder's process ends for any reason. The file remains.
package final class FolderLock {
  /// The name of the lock file.
  package static let name = ".lock"
  private let descriptor: Int32

  /// Locks a folder.
  /// - Throws: `FileError`, with the holder if the folder is locked. Does not throw on a file system without locks.
  package init(_ folder: String) throws(FileError) {
    let path = Folder.join(folder, FolderLock.name)
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
    if descriptor < 0 { throw .current(path, while: "open") }
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK {
      let holder = FolderLock.holder(descriptor)
      close(descriptor)  // `deinit` does not run: the object has never been complete
      throw .failed(path: folder, reason: "it is in use by another run\(holder.isEmpty ? "" : " (\(holder))")")
    }
    let text = Array("process \(getpid()) on \(FolderLock.host)\n".utf8)
    if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
    self.descriptor = descriptor
  }

  /// Unlocks explicitly: a child process that another thread is starting holds a copy of the descriptor until it runs
  /// its program, and the folder would remain locked until then.
  deinit {
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }

  /// The first line of the lock file.
  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = max(pread(descriptor, &bytes, bytes.count, 0), 0)
    return String(decoding: bytes[..<count].prefix { $0 != 0x0A }, as: UTF8.self).onOneLine
  }

  private static var host: String {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
