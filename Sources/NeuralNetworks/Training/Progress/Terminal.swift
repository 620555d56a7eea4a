import HostSystem

/// The destination of progress output: it accepts text, and a terminal reports its width.
protocol ProgressSink: AnyObject {
  func write(_ text: String)
  /// The current width of the terminal in columns; nil for a file or a pipe.
  var columns: Int? { get }
  var usesColor: Bool { get }
  /// Whether the destination shows characters beyond ASCII.
  var showsUnicode: Bool { get }
}

/// An open file of this process.
final class FileSink: ProgressSink {
  private let descriptor: Int32

  init(_ stream: ProgressStream) { descriptor = stream.descriptor }

  func write(_ text: String) {
    // Output printed by the program itself must appear before the progress, not after it.
    fflush(nil)
    _ = writeAll(Array(text.utf8), to: descriptor)
  }

  var columns: Int? {
    guard isatty(descriptor) == 1, environment("TERM") != "dumb" else { return nil }
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// https://no-color.org: any non-empty value disables color.
  var usesColor: Bool { environment("NO_COLOR") == nil }

  var showsUnicode: Bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environment).first ?? ""
    let name = locale.lowercased()
    return name.hasSuffix("utf-8") || name.hasSuffix("utf8")
  }
}
