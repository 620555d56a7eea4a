#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A file that appears under its name only when it is whole: bytes go to a temporary file in the same folder, which
/// `commit()` writes through to the disk and renames. Without a commit nothing is left behind.
package final class FileWriter {
  package let path: String
  /// Where the bytes are until they are committed.
  package let temporaryPath: String
  private var descriptor: Int32
  private var pending: [UInt8] = []
  private static let chunk = 1 << 16

  /// True for the name of a temporary file of a `FileWriter`, for a file whose name begins with one of `prefixes`. One that
  /// is there while nobody writes is of a process that was killed.
  package static func isTemporary(_ name: String, of prefixes: [String]) -> Bool {
    name.hasSuffix(".tmp") && prefixes.contains { name.hasPrefix(".\($0)") }
  }

  package init(_ path: String) throws(FileError) {
    self.path = path
    var name = path
    if let slash = path.lastIndex(of: "/") { name = String(path[path.index(after: slash)...]) }
    if name.isEmpty || name == "." || name == ".." { throw .failed(path: path, reason: "it names no file") }
    let tag = UInt32.random(in: 0...UInt32.max)
    let temporary = "\(path.dropLast(name.count)).\(name).\(getpid())-\(String(tag, radix: 36)).tmp"
    temporaryPath = temporary
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor < 0 {
      if errno == ENOENT { throw .failed(path: path, reason: "cannot create: its folder does not exist") }
      throw .failed(path: path, reason: "cannot create: \(systemMessage(errno))")
    }
    pending.reserveCapacity(FileWriter.chunk)
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink(temporaryPath)
    }
  }

  package func write(_ bytes: [UInt8]) throws(FileError) {
    if bytes.count + pending.count > FileWriter.chunk { try flush() }
    if bytes.count >= FileWriter.chunk { return try writeThrough(bytes) }
    pending += bytes
  }

  /// Puts bytes in the place of others that have been written.
  package func overwrite(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    try flush()
    if pwrite(descriptor, bytes, bytes.count, off_t(offset)) != bytes.count { throw failure("write") }
  }

  /// Makes the file durable and gives it its name, in place of what had it before.
  package func commit() throws(FileError) {
    try flush()
    if fsync(descriptor) != 0 { throw failure("write to the disk") }
    let closed = close(descriptor)
    descriptor = -1
    if closed != 0 || rename(temporaryPath, path) != 0 {
      let error = failure("give the file its name")
      unlink(temporaryPath)
      throw error
    }
    synchronizeFolder()
  }

  /// Writes a whole file in one go.
  package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    let writer = try FileWriter(path)
    try writer.write(bytes)
    try writer.commit()
  }

  private func flush() throws(FileError) {
    try writeThrough(pending)
    pending.removeAll(keepingCapacity: true)
  }

  private func writeThrough(_ bytes: [UInt8]) throws(FileError) {
    var error: FileError?
    bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        #if canImport(Glibc)
        let wrote = Glibc.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
        #else
        let wrote = Musl.write(descriptor, buffer.baseAddress! + done, buffer.count - done)
        #endif
        if wrote >= 0 {
          done += wrote
        } else if errno != EINTR {
          error = failure("write")
          return
        }
      }
    }
    if let error { throw error }
  }

  private func failure(_ action: String) -> FileError {
    .failed(path: path, reason: "cannot \(action): \(systemMessage(errno))")
  }

  /// The name is durable only when the folder is. Some file systems cannot do it; the file is whole all the same.
  private func synchronizeFolder() {
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let handle = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if handle < 0 { return }
    fsync(handle)
    close(handle)
  }
}
