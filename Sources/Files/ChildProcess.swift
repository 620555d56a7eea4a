import HostSystem
import Synchronization

/// A child process whose output is read through a pipe. It is terminated when the last reference is released.
package final class ChildProcess {
  package struct Failure: Error {
    package let reason: String
    /// Whether the program was not found.
    package let isMissing: Bool

    package init(reason: String, isMissing: Bool = false) {
      self.reason = reason
      self.isMissing = isMissing
    }
  }

  private let identifier: pid_t
  private let output: Int32
  private let errors: Int32
  private var status: Int32?
  private var errorBytes: [UInt8] = []
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  /// Starts `program` (looked up on the `PATH`) with an empty standard input.
  package init(_ program: String, _ arguments: [String]) throws(Failure) {
    let started: Started
    do {
      // One at a time: a child started by another thread in the meantime would keep our pipes open.
      started = try ChildProcess.starting.withLock { _ in try ChildProcess.start(program, arguments) }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(reason: "\(error)")
    }
    (identifier, output, errors) = (started.identifier, started.output, started.errors)
  }

  private struct Started {
    var identifier: pid_t = 0
    let output, errors: Int32
  }

  private static let starting = Mutex(())

  private static func start(_ program: String, _ arguments: [String]) throws -> Started {
    let outputPipe = try makePipe()
    defer { close(outputPipe.write) }
    let errorPipe: (read: Int32, write: Int32)
    do { errorPipe = try makePipe() } catch {
      close(outputPipe.read)
      throw error
    }
    defer { close(errorPipe.write) }
    var started = Started(output: outputPipe.read, errors: errorPipe.read)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, outputPipe.write, 1)
    posix_spawn_file_actions_adddup2(&actions, errorPipe.write, 2)
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    let code = posix_spawnp(&started.identifier, program, &actions, nil, &words, environ)
    if code == 0 { return started }
    close(outputPipe.read)
    close(errorPipe.read)
    throw Failure(reason: "cannot start \(program): \(systemMessage(code))", isMissing: code == ENOENT)
  }

  /// Both ends are closed in child processes.
  private static func makePipe() throws(Failure) -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    if pipe(&ends) != 0 { throw Failure(reason: systemMessage(errno)) }
    for end in ends where fcntl(end, F_SETFD, FD_CLOEXEC) != 0 { throw Failure(reason: systemMessage(errno)) }
    return (ends[0], ends[1])
  }

  deinit {
    close(output)
    close(errors)
    if status == nil {
      kill(identifier, SIGKILL)
      wait()
    }
  }

  /// Returns the next chunk of the output; empty at the end. Throws if the deadline passes.
  package func readOutput(deadline: Double) throws(Failure) -> [UInt8] {
    var errorsAreOpen = true
    while true {
      let left = deadline - monotonicSeconds()
      if left <= 0 { throw Failure(reason: "it took too long") }
      var events = [
        pollfd(fd: output, events: Int16(POLLIN), revents: 0),
        pollfd(fd: errorsAreOpen ? errors : -1, events: Int16(POLLIN), revents: 0),
      ]
      let ready = poll(&events, 2, Int32(min(left, 60) * 1000))
      if ready < 0 && errno != EINTR { throw Failure(reason: systemMessage(errno)) }
      if ready <= 0 { continue }
      if events[1].revents != 0 { errorsAreOpen = readErrors() }
      if events[0].revents != 0 {
        let got = read(output, &buffer, buffer.count)
        if got >= 0 { return Array(buffer[..<got]) }
        if errno != EINTR { throw Failure(reason: systemMessage(errno)) }
      }
    }
  }

  /// Waits for the process to end. Returns the exit status, or 128 plus the signal number.
  @discardableResult package func wait() -> Int32 {
    if let status { return status }
    var raw: Int32 = 0
    while waitpid(identifier, &raw, 0) < 0 && errno == EINTR {}
    let result = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
    status = result
    return result
  }

  /// The output on standard error, as one line. Call it after `wait()`.
  package func errorText() -> String {
    while readErrors() {}
    let text = String(decoding: errorBytes, as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).joined(separator: "; ")
  }

  /// Reads errors, of which the first 4 KiB are kept. Returns false at the end.
  private func readErrors() -> Bool {
    var piece = [UInt8](repeating: 0, count: 1024)
    let got = read(errors, &piece, piece.count)
    if got > 0 && errorBytes.count < 4096 { errorBytes += piece[..<got] }
    return got > 0 || (got < 0 && errno == EINTR)
  }
}
