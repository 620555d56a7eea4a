#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Where progress is written: text goes out, and a terminal tells its width.
protocol ProgressSink: AnyObject {
  func write(_ text: String)
  /// The columns of the terminal, now; nil for a file or a pipe.
  var columns: Int? { get }
  var usesColour: Bool { get }
  /// True when it shows characters beyond ASCII.
  var showsUnicode: Bool { get }
}

/// An open file of this process.
final class FileSink: ProgressSink {
  private let descriptor: Int32

  init(_ stream: ProgressStream) { descriptor = stream.descriptor }

  func write(_ text: String) {
    // What the program itself has printed stands before the progress, not after it.
    fflush(nil)
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { platformWrite(descriptor, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return }
      bytes = bytes.dropFirst(written)
    }
  }

  var columns: Int? {
    guard isatty(descriptor) == 1, FileSink.environment("TERM") != "dumb" else { return nil }
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// https://no-color.org: any value but the empty one forbids colour.
  var usesColour: Bool { FileSink.environment("NO_COLOR")?.isEmpty ?? true }

  var showsUnicode: Bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(FileSink.environment).first { !$0.isEmpty } ?? ""
    let name = locale.lowercased()
    return name.hasSuffix("utf-8") || name.hasSuffix("utf8")
  }

  private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

private func platformWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}
