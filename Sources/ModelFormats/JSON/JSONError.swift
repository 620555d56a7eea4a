import NeuralNetworks

/// What is wrong with a JSON text or with what it holds.
public enum JSONError: NeuralNetworksError, Hashable {
  /// The text is not JSON. Lines and columns count from 1, columns in bytes.
  case syntax(line: Int, column: Int, reason: String)
  /// The text is JSON but not what the reader wants; the path leads to the value: `layers[2].units`.
  case content(path: String, reason: String)

  public var description: String {
    switch self {
    case .syntax(let line, let column, let reason): "line \(line), column \(column): \(reason)"
    case .content(let path, let reason): path.isEmpty ? reason : "\(path): \(reason)"
    }
  }
}
