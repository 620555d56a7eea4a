import Synchronization

/// Whether the process has been asked to end. After that, writing does not wait for the reader of a pipe.
package let isAskedToEnd = Atomic<Bool>(false)

/// Writes all bytes to an open file, pipe, or device. Continues after signals and waits for slow readers, even if the
/// pipe is non-blocking. A closed pipe and the limit of `ulimit -f` result in errors, not signals.
///
/// - Returns: 0, or the system's error number.
package func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
  let code = writeEach(bytes, to: descriptor)
  if code != 0 { LostOutput.record(code, of: descriptor) }
  return code
}

private func writeEach(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
  withoutSignalsOfWriting {
    var status = stat()
    let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    var rest = bytes
    while !rest.isEmpty {
      // A pipe with free space accepts this many bytes without blocking the writer, so a signal is noticed.
      let part = isFile ? rest : UnsafeRawBufferPointer(rebasing: rest.prefix(4096))
      if !isFile, let code = waitForRoom(descriptor) { return code }
      let written = write(descriptor, part.baseAddress, part.count)
      if written > 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
      } else if written == 0 {
        return EIO
      } else if errno != EINTR && errno != EAGAIN {
        return errno
      }
    }
    return 0
  }
}

package func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
  bytes.withUnsafeBytes { writeAll($0, to: descriptor) }
}

/// Reserves space for `count` bytes in an open file before its old contents are overwritten, so that a full disk leaves
/// them unchanged.
///
/// - Returns: 0, or the system's error number.
package func takeRoom(_ count: Int, in file: Int32) -> Int32 {
  var old = stat()
  if fstat(file, &old) != 0 { return errno }
  if count <= Int(old.st_size) { return 0 }
  return withoutSignalsOfWriting {
    let code = posix_fallocate(file, old.st_size, off_t(count) - old.st_size)
    if code == 0 || code == EOPNOTSUPP || code == EINVAL { return 0 }
    _ = ftruncate(file, old.st_size)
    return code
  }
}

/// The first error of each standard stream. Progress that cannot be displayed does not end training; when a command
/// ends, it reports that output was lost.
package enum LostOutput {
  private static let errors = Mutex<[Int32: Int32]>([:])

  fileprivate static func record(_ code: Int32, of descriptor: Int32) {
    guard descriptor == STDOUT_FILENO || descriptor == STDERR_FILENO else { return }
    errors.withLock { if $0[descriptor] == nil { $0[descriptor] = code } }
  }

  /// The system's error number; nil if all bytes were written.
  package static func error(of descriptor: Int32) -> Int32? { errors.withLock { $0[descriptor] } }
}

/// Waits until a pipe or device accepts bytes or reports that it cannot.
/// - Returns: nil, or an error number.
private func waitForRoom(_ descriptor: Int32) -> Int32? {
  while true {
    var event = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    let ready = poll(&event, 1, 100)
    if ready > 0 { return nil }
    if ready < 0 && errno != EINTR { return errno }
    if isAskedToEnd.load(ordering: .relaxed) { return EINTR }
  }
}

/// Runs `body`, which returns an error number, with SIGPIPE and SIGXFSZ suppressed for writes of this thread.
private func withoutSignalsOfWriting(_ body: () -> Int32) -> Int32 {
  var signals = sigset_t(), before = sigset_t()
  sigemptyset(&signals)
  sigaddset(&signals, SIGPIPE)
  sigaddset(&signals, SIGXFSZ)
  pthread_sigmask(SIG_BLOCK, &signals, &before)
  defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
  let code = body()
  if code == EPIPE || code == EFBIG {
    // The signal is pending; consume it before it is delivered.
    var now = timespec()
    while sigtimedwait(&signals, nil, &now) < 0 && errno == EINTR {}
  }
  return code
}
