import HostSystem

/// Operations on folders and file names.
package enum Folder {
  /// Whether the path is a file, a folder, or a link to one.
  package static func exists(_ path: String) -> Bool { !path.utf8.contains(0) && access(path, F_OK) == 0 }

  /// Creates the folder and missing parent folders.
  package static func create(_ path: String) throws(FileError) {
    try Path.check(path)
    let bytes = path.utf8
    var position = bytes.startIndex
    while position < bytes.endIndex {
      position = bytes.index(after: position)
      if position < bytes.endIndex && bytes[position] != UInt8(ascii: "/") { continue }
      let part = String(path[..<position])
      if mkdir(part, 0o777) != 0 && errno != EEXIST {
        // A parent folder may deny writing or be read-only and still contain the requested folder.
        let error = FileError.failed(path: path, reason: "cannot create the folder: \(systemMessage(errno))")
        if !isFolder(part) { throw error }
      }
    }
    if !isFolder(path) { throw .failed(path: path, reason: "it is not a folder") }
  }

  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return !path.utf8.contains(0) && stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in a folder, sorted, without `.` and `..`.
  package static func names(in path: String) throws(FileError) -> [String] {
    try Path.check(path)
    guard let names = HostSystem.names(inFolder: path) else { throw .current(path, while: "open the folder") }
    return names
  }

  /// Removes a file. A missing file is not an error.
  package static func remove(_ path: String) throws(FileError) {
    try Path.check(path)
    if unlink(path) != 0 && errno != ENOENT { throw .current(path, while: "remove") }
  }

  /// Returns the path of an item in a folder.
  package static func join(_ folder: String, _ name: String) -> String {
    folder.isEmpty || folder.utf8.last == UInt8(ascii: "/") ? folder + name : folder + "/" + name
  }
}

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
