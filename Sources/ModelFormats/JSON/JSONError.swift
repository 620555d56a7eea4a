import Files
import NeuralNetworks

/// What is wrong with a JSON text or with what it holds.
public enum JSONError: NeuralNetworksError, Hashable {
  /// The text is not JSON. Lines and columns count from 1, columns in bytes.
  case syntax(line: Int, column: Int, reason: String)
  /// The text is JSON but not what the reader wants; the path leads to the value: `layers[2].units`.
  case content(path: String, reason: String)
  /// The same for several values, as in the architecture of a model, all of whose mistakes are named at once.
  case mistakes([Mistake])

  /// What is wrong with a value.
  public struct Mistake: Sendable, Hashable {
    /// `layers[2].units`.
    public let path: String
    /// What was expected, and what was found.
    public let reason: String
  }

  public var description: String { words.onOneLine }

  private var words: String {
    switch self {
    case .syntax(let line, let column, let reason): "line \(line), column \(column): \(reason)"
    case .content(let path, let reason): path.isEmpty ? reason : "\(path): \(reason)"
    case .mistakes(let mistakes):
      mistakes.map { JSONError.content(path: $0.path, reason: $0.reason).description }.joined(separator: "; ")
    }
  }
}
