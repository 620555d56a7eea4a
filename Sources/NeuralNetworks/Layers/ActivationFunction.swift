import BackendCore

/// An activation function: a value with a name.
///
/// ```swift
/// extension ActivationFunction {
///   static let swish = ActivationFunction("swish") { x in x * x.sigmoid() }
/// }
/// let layer = Dense(64, activation: .swish)
/// ```
///
/// Formulas and constants match PyTorch.
public struct ActivationFunction: Sendable {
  /// The name in a model description.
  public let name: String
  /// The constants of the function.
  let constants: [Double]
  /// The function as an operation on single numbers that layers can fuse with their own operation; nil for other
  /// functions.
  package let operation: UnaryOp?
  /// True for the functions of this package, whose recordings can be replayed with other numbers.
  let allowsReplay: Bool
  private let body: @Sendable (Tensor) -> Tensor

  /// Creates a custom activation function.
  /// - Parameters:
  ///   - name: The name. A model created from a description uses it to find the function.
  ///   - body: The function. The result must have the shape of the argument.
  public init(_ name: String, _ body: @escaping @Sendable (Tensor) -> Tensor) {
    self.init(name, allowsReplay: false, body)
  }

  private init(_ name: String, allowsReplay: Bool, _ body: @escaping @Sendable (Tensor) -> Tensor) {
    self.name = name
    self.body = body
    self.allowsReplay = allowsReplay
    constants = []
    operation = nil
  }

  private init(_ name: String, _ operation: UnaryOp, constants: [Double] = []) {
    self.name = name
    self.constants = constants
    self.operation = operation
    allowsReplay = true
    body = { $0.applying(operation) }
  }

  /// Returns the function applied to a tensor.
  public func callAsFunction(_ x: Tensor) -> Tensor { body(x) }

  /// Whether this is the identity.
  package var isLinear: Bool { name == ActivationFunction.linear.name }
}

extension ActivationFunction {
  /// The functions of single numbers, with their default constants.
  package static let elementwise: [ActivationFunction] = [
    .linear, .relu, .leakyReLU(), .elu(), .gelu, .silu, .sigmoid, .tanh, .softplus, .mish,
  ]

  /// The identity, x.
  public static let linear = ActivationFunction("linear", allowsReplay: true) { $0 }
  /// max(x, 0).
  public static let relu = ActivationFunction("relu", .relu)
  /// x for x > 0, slope·x otherwise.
  public static func leakyReLU(_ slope: Double = 0.01) -> ActivationFunction {
    ActivationFunction("leaky_relu", .leakyReLU(slope: slope), constants: [slope])
  }
  /// x for x > 0, alpha·(eˣ − 1) otherwise.
  public static func elu(_ alpha: Double = 1) -> ActivationFunction {
    ActivationFunction("elu", .elu(alpha: alpha), constants: [alpha])
  }
  /// x·Φ(x), where Φ is the exact normal distribution function.
  public static let gelu = ActivationFunction("gelu", UnaryOp(.gelu))
  /// x·sigmoid(x).
  public static let silu = ActivationFunction("silu", UnaryOp(.silu))
  /// 1/(1 + e⁻ˣ).
  public static let sigmoid = ActivationFunction("sigmoid", UnaryOp(.sigmoid))
  /// tanh x.
  public static let tanh = ActivationFunction("tanh", UnaryOp(.tanh))
  /// ln(1 + eˣ).
  public static let softplus = ActivationFunction("softplus", UnaryOp(.softplus))
  /// x·tanh(ln(1 + eˣ)).
  public static let mish = ActivationFunction("mish", UnaryOp(.mish))
  /// eˣ/Σeˣ along the last axis.
  public static let softmax = ActivationFunction("softmax", allowsReplay: true) { $0.softmax() }
  /// x − ln Σeˣ along the last axis.
  public static let logSoftmax = ActivationFunction("log_softmax", allowsReplay: true) { $0.logSoftmax() }
}

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

/// The name of a formula with its constants, as used in model descriptions: "relu", "leaky_relu(0.1)", "uniform(-1,
/// 1)".
struct FormulaText {
  let name: String
  let constants: [Double]

  init(_ name: String, _ constants: [Double] = []) {
    self.name = name
    self.constants = constants
  }

  /// Returns nil if the text does not have this form.
  init?(parsing text: String) {
    guard let open = text.firstIndex(of: "(") else {
      self.init(text)
      return
    }
    guard text.last == ")" else { return nil }
    let inner = text[text.index(after: open)...].dropLast()
    var constants: [Double] = []
    for part in inner.split(separator: ",", omittingEmptySubsequences: false) {
      let spaceless = part.drop { $0 == " " }
      guard let number = Double(String(spaceless)) else { return nil }
      constants.append(number)
    }
    self.init(String(text[..<open]), constants)
  }

  var text: String { constants.isEmpty ? name : "\(name)(\(constants.map { "\($0)" }.joined(separator: ", ")))" }
}
