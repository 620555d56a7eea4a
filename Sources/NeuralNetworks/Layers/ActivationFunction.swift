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
  /// Whether a recording of the function can be replayed with other numbers; true for the functions of this package.
  public let allowsReplay: Bool
  /// True for the functions of this package.
  let isBuiltIn: Bool
  private let body: @Sendable (Tensor) -> Tensor

  /// Creates a custom activation function.
  /// - Parameters:
  ///   - name: The name. A model created from a description uses it to find the function.
  ///   - allowsReplay: Whether a recording of the function can be replayed with other numbers, as for
  ///     `Layer.allowsReplay`. This requires that `body` does nothing on the host that depends on the values of tensors
  ///     or on the time of the call: it computes with its argument, constants, and numbers that never change.
  ///     Otherwise, and by default, `body` is called in each step.
  ///   - body: The function. The result must have the shape of the argument.
  public init(_ name: String, allowsReplay: Bool = false, _ body: @escaping @Sendable (Tensor) -> Tensor) {
    self.init(name, constants: [], allowsReplay: allowsReplay, isBuiltIn: false, body)
  }

  private init(
    _ name: String, constants: [Double], allowsReplay: Bool, isBuiltIn: Bool,
    _ body: @escaping @Sendable (Tensor) -> Tensor
  ) {
    self.name = name
    self.constants = constants
    self.allowsReplay = allowsReplay
    self.isBuiltIn = isBuiltIn
    self.body = body
    operation = nil
  }

  /// Creates a function of this package that is a composition of tensor operations.
  fileprivate init(
    builtIn name: String, constants: [Double] = [], _ body: @escaping @Sendable (Tensor) -> Tensor
  ) {
    self.init(name, constants: constants, allowsReplay: true, isBuiltIn: true, body)
  }

  private init(_ name: String, _ operation: UnaryOp, constants: [Double] = []) {
    self.name = name
    self.constants = constants
    self.operation = operation
    (allowsReplay, isBuiltIn) = (true, true)
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
    .linear, .relu, .relu6, .leakyReLU(), .elu(), .celu(), .selu, .gelu, .geluTanh, .silu, .mish, .hardSwish,
    .sigmoid, .logSigmoid, .hardSigmoid, .tanh, .hardTanh(), .tanhShrink, .softShrink(), .hardShrink(), .softsign,
    .softplus, .squarePlus(), .exponential,
  ]

  /// The identity, x.
  public static let linear = ActivationFunction(builtIn: "linear") { $0 }
  /// max(x, 0).
  public static let relu = ActivationFunction("relu", .relu)
  /// min(max(x, 0), 6).
  public static let relu6 = ActivationFunction("relu6", UnaryOp(.relu6))
  /// x for x > 0, slope·x otherwise.
  public static func leakyReLU(_ slope: Double = 0.01) -> ActivationFunction {
    ActivationFunction("leaky_relu", .leakyReLU(slope: slope), constants: [slope])
  }
  /// x for x > 0, alpha·(eˣ − 1) otherwise.
  public static func elu(_ alpha: Double = 1) -> ActivationFunction {
    ActivationFunction("elu", .elu(alpha: alpha), constants: [alpha])
  }
  /// x for x > 0, alpha·(e^(x/alpha) − 1) otherwise.
  /// - Parameter alpha: The negative of the limit at −∞; above 0.
  public static func celu(_ alpha: Double = 1) -> ActivationFunction {
    require(alpha > 0, "alpha", of: "celu", "a number above 0", alpha)
    return ActivationFunction(builtIn: "celu", constants: [alpha]) { $0.celu(alpha) }
  }
  /// 1.0507·x for x > 0, 1.0507·1.6733·(eˣ − 1) otherwise, which keeps the variance near 1 (Klambauer et al.,
  /// Self-Normalizing Neural Networks, 2017) if weights are initialized by `.lecunNormal`.
  public static let selu = ActivationFunction("selu", UnaryOp(.selu))
  /// x·Φ(x), where Φ is the exact normal distribution function.
  public static let gelu = ActivationFunction("gelu", UnaryOp(.gelu))
  /// x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))/2, the approximation of `gelu` that GPT-2 uses.
  public static let geluTanh = ActivationFunction("gelu_tanh", UnaryOp(.geluTanh))
  /// x·sigmoid(x).
  public static let silu = ActivationFunction("silu", UnaryOp(.silu))
  /// x·hardSigmoid(x), the activation of MobileNetV3. Keras' `hard_silu`.
  public static let hardSwish = ActivationFunction("hard_swish", UnaryOp(.hardSwish))
  /// 1/(1 + e⁻ˣ).
  public static let sigmoid = ActivationFunction("sigmoid", UnaryOp(.sigmoid))
  /// ln sigmoid(x) = −ln(1 + e⁻ˣ).
  public static let logSigmoid = ActivationFunction("log_sigmoid", UnaryOp(.logSigmoid))
  /// min(max(x/6 + 1/2, 0), 1).
  public static let hardSigmoid = ActivationFunction("hard_sigmoid", UnaryOp(.hardSigmoid))
  /// tanh x.
  public static let tanh = ActivationFunction("tanh", UnaryOp(.tanh))
  /// x within a range, and its nearest bound outside. The gradient is 1 at the bounds (PyTorch's `hardtanh` has 0).
  /// - Parameter range: The range; its bounds are finite.
  public static func hardTanh(_ range: ClosedRange<Double> = -1...1) -> ActivationFunction {
    let (low, high) = (range.lowerBound, range.upperBound)
    require(low.isFinite, "the lower bound", of: "hardTanh", "a finite number", low)
    require(high.isFinite, "the upper bound", of: "hardTanh", "a finite number", high)
    return ActivationFunction(builtIn: "hard_tanh", constants: [low, high]) { $0.clamped(to: range) }
  }
  /// x − tanh x.
  public static let tanhShrink = ActivationFunction(builtIn: "tanh_shrink") { $0.tanhShrink() }
  /// x − lambda for x > lambda, x + lambda for x < −lambda, and 0 between.
  /// - Parameter lambda: The threshold, 0 or above.
  public static func softShrink(_ lambda: Double = 0.5) -> ActivationFunction {
    require(lambda >= 0, "lambda", of: "softShrink", "a number from 0 on", lambda)
    return ActivationFunction(builtIn: "soft_shrink", constants: [lambda]) { $0.softShrink(lambda) }
  }
  /// x for |x| > lambda, and 0 otherwise.
  /// - Parameter lambda: The threshold, 0 or above.
  public static func hardShrink(_ lambda: Double = 0.5) -> ActivationFunction {
    require(lambda >= 0, "lambda", of: "hardShrink", "a number from 0 on", lambda)
    return ActivationFunction(builtIn: "hard_shrink", constants: [lambda]) { $0.hardShrink(lambda) }
  }
  /// x for x > threshold, and `value` otherwise. PyTorch's and Keras' `threshold`.
  public static func threshold(_ threshold: Double, value: Double = 0) -> ActivationFunction {
    require(true, "the threshold", of: "threshold", "a finite number", threshold)
    require(true, "the value", of: "threshold", "a finite number", value)
    return ActivationFunction(builtIn: "threshold", constants: [threshold, value]) {
      $0.thresholded(at: threshold, value: value)
    }
  }
  /// x/(1 + |x|).
  public static let softsign = ActivationFunction("softsign", UnaryOp(.softsign))
  /// ln(1 + eˣ).
  public static let softplus = ActivationFunction("softplus", UnaryOp(.softplus))
  /// (x + √(x² + b))/2, a smooth max(x, 0). Keras' `squareplus`.
  /// - Parameter b: The width of the bend at 0; above 0.
  public static func squarePlus(_ b: Double = 4) -> ActivationFunction {
    require(b > 0, "b", of: "squarePlus", "a number above 0", b)
    return ActivationFunction(builtIn: "square_plus", constants: [b]) { $0.squarePlus(b) }
  }
  /// eˣ.
  public static let exponential = ActivationFunction(builtIn: "exponential") { $0.exp() }
  /// x·tanh(ln(1 + eˣ)).
  public static let mish = ActivationFunction("mish", UnaryOp(.mish))
  /// eˣ/Σeˣ along the last axis.
  public static let softmax = ActivationFunction(builtIn: "softmax") { $0.softmax() }
  /// x − ln Σeˣ along the last axis.
  public static let logSoftmax = ActivationFunction(builtIn: "log_softmax") { $0.logSoftmax() }
  /// e⁻ˣ/Σe⁻ˣ along the last axis.
  public static let softmin = ActivationFunction(builtIn: "softmin") { $0.softmin() }
  /// max(x − t, 0) along the last axis, where t makes the sum 1.
  public static let sparsemax = ActivationFunction(builtIn: "sparsemax") { $0.sparsemax() }
  /// a·sigmoid(b), where a and b are the two halves of the last axis, whose extent becomes half.
  public static let glu = ActivationFunction(builtIn: "glu") { $0.glu() }

  private static func require(_ fits: Bool, _ name: String, of function: String, _ expected: String, _ value: Double) {
    if !(fits && value.isFinite) { ProgrammerError.end("\(function): \(name) is \(expected), not \(value)") }
  }
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

  private static let all = elementwise + [.softmax, .logSoftmax, .softmin, .sparsemax, .glu]

  private static func builtIn(_ formula: FormulaText) -> ActivationFunction? {
    let numbers = formula.constants
    guard numbers.allSatisfy(\.isFinite) else { return nil }
    switch (formula.name, numbers.count) {
    case ("leaky_relu", 1): return .leakyReLU(numbers[0])
    case ("elu", 1): return .elu(numbers[0])
    case ("celu", 1) where numbers[0] > 0: return .celu(numbers[0])
    case ("hard_tanh", 2) where numbers[0] <= numbers[1]: return .hardTanh(numbers[0]...numbers[1])
    case ("soft_shrink", 1) where numbers[0] >= 0: return .softShrink(numbers[0])
    case ("hard_shrink", 1) where numbers[0] >= 0: return .hardShrink(numbers[0])
    case ("threshold", 2): return .threshold(numbers[0], value: numbers[1])
    case ("square_plus", 1) where numbers[0] > 0: return .squarePlus(numbers[0])
    case (let name, 0): return all.first { $0.name == name }
    default: return nil
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
