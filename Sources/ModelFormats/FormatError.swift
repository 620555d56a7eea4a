import Files
import NeuralNetworks

/// What can be wrong with files of tensors and models. Every description is one line that names the file.
public enum FormatError: NeuralNetworksError, Hashable {
  /// The system cannot read or write the file.
  case file(path: String, reason: String)
  /// The contents are not what they should be.
  case malformed(path: String, reason: String)
  /// The tensors of the file are not those of the model; all differences at once. A shape says the name, what the file has and
  /// what the model wants; an element type that cannot be a parameter's stands there too.
  case parameters(path: String, missing: [String], unknown: [String], shapes: [String])

  public var description: String { words.onOneLine }

  private var words: String {
    switch self {
    case .file(let path, let reason), .malformed(let path, let reason): return "\(path): \(reason)"
    case .parameters(let path, let missing, let unknown, let shapes):
      let parts = [("missing", missing), ("unknown", unknown), ("other shapes or types", shapes)]
      let words = parts.filter { !$0.1.isEmpty }.map { name, items in
        "\(name): \(items.prefix(10).joined(separator: ", "))\(items.count > 10 ? " and \(items.count - 10) more" : "")"
      }
      return "\(path): the tensors do not fit the model; " + words.joined(separator: "; ")
    }
  }
}

extension FormatError {
  init(_ error: FileError) { self = .file(path: error.path, reason: error.reason) }
}

/// Does something with files; their errors become those of this module.
func withFileErrors<Value>(_ body: () throws(FileError) -> Value) throws(FormatError) -> Value {
  do { return try body() } catch { throw FormatError(error) }
}
