#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Where a command writes: results on standard output, everything else on standard error.
package enum Console {
  /// Writes a line on standard error, whole: lines of several threads do not mix.
  package static func error(_ line: String) { write(line + "\n", to: 2) }

  /// Writes a line on standard output.
  package static func output(_ line: String = "") { write(line + "\n", to: 1) }

  /// Shows what is being done in one line of a terminal, over the last one; nil takes it away. Written to standard error,
  /// and only where a person sees it.
  package static func progress(_ text: String?) {
    guard isatty(2) == 1 else { return }
    write("\r\(text ?? "")\u{1B}[K", to: 2)
  }

  /// A closed pipe ends the program, quietly, as every Unix command does; also where the parent ignored the signal.
  package static func endQuietlyOnClosedPipe() { signal(SIGPIPE, SIG_DFL) }

  private static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        #if canImport(Glibc)
        let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
        #else
        let written = Musl.write(descriptor, rest.baseAddress, rest.count)
        #endif
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else { return }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
      }
    }
  }
}
