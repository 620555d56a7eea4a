#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A regular file opened for reading at any place; it is closed when the last reference goes.
///
/// Bytes are copied, never mapped: a file that somebody truncates while it is read gives an error, not a signal.
package final class FileReader: Sendable {
  package let path: String
  /// The size when it was opened, in bytes.
  package let size: Int
  private let descriptor: Int32

  package init(_ path: String) throws(FileError) {
    self.path = path
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
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// `count` bytes from `offset` on; throws where the file ends before.
  package func read(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    if offset < 0 || count < 0 || offset > size || count > size - offset {
      throw .failed(path: path, reason: "it ends at byte \(size), before byte \(offset) + \(count)")
    }
    var failure: FileError?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        let got = pread(descriptor, buffer.baseAddress! + initialized, count - initialized, off_t(offset + initialized))
        if got > 0 {
          initialized += got
        } else if got == 0 {
          failure = .failed(path: path, reason: "it became shorter while it was read")
          return
        } else if errno != EINTR {
          failure = .current(path, while: "read")
          return
        }
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// The whole file, refused if it has more than `limit` bytes.
  package static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
    let reader = try FileReader(path)
    if reader.size > limit { throw .tooLarge(path: path, bytes: reader.size, limit: limit) }
    return try reader.read(at: 0, count: reader.size)
  }
}
