/// What can be wrong with a model, its configuration or what it is given.
public enum ModelError: NeuralNetworksError {
  /// An input does not have the shape that a layer takes; without the batch axis, `anyLength` for any extent.
  case inputShape(layer: String, expected: [Int], found: [Int])
  /// An input has elements of a type that a layer does not take.
  case inputType(layer: String, expected: String, found: DType)
  /// An example has a token that an embedding does not have.
  case token(layer: String, example: Int, value: Int, tokens: Int)
  /// Parameters have no shape or no value yet.
  case notBuilt(path: String)
  /// `fit` and `evaluate` need `compile` first.
  case notCompiled
  /// A layer, an optimizer or a description of either makes no sense.
  case invalidConfiguration(layer: String, reason: String)
  /// A label that is no class number.
  case label(index: Int, value: Int, classes: Int)
  /// Names and shapes of parameters that do not fit the model.
  case parameters(missing: [String], unknown: [String], shapes: [String])

  public var description: String {
    switch self {
    case .inputShape(let layer, let expected, let found):
      return
        "\(layer): the input has the shape \(found), expected \(ModelError.text(expected)) (without the batch axis)"
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
      let parts = [
        missing.isEmpty ? nil : "missing: \(missing.joined(separator: ", "))",
        unknown.isEmpty ? nil : "unknown: \(unknown.joined(separator: ", "))",
        shapes.isEmpty ? nil : "other shapes: \(shapes.joined(separator: ", "))",
      ]
      return "parameters do not fit the model; " + parts.compactMap { $0 }.joined(separator: "; ")
    }
  }

  /// A shape with "any" for an extent that may vary.
  static func text(_ shape: [Int]) -> String {
    "[\(shape.map { $0 == anyLength ? "any" : "\($0)" }.joined(separator: ", "))]"
  }

  /// The same error of a layer with the path that leads to it.
  func located(in layer: String, at path: String) -> ModelError {
    let name = path.isEmpty ? layer : "\(path) (\(layer))"
    switch self {
    case .inputShape(layer, let expected, let found):
      return .inputShape(layer: name, expected: expected, found: found)
    case .invalidConfiguration(layer, let reason): return .invalidConfiguration(layer: name, reason: reason)
    case .inputType(layer, let expected, let found):
      return .inputType(layer: name, expected: expected, found: found)
    default: return self
    }
  }
}
