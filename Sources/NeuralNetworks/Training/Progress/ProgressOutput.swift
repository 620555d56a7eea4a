import HostSystem
import Synchronization

/// The progress output of `fit`.
public enum Verbosity: Sendable, Hashable {
  /// A progress bar on a terminal, lines elsewhere.
  case automatic
  /// No output.
  case silent
  /// One line per epoch, and at most one per minute in between.
  case lines
}

/// The destination of the progress output of `fit`.
public enum ProgressStream: Sendable, Hashable {
  case standardOutput
  /// Standard error, which leaves standard output to the results of a program.
  case standardError

  /// The file descriptor.
  var descriptor: Int32 {
    switch self {
    case .standardOutput: 1
    case .standardError: 2
    }
  }
}

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

/// A one-time line of advice in a program whose copy of this package was built without optimization.
final class BuildNotice: Sendable {
  /// The notice of `fit`. In a debug build, SwiftPM also compiles the dependencies of a program without optimization.
  static let shared = BuildNotice(isDebugBuild: _isDebugAssertConfiguration())
  static let text = "Note: this is a debug build, which trains several times slower. Use \"swift run -c release\".\n"

  private let isDue: Atomic<Bool>

  init(isDebugBuild: Bool) { isDue = Atomic(isDebugBuild) }

  /// Writes the line, unless it was written before or output is silent.
  func show(on sink: any ProgressSink, _ verbosity: Verbosity) {
    if verbosity != .silent, isDue.exchange(false, ordering: .relaxed) { sink.write(BuildNotice.text) }
  }
}
