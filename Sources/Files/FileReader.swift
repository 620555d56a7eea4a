#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A regular file opened for reading at any place; it is closed when the last reference goes.
///
/// Bytes are copied, never mapped: a file that somebody truncates while it is read gives an error, not a signal. One that takes
/// its name meanwhile is another file; one whose bytes change is an error, but for a log, which may grow while it is read.
package final class FileReader: Sendable {
  package let path: String
  /// The size when it was opened, in bytes.
  package let size: Int
  private let descriptor: Int32
  private let opened: Version
  private let mayGrow: Bool

  /// What tells a file that has been written to from what it was.
  private struct Version: Equatable, Sendable {
    let size, seconds, nanoseconds: Int

    init(_ status: stat) {
      size = Int(status.st_size)
      (seconds, nanoseconds) = (Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec))
    }
  }

  /// - Parameter mayGrow: whether bytes may be added at the end meanwhile; what is read is what there was when it was opened.
  package init(_ path: String, mayGrow: Bool = false) throws(FileError) {
    self.path = path
    self.mayGrow = mayGrow
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)  // a pipe must not block
    if descriptor < 0 { throw .current(path, while: "open") }
    var status = stat()
    if fstat(descriptor, &status) != 0 {
      let error = FileError.current(path, while: "examine")
      close(descriptor)
      throw error
    }
    if status.st_mode & S_IFMT != S_IFREG {
      close(descriptor)
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "it is a folder" : "it is no regular file"
      throw .failed(path: path, reason: kind)
    }
    opened = Version(status)
    size = opened.size
  }

  deinit { close(descriptor) }

  /// `count` bytes from `offset` on; throws where the file ends before.
  package func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    if offset < 0 || count < 0 || offset > size || count > size - offset {
      throw .failed(path: path, reason: "it ends at byte \(size), before byte \(offset) + \(count)")
    }
    // A file can claim any size without a block of the disk; memory that is asked for in vain would end the process.
    if count > FileReader.memory { throw .failed(path: path, reason: "\(count) bytes are more than the memory") }
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

  /// The bytes of this machine's memory.
  private static let memory = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))

  /// The whole file, refused if it has more than `limit` bytes.
  package static func read(_ path: String, limit: Int, mayGrow: Bool = false) throws(FileError) -> [UInt8] {
    let reader = try FileReader(path, mayGrow: mayGrow)
    if reader.size > limit { throw .tooLarge(path: path, bytes: reader.size, limit: limit) }
    return try reader.read(at: 0, count: reader.size)
  }
}
