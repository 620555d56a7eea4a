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
