import HostSystem
import Files
import NeuralNetworks

/// Errors in files of tensors and models. Every description is one line that names the file.
public enum FormatError: NeuralNetworksError, Hashable {
  /// The system cannot read or write the file.
  case file(path: String, reason: String)
  /// The contents are invalid.
  case malformed(path: String, reason: String)
  /// The tensors of the file do not match those of the model. All differences are listed at once. `shapes` contains
  /// names with the actual and expected shapes, and element types that a parameter cannot have.
  case parameters(path: String, missing: [String], unknown: [String], shapes: [String])

  public var description: String { words.shortened(to: 2000).onOneLine }

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

/// Runs `body` and converts its file errors to errors of this module.
func withFileErrors<Value>(_ body: () throws(FileError) -> Value) throws(FormatError) -> Value {
  do { return try body() } catch { throw FormatError(error) }
}
