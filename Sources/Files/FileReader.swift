import HostSystem

/// A regular file opened for reading at any position. It is closed when the last reference is released.
///
/// Bytes are copied, never mapped: if a file is truncated while it is read, the result is an error, not a signal. A new
/// file of the same name does not affect the open one. A change of its bytes is an error, except that a log can grow
/// while it is read.
package final class FileReader: Sendable {
  package let path: String
  /// The size in bytes at the time of opening.
  package let size: Int
  private let descriptor: Int32
  private let opened: Version
  private let mayGrow: Bool

  /// Identifies the state of a file, to detect changes.
  private struct Version: Equatable, Sendable {
    let size, seconds, nanoseconds: Int

    init(_ status: stat) {
      size = Int(status.st_size)
      (seconds, nanoseconds) = (Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec))
    }
  }

  /// Opens a file.
  /// - Parameter mayGrow: Whether bytes may be appended in the meantime. Only the bytes present at the time of opening
  ///   are read.
  package init(_ path: String, mayGrow: Bool = false) throws(FileError) {
    self.path = path
    self.mayGrow = mayGrow
    try Path.check(path)
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)  // don't block on a pipe
    if descriptor < 0 { throw .current(path, while: "open") }
    var status = stat()
    if fstat(descriptor, &status) != 0 {
      let error = FileError.current(path, while: "examine")
      close(descriptor)
      throw error
    }
    if status.st_mode & S_IFMT != S_IFREG {
      close(descriptor)
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is not a regular file"
      throw .failed(path: path, reason: kind)
    }
    opened = Version(status)
    size = opened.size
  }

  deinit { close(descriptor) }

  /// Reads `count` bytes starting at `offset`. Throws if the file ends before that.
  package func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    if offset < 0 || count < 0 || offset > size || count > size - offset {
      throw .failed(path: path, reason: "it ends at byte \(size), before byte \(offset) + \(count)")
    }
    // A sparse file can claim any size without using disk space, and a failed allocation would end the process.
    do { try HostMemory.check(count) } catch { throw .failed(path: path, reason: "\(error)") }
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        let got = pread(descriptor, buffer.baseAddress! + initialized, count - initialized, off_t(offset + initialized))
        if got > 0 {
          initialized += got
        } else if got == 0 {
          failure = changed
          return
        } else if errno != EINTR {
          failure = .current(path, while: "read")
          return
        }
      }
    }
    if let failure { throw failure }
    var status = stat()
    if fstat(descriptor, &status) != 0 { throw changed }
    let now = Version(status)
    if mayGrow ? now.size < size : now != opened { throw changed }
    return bytes
  }

  private var changed: FileError { .failed(path: path, reason: "it was changed while it was read") }

  /// Reads the whole file. Throws if it has more than `limit` bytes.
  package static func read(_ path: String, limit: Int, mayGrow: Bool = false) throws(FileError) -> [UInt8] {
    let reader = try FileReader(path, mayGrow: mayGrow)
    if reader.size > limit { throw .tooLarge(path: path, bytes: reader.size, limit: limit) }
    return try reader.read(at: 0, count: reader.size)
  }
}

extension Array<UInt8> {
  /// The bytes without the UTF-8 byte order mark (three bytes) that some editors add at the start of a text.
  package var withoutByteOrderMark: [UInt8] {
    starts(with: [0xEF, 0xBB, 0xBF]) ? Array(dropFirst(3)) : self
  }
}
