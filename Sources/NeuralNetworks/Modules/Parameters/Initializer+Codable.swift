extension Initializer: Codable {
  /// Decodes an initializer from its name and constants: "he_normal", "uniform(-0.1, 0.1)". A custom initializer is
  /// decoded by name only: it draws like `pytorchDefault`, which does not matter if values are loaded.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let formula = FormulaText(parsing: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is no initializer")
    }
    let custom = Initializer(formula.name, .custom) { Initializer.pytorchDefault.values($0, $1).map(Double.init) }
    self = Initializer.builtIn(formula) ?? custom
  }

  public func encode(to encoder: any Encoder) throws {
    let constants: [Double] =
      switch kind {
      case .constant(let value): [value]
      case .normal(let mean, let deviation): [mean, deviation]
      case .uniform(let lower, let upper): [lower, upper]
      case .orthogonal(let gain): [gain]
      case .zeros, .ones, .pytorchDefault, .scaled, .custom: []
      }
    var container = encoder.singleValueContainer()
    try container.encode(FormulaText(name, constants).text)
  }

  private static let simple: [Initializer] = [
    .zeros, .ones, .pytorchDefault, .glorotUniform, .glorotNormal, .heUniform, .heNormal, .lecunUniform, .lecunNormal,
  ]

  private static func builtIn(_ formula: FormulaText) -> Initializer? {
    let constants = formula.constants
    return switch (formula.name, constants.count) {
    case ("constant", 1): .constant(constants[0])
    case ("normal", 1): .normal(deviation: constants[0])
    case ("normal", 2): .normal(mean: constants[0], deviation: constants[1])
    case ("uniform", 2): .uniform(constants[0], constants[1])
    case ("orthogonal", 0): .orthogonal()
    case ("orthogonal", 1): .orthogonal(gain: constants[0])
    case (let name, 0): simple.first { $0.name == name }
    default: nil
    }
  }
}
