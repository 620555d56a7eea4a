import HostSystem
import Files
import NeuralNetworks

/// Errors in a JSON text or in its content.
public enum JSONError: NeuralNetworksError, Hashable {
  /// The text is not valid JSON. Lines and columns start at 1; columns count bytes.
  case syntax(line: Int, column: Int, reason: String)
  /// The text is valid JSON but has invalid content; the path locates the value: `layers[2].units`.
  case content(path: String, reason: String)
  /// Several values are invalid. For example, all mistakes in the architecture of a model are reported at once.
  case mistakes([Mistake])

  /// An invalid value.
  public struct Mistake: Sendable, Hashable {
    /// The path of the value, such as `layers[2].units`.
    public let path: String
    /// The expected and the actual content.
    public let reason: String
  }

  public var description: String { words.shortened(to: 2000).onOneLine }

  private var words: String {
    switch self {
    case .syntax(let line, let column, let reason): "line \(line), column \(column): \(reason)"
    case .content(let path, let reason): path.isEmpty ? reason : "\(path): \(reason)"
    case .mistakes(let mistakes):
      mistakes.map { JSONError.content(path: $0.path, reason: $0.reason).description }.joined(separator: "; ")
    }
  }
}
