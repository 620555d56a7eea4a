#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A file that grows at its end, one system call for each piece; it is made if it is missing.
package final class FileAppender {
  package let path: String
  /// False for a pipe or a device, which can only be written to.
  package let isRegularFile: Bool
  private let descriptor: Int32

  package init(_ path: String) throws(FileError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    if descriptor < 0 {
      if errno == ENOENT { throw .failed(path: path, reason: "cannot create: its folder does not exist") }
      throw .failed(path: path, reason: "cannot open: \(systemMessage(errno))")
    }
    var status = stat()
    isRegularFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  deinit { close(descriptor) }

  /// Hands the bytes to the system, which has them when this returns.
  package func append(_ bytes: [UInt8]) throws(FileError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let wrote = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      if wrote < 0 && errno == EINTR { continue }
      if wrote < 0 { throw .failed(path: path, reason: "cannot write: \(systemMessage(errno))") }
      rest = rest.dropFirst(wrote)
    }
  }
}
