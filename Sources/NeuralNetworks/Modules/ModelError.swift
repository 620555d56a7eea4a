import HostSystem

/// An error in a model, its configuration, or its inputs.
public enum ModelError: NeuralNetworksError {
  /// An input does not have the shape that a layer requires. Shapes are without the batch axis, with `anyLength` for
  /// any size.
  case inputShape(layer: String, expected: [Int], found: [Int])
  /// An input has the shape of one example instead of a batch. `expected` is without the batch axis.
  case missingBatchAxis(layer: String, expected: [Int], found: [Int])
  /// An input has an element type that a layer does not support.
  case inputType(layer: String, expected: String, found: DType)
  /// An example contains a token that an embedding does not have.
  case token(layer: String, example: Int, value: Int, tokens: Int)
  /// Parameters have no shape or no value yet.
  case notBuilt(path: String)
  /// `fit` or `evaluate` was called before `compile`.
  case notCompiled
  /// A layer, an optimizer, or a description of either is invalid.
  case invalidConfiguration(layer: String, reason: String)
  /// A label is not a class index.
  case label(index: Int, value: Int, classes: Int)
  /// The names or shapes of parameters do not match the model.
  case parameters(missing: [String], unknown: [String], shapes: [String])

  public var description: String { words.onOneLine }

  private var words: String {
    switch self {
    case .inputShape(let layer, let expected, let found):
      return
        "\(layer): the input has the shape \(found), expected \(ModelError.text(expected)) (without the batch axis)"
        + (InputHint.text(expected: expected, found: found).map { "; hint: \($0)" } ?? "")
    case .missingBatchAxis(let layer, let expected, let found):
      return "\(layer): the input has the shape \(found), that of one example; expected a batch of them, "
        + "\(ModelError.text(expected)) behind a batch axis; hint: x[0..<1] in place of x[0], or x.expanded(axis: 0)"
    case .inputType(let layer, let expected, let found):
      return "\(layer): the input has \(found) elements, expected \(expected)"
    case .token(let layer, let example, let value, let tokens):
      return "\(layer): the token \(value) of example \(example) is not one of the \(tokens) tokens 0..<\(tokens)"
    case .notBuilt(let path): return "not built yet: \(path); build with build(inputShape:on:seed:)"
    case .notCompiled: return "the model is not compiled: call compile(optimizer:loss:metrics:device:) first"
    case .invalidConfiguration(let layer, let reason): return "\(layer): \(reason)"
    case .label(let index, let value, let classes):
      return "the label of example \(index) is \(value), not one of the \(classes) classes 0..<\(classes)"
    case .parameters(let missing, let unknown, let shapes):
      let parts = [("missing", missing), ("unknown", unknown), ("other shapes", shapes)].filter { !$0.1.isEmpty }
      let words = parts.map { name, items in
        "\(name): \(items.prefix(10).joined(separator: ", "))\(items.count > 10 ? " and \(items.count - 10) more" : "")"
      }
      return "parameters do not fit the model; " + words.joined(separator: "; ")
    }
  }

  /// Returns a shape as text, with "any" for a size that may vary.
  package static func text(_ shape: [Int]) -> String {
    "[\(shape.map { $0 == anyLength ? "any" : "\($0)" }.joined(separator: ", "))]"
  }

  /// Returns the same error with the path of the layer.
  func located(in layer: String, at path: String) -> ModelError {
    let name = path.isEmpty ? layer : "\(path) (\(layer))"
    switch self {
    case .inputShape(layer, let expected, let found):
      return .inputShape(layer: name, expected: expected, found: found)
    case .invalidConfiguration(layer, let reason): return .invalidConfiguration(layer: name, reason: reason)
    case .missingBatchAxis(layer, let expected, let found):
      return .missingBatchAxis(layer: name, expected: expected, found: found)
    case .inputType(layer, let expected, let found):
      return .inputType(layer: name, expected: expected, found: found)
    default: return self
    }
  }
}
