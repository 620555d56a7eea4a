extension ActivationFunction: Codable {
  /// Decodes a function from its name and constants, such as "relu" or "leaky_relu(0.1)". Custom functions are looked
  /// up in the decoder's `CodingUserInfoKey.customActivations`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    let custom = decoder.userInfo[.customActivations] as? [ActivationFunction] ?? []
    if let formula = FormulaText(parsing: text),
      let function = ActivationFunction.builtIn(formula) ?? custom.first(where: { $0.name == text })
    {
      self = function
      return
    }
    throw DecodingError.dataCorruptedError(
      in: container,
      debugDescription:
        "there is no activation \"\(text)\"; there are \(ActivationFunction.all.map(\.name).joined(separator: ", "))")
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(FormulaText(name, constants).text)
  }

  private static let all = elementwise + [.softmax, .logSoftmax]

  private static func builtIn(_ formula: FormulaText) -> ActivationFunction? {
    switch (formula.name, formula.constants.count) {
    case ("leaky_relu", 1): .leakyReLU(formula.constants[0])
    case ("elu", 1): .elu(formula.constants[0])
    case (let name, 0): all.first { $0.name == name }
    default: nil
    }
  }
}
