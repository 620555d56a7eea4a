import HostSystem
import Files

/// Output of commands: results to standard output, everything else to standard error. External text can contain
/// anything; control characters that a terminal would interpret are escaped.
package enum Console {
  /// Writes a complete line to standard error; lines of different threads are not mixed.
  package static func error(_ line: String) { _ = write(line.onOneLine + "\n", to: STDERR_FILENO) }

  /// Writes a line to standard output. A write failure ends the process.
  package static func output(_ line: String = "") { result(line.onOneLine + "\n") }

  /// Writes multiline text to standard output.
  package static func output(text: String) { result(text.printable + "\n") }

  /// Shows the progress on one line of a terminal, replacing the previous text; nil removes it. It is written to
  /// standard error, and only if that is a terminal.
  package static func progress(_ text: String?) {
    guard isatty(STDERR_FILENO) == 1 else { return }
    _ = write("\r\((text ?? "").onOneLine)\u{1B}[K", to: STDERR_FILENO)
  }

  /// Prepares the process for output: files opened later never replace a closed standard stream, and a closed pipe and
  /// the limit of `ulimit -f` are errors, not signals.
  static func prepare() {
    for (stream, mode) in [(STDIN_FILENO, O_RDONLY), (STDOUT_FILENO, O_WRONLY), (STDERR_FILENO, O_WRONLY)]
    where fcntl(stream, F_GETFD) < 0 {
      // The lowest free descriptor is used: this one, because the lower ones are open. A minimal container may have no
      // devices.
      if open("/dev/null", mode) < 0 { _ = open("/", O_RDONLY) }
    }
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Ends the process with exit code 1 if earlier output could not be written, even if later output was.
  static func checkDelivered() {
    for (stream, name) in [(STDOUT_FILENO, "output"), (STDERR_FILENO, "error")] {
      guard let code = LostOutput.error(of: stream) else { continue }
      error("\(CommandWords.program): cannot write to standard \(name): \(systemMessage(code))")
      exitProcess(.data)
    }
  }

  /// Writes a part of the result unchanged.
  static func result(_ text: String) {
    let code = write(text, to: STDOUT_FILENO)
    if code == 0 { return }
    error("\(CommandWords.program): cannot write to standard output: \(systemMessage(code))")
    exitProcess(.data)
  }

  private static func write(_ text: String, to descriptor: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
  }
}
