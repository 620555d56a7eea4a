/// What `fit` shows while it trains.
public enum Verbosity: Sendable, Hashable {
  /// A bar on a terminal, lines elsewhere.
  case automatic
  /// Nothing.
  case silent
  /// A line an epoch, and at most one a minute in between.
  case lines
}

/// Where `fit` shows its progress.
public enum ProgressStream: Sendable, Hashable {
  case standardOutput
  /// Leaves the standard output to the result of a program.
  case standardError

  /// The number of its file.
  var descriptor: Int32 {
    switch self {
    case .standardOutput: 1
    case .standardError: 2
    }
  }
}
