// Losses, metrics, optimizers, and callbacks as in Keras and PyTorch. They do not compile; the error message names the
// replacement.

extension History {
  @available(*, unavailable, message: "write history[\"loss\"]")
  public var history: [String: [Double]] { fatalError("unavailable") }
}

extension Scores {
  @available(*, unavailable, message: "write scores[\"accuracy\"]")
  public var accuracy: Double { fatalError("unavailable") }
}

extension Optimizer {
  @available(*, unavailable, message: "write .adam(learningRate: 0.001)")
  public static func adam(lr: any LearningRate) -> Optimizer { fatalError("unavailable") }
  @available(*, unavailable, message: "write .sgd(learningRate: 0.01)")
  public static func sgd(lr: any LearningRate, momentum: Double = 0) -> Optimizer { fatalError("unavailable") }
  @available(
    *, unavailable, message: "an optimizer is given the model by compile, or by update(model, with: gradients)"
  )
  public static func adam(_ parameters: Parameters, learningRate: any LearningRate = 0.001) -> Optimizer {
    fatalError("unavailable")
  }
  @available(
    *, unavailable, message: "an optimizer is given the model by compile, or by update(model, with: gradients)"
  )
  public static func sgd(_ parameters: Parameters, learningRate: any LearningRate = 0.01) -> Optimizer {
    fatalError("unavailable")
  }
  @available(*, unavailable, message: "not needed: gradients are the values that valueAndGradient(at:) returns")
  public func zeroGrad() { fatalError("unavailable") }
  @available(
    *, unavailable, message: "write try optimizer.update(model, with: gradients); step is the number of updates"
  )
  public func step(_ none: Void = ()) { fatalError("unavailable") }
}

extension Loss {
  @available(*, unavailable, renamed: "meanAbsoluteError")
  public static var l1: Loss { fatalError("unavailable") }
  @available(*, unavailable, renamed: "huber(delta:)")
  public static var smoothL1: Loss { fatalError("unavailable") }
  @available(*, unavailable, message: "write .crossEntropy(): of log-probabilities it is the same number")
  public static var nll: Loss { fatalError("unavailable") }
  @available(*, unavailable, message: "write .poisson(fromLogarithm: true)")
  public static var poissonNLL: Loss { fatalError("unavailable") }
  @available(*, unavailable, message: "write .binaryCrossEntropy(fromLogits: true)")
  public static var bceWithLogits: Loss { fatalError("unavailable") }
  @available(*, unavailable, message: "write .binaryCrossEntropy(fromLogits: true)")
  public static func bceWithLogits(_ none: Void = ()) -> Loss { fatalError("unavailable") }
}

extension Metric {
  @available(*, unavailable, renamed: "rootMeanSquaredError")
  public static var rmse: Metric { fatalError("unavailable") }
  @available(*, unavailable, renamed: "r2Score")
  public static var r2: Metric { fatalError("unavailable") }
  @available(*, unavailable, message: "write .topK(5)")
  public static var top5: Metric { fatalError("unavailable") }
}

extension EarlyStopping {
  @available(
    *, unavailable,
    message: "the setting is called restoresBestWeights: EarlyStopping(patience: 5, restoresBestWeights: true)"
  )
  public convenience init(monitor: String = "", patience: Int = 0, restoreBestWeights: Bool) {
    fatalError("unavailable")
  }
  @available(
    *, unavailable, message: "mode is direction: EarlyStopping(monitor: \"validation_loss\", direction: .smaller)"
  )
  public convenience init(monitor: String = "", patience: Int = 0, restoreBestWeights: Bool = false, mode: String) {
    fatalError("unavailable")
  }
  @available(
    *, unavailable, message: "the setting is called minimumDelta: EarlyStopping(patience: 5, minimumDelta: 0.001)"
  )
  public convenience init(monitor: String = "", patience: Int = 0, minDelta: Double) { fatalError("unavailable") }
}

@available(*, unavailable, renamed: "ReduceLearningRateOnPlateau")
public typealias ReduceLROnPlateau = ReduceLearningRateOnPlateau
@available(*, unavailable, renamed: "TerminateOnNonFinite")
public typealias TerminateOnNaN = TerminateOnNonFinite
@available(*, unavailable, renamed: "WeightAveraging")
public typealias SwapEMAWeights = WeightAveraging
@available(*, unavailable, renamed: "WeightedSample")
public typealias WeightedRandomSampler = WeightedSample

// swift-format-ignore: AlwaysUseLowerCamelCase
@available(*, unavailable, message: "a loss is a value: .crossEntropy()")
public func CrossEntropyLoss() -> Loss { fatalError("unavailable") }
// swift-format-ignore: AlwaysUseLowerCamelCase
@available(*, unavailable, message: "a loss is a value: .meanSquaredError")
public func MSELoss() -> Loss { fatalError("unavailable") }
// swift-format-ignore: AlwaysUseLowerCamelCase
@available(*, unavailable, message: "a loss is a value: .meanAbsoluteError")
public func L1Loss() -> Loss { fatalError("unavailable") }
// swift-format-ignore: AlwaysUseLowerCamelCase
@available(*, unavailable, message: "a loss is a value: .binaryCrossEntropy()")
public func BCELoss() -> Loss { fatalError("unavailable") }
// swift-format-ignore: AlwaysUseLowerCamelCase
@available(*, unavailable, message: "a loss is a value: .binaryCrossEntropy(fromLogits: true)")
public func BCEWithLogitsLoss() -> Loss { fatalError("unavailable") }
// swift-format-ignore: AlwaysUseLowerCamelCase
@available(*, unavailable, message: "a loss is a value: .crossEntropy(); of log-probabilities it is the same number")
public func NLLLoss() -> Loss { fatalError("unavailable") }
