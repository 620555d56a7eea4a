import HostSystem
import Synchronization

/// Pipes and devices, which accept bytes but do not store them.
enum Stream {
  /// Whether the path exists and is neither a file nor a folder.
  static func isThere(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
  }

  /// Opens a path for writing. Waits up to two seconds for the reader of a named pipe.
  /// - Returns: The descriptor; nil on failure, with the error number in `errno`.
  static func open(_ path: String, _ flags: Int32) -> Int32? {
    if let number = Path.descriptor(path) {
      let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
      return copy < 0 ? nil : copy
    }
    for _ in 0..<200 {
      let descriptor = platformOpen(path, flags | O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o666)
      if descriptor >= 0 { return descriptor }
      if errno != ENXIO && errno != EINTR || isAskedToEnd.load(ordering: .relaxed) { return nil }
      usleep(10_000)
      errno = ENXIO
    }
    return nil
  }
}

private func platformOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
