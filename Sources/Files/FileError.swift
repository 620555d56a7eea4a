#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What goes wrong between a program and its files. The modules above turn it into errors of their own.
package enum FileError: Error, Sendable, Hashable {
  /// There is no such file.
  case missing(path: String)
  /// A system call failed; the reason is the system's, in words.
  case failed(path: String, reason: String)
  /// More bytes than the caller is ready to take.
  case tooLarge(path: String, bytes: Int, limit: Int)

  package var path: String {
    switch self {
    case .missing(let path), .failed(let path, _), .tooLarge(let path, _, _): path
    }
  }

  /// One phrase without the path.
  package var reason: String {
    switch self {
    case .missing: "no such file"
    case .failed(_, let reason): reason
    case .tooLarge(_, let bytes, let limit): "\(bytes) bytes are more than the limit of \(limit)"
    }
  }

  /// The error for the `errno` of the call just made.
  package static func current(_ path: String, while action: String) -> FileError {
    let code = errno
    if code == ENOENT { return .missing(path: path) }
    return .failed(path: path, reason: "cannot \(action): \(systemMessage(code))")
  }
}

/// The system's words for an error number.
package func systemMessage(_ code: Int32) -> String {
  // strerror is not thread-safe; strerror_r is, but Glibc and Musl declare it differently. The words are few, so that a
  // table of the usual ones serves both.
  switch code {
  case EACCES: "permission denied"
  case EPERM: "operation not permitted"
  case ENOENT: "no such file or folder"
  case EISDIR: "it is a folder"
  case ENOTDIR: "a part of the path is no folder"
  case EEXIST: "it exists already"
  case ENOSPC: "no space left on the device"
  case EDQUOT: "the disk quota is used up"
  case EFBIG: "the file would be too large"
  case EROFS: "the file system is read-only"
  case EMFILE, ENFILE: "too many open files"
  case ENAMETOOLONG: "the name is too long"
  case ELOOP: "too many symbolic links"
  case EIO: "input/output error"
  case EBUSY: "it is in use"
  case ENOTEMPTY: "the folder is not empty"
  case ENOMEM: "out of memory"
  case EAGAIN: "no resources at the moment"
  default: "system error \(code)"
  }
}
