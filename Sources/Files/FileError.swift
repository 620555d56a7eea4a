import HostSystem

/// Errors of file access. The modules above convert them to their own errors.
package enum FileError: Error, Sendable, Hashable {
  /// The file does not exist.
  case missing(path: String)
  /// A system call failed; the reason is the system's message.
  case failed(path: String, reason: String)
  /// The file has more bytes than the caller accepts.
  case tooLarge(path: String, bytes: Int, limit: Int)

  package var path: String {
    switch self {
    case .missing(let path), .failed(let path, _), .tooLarge(let path, _, _): path
    }
  }

  /// A phrase that describes the error, without the path.
  package var reason: String {
    switch self {
    case .missing: "no such file"
    case .failed(_, let reason): reason
    case .tooLarge(_, let bytes, let limit): "\(bytes) bytes are more than the limit of \(limit)"
    }
  }

  /// The error for the `errno` of the preceding call.
  package static func current(_ path: String, while action: String) -> FileError {
    let code = errno
    if code == ENOENT { return .missing(path: path) }
    return .failed(path: path, reason: "cannot \(action): \(systemMessage(code))")
  }
}

/// The system's message for an error number.
package func systemMessage(_ code: Int32) -> String {
  // strerror is not thread-safe. strerror_r is, but Glibc and Musl declare it differently. Only a few messages occur,
  // so a table of the common ones serves both.
  switch code {
  case EACCES: "permission denied"
  case EPERM: "operation not permitted"
  case ENOENT: "no such file or folder"
  case EISDIR: "it is a folder"
  case ENOTDIR: "a part of the path is not a folder"
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
  case EPIPE: "the other end of the pipe is closed"
  case ENXIO: "nobody reads from it"
  case EINTR: "interrupted while its reader took nothing"
  case EBADF: "it is not open for writing"
  default: "system error \(code)"
  }
}
