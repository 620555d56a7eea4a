// Names that differ in Keras and PyTorch, or are strings there. They do not compile; the error message names the
// replacement.

@available(*, unavailable, message: "a loss is a value: .meanSquaredError, .crossEntropy(), .binaryCrossEntropy()")
extension Loss: ExpressibleByStringLiteral {
  public init(stringLiteral: String) { fatalError("unavailable") }
}

@available(*, unavailable, message: "a metric is a value: .accuracy, .meanAbsoluteError")
extension Metric: ExpressibleByStringLiteral {
  public init(stringLiteral: String) { fatalError("unavailable") }
}

@available(*, unavailable, message: "an activation function is a value: .relu, .softmax, .tanh")
extension ActivationFunction: ExpressibleByStringLiteral {
  public init(stringLiteral: String) { fatalError("unavailable") }
}

@available(*, unavailable, message: "an initializer is a value: .heNormal, .glorotUniform")
extension Initializer: ExpressibleByStringLiteral {
  public init(stringLiteral: String) { fatalError("unavailable") }
}

@available(*, unavailable, message: "a padding is a value: .valid, .same")
extension Padding: ExpressibleByStringLiteral {
  public init(stringLiteral: String) { fatalError("unavailable") }
}

extension Model {
  @available(*, unavailable, message: "an optimizer is a value: .adam(), .sgd(learningRate: 0.01)")
  public func compile(optimizer: String, loss: Loss, metrics: [Metric] = [], device: Device? = nil) {
    fatalError("unavailable")
  }
}

extension Loss {
  @available(*, unavailable, renamed: "meanSquaredError")
  public static var mse: Loss { fatalError("unavailable") }
  @available(*, unavailable, renamed: "meanAbsoluteError")
  public static var mae: Loss { fatalError("unavailable") }
  @available(
    *, unavailable, message: "write .binaryCrossEntropy(), after a sigmoid, or .binaryCrossEntropy(fromLogits: true)"
  )
  public static var bce: Loss { fatalError("unavailable") }
  @available(*, unavailable, message: "it has no parentheses: .meanSquaredError")
  public static func meanSquaredError(_ none: Void = ()) -> Loss { fatalError("unavailable") }
  @available(*, unavailable, message: "it has no parentheses: .meanAbsoluteError")
  public static func meanAbsoluteError(_ none: Void = ()) -> Loss { fatalError("unavailable") }
  @available(*, unavailable, renamed: "crossEntropy(fromLogits:)")
  public static func categoricalCrossEntropy(fromLogits: Bool = false) -> Loss { fatalError("unavailable") }
  @available(*, unavailable, renamed: "crossEntropy(fromLogits:)")
  public static func categoricalCrossentropy(fromLogits: Bool = false) -> Loss { fatalError("unavailable") }
  @available(*, unavailable, renamed: "sparseCategoricalCrossEntropy(fromLogits:)")
  public static func sparseCategoricalCrossentropy(fromLogits: Bool = false) -> Loss { fatalError("unavailable") }
  @available(*, unavailable, renamed: "meanAbsolutePercentageError")
  public static var mape: Loss { fatalError("unavailable") }
  @available(*, unavailable, renamed: "meanSquaredLogarithmicError")
  public static var msle: Loss { fatalError("unavailable") }
  @available(*, unavailable, renamed: "binaryFocalCrossEntropy(gamma:alpha:fromLogits:)")
  public static func binaryFocalCrossentropy(
    applyClassBalancing: Bool = false, alpha: Double = 0.25, gamma: Double = 2, fromLogits: Bool = false
  ) -> Loss { fatalError("unavailable") }
  @available(*, unavailable, renamed: "categoricalFocalCrossEntropy(gamma:alpha:fromLogits:)")
  public static func categoricalFocalCrossentropy(
    alpha: Double = 0.25, gamma: Double = 2, fromLogits: Bool = false
  ) -> Loss { fatalError("unavailable") }
  @available(*, unavailable, renamed: "binaryCrossEntropy(fromLogits:)")
  public static func binaryCrossentropy(fromLogits: Bool = false) -> Loss { fatalError("unavailable") }
}

extension Metric {
  @available(*, unavailable, renamed: "meanSquaredError")
  public static var mse: Metric { fatalError("unavailable") }
  @available(*, unavailable, renamed: "meanAbsoluteError")
  public static var mae: Metric { fatalError("unavailable") }
  @available(*, unavailable, renamed: "meanAbsolutePercentageError")
  public static var mape: Metric { fatalError("unavailable") }
  @available(*, unavailable, renamed: "meanSquaredLogarithmicError")
  public static var msle: Metric { fatalError("unavailable") }
  @available(*, unavailable, renamed: "fBeta(_:threshold:class:)")
  public static func fbeta(_ beta: Double = 1) -> Metric { fatalError("unavailable") }
  @available(*, unavailable, renamed: "accuracy")
  public static var acc: Metric { fatalError("unavailable") }
  @available(*, unavailable, message: "it has no parentheses: .accuracy")
  public static func accuracy(_ none: Void = ()) -> Metric { fatalError("unavailable") }
  @available(*, unavailable, message: "it has no parentheses: .meanAbsoluteError")
  public static func meanAbsoluteError(_ none: Void = ()) -> Metric { fatalError("unavailable") }
  @available(*, unavailable, message: "it has no parentheses: .meanSquaredError")
  public static func meanSquaredError(_ none: Void = ()) -> Metric { fatalError("unavailable") }
}

extension ActivationFunction {
  @available(*, unavailable, renamed: "hardSwish")
  public static var hardSilu: ActivationFunction { fatalError("unavailable") }
  @available(*, unavailable, renamed: "squarePlus(_:)")
  public static func squareplus(_ b: Double = 4) -> ActivationFunction { fatalError("unavailable") }
}

extension Optimizer {
  @available(*, unavailable, renamed: "rmsProp(learningRate:)")
  public static func rmsprop(learningRate: any LearningRate = 0.01) -> Optimizer { fatalError("unavailable") }
  @available(*, unavailable, renamed: "adamW(learningRate:)")
  public static func adamw(learningRate: any LearningRate = 0.001) -> Optimizer { fatalError("unavailable") }
}
