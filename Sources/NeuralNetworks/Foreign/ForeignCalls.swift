// Calls of `compile` and `fit` as in Keras and PyTorch. They do not compile; the error message names the replacement.

extension Model {
  @available(*, unavailable, message: "the optimizer comes first: compile(optimizer:loss:metrics:device:)")
  public func compile(loss: Loss, optimizer: Optimizer, metrics: [Metric] = [], device: Device? = nil) {
    fatalError("unavailable")
  }
  @available(
    *, unavailable, message: "an optimizer is a value: .adam(learningRate: 0.001), or Optimizer(rule) for a rule"
  )
  public func compile(optimizer: any UpdateRule, loss: Loss, metrics: [Metric] = [], device: Device? = nil) {
    fatalError("unavailable")
  }
  @available(*, unavailable, message: "metrics are an array: metrics: [.accuracy]")
  public func compile(optimizer: Optimizer, loss: Loss, metrics: Metric, device: Device? = nil) {
    fatalError("unavailable")
  }

  @available(*, unavailable, message: "inputs and targets have no labels: fit(x, y, epochs: 5)")
  @discardableResult
  public func fit(x: Tensor, y: Tensor, epochs: Int = 1, batchSize: Int = 32) throws -> History {
    fatalError("unavailable")
  }
  @available(*, unavailable, message: "write validation: .split(0.1)")
  @discardableResult
  public func fit(
    _ inputs: Tensor, _ targets: Tensor, epochs: Int = 1, batchSize: Int = 32, validationSplit: Double
  ) throws -> History { fatalError("unavailable") }
  @available(*, unavailable, message: "write validation: .split(0.1)")
  @discardableResult
  public func fit(
    _ inputs: Tensor, _ targets: Tensor, epochs: Int = 1, batchSize: Int = 32, validation: Double
  ) throws -> History { fatalError("unavailable") }
  @available(*, unavailable, message: "write validation: .data(x, y)")
  @discardableResult
  public func fit(
    _ inputs: Tensor, _ targets: Tensor, epochs: Int = 1, batchSize: Int = 32, validationData: (Tensor, Tensor)
  ) throws -> History { fatalError("unavailable") }
  @available(*, unavailable, message: "write validation: .data(x, y)")
  @discardableResult
  public func fit(
    _ inputs: Tensor, _ targets: Tensor, epochs: Int = 1, batchSize: Int = 32, validation: (Tensor, Tensor)
  ) throws -> History { fatalError("unavailable") }
  @available(*, unavailable, message: "write verbosity: .silent, .lines, or .automatic")
  @discardableResult
  public func fit(
    _ inputs: Tensor, _ targets: Tensor, epochs: Int = 1, batchSize: Int = 32, verbose: Int
  ) throws -> History { fatalError("unavailable") }
  @available(*, unavailable, message: "callbacks are an array: callbacks: [EarlyStopping()]")
  @discardableResult
  public func fit(
    _ inputs: Tensor, _ targets: Tensor, epochs: Int = 1, batchSize: Int = 32, validation: Validation? = nil,
    callbacks: any Callback
  ) throws -> History { fatalError("unavailable") }
  @available(*, unavailable, message: "the weights belong to the data: fit(TensorDataset(x, y, weights: weights))")
  @discardableResult
  public func fit(
    _ inputs: Tensor, _ targets: Tensor, epochs: Int = 1, batchSize: Int = 32, sampleWeight: Tensor
  ) throws -> History { fatalError("unavailable") }
  @available(*, unavailable, message: "write classWeights: [0: 1, 1: 2.5]")
  @discardableResult
  public func fit(
    _ inputs: Tensor, _ targets: Tensor, epochs: Int = 1, batchSize: Int = 32, classWeight: [Int: Double]
  ) throws -> History { fatalError("unavailable") }

  @available(*, unavailable, message: "write validation: .split(0.1)")
  @discardableResult
  public func fit(
    _ data: some Dataset, epochs: Int = 1, batchSize: Int = 32, validation: Double
  ) throws -> History { fatalError("unavailable") }
  @available(*, unavailable, message: "other data are .data(test): fit(train, validation: .data(test))")
  @discardableResult
  public func fit(
    _ data: some Dataset, epochs: Int = 1, batchSize: Int = 32, validation: some Dataset
  ) throws -> History { fatalError("unavailable") }
  @available(*, unavailable, message: "write verbosity: .silent, .lines, or .automatic")
  @discardableResult
  public func fit(
    _ data: some Dataset, epochs: Int = 1, batchSize: Int = 32, verbose: Int
  ) throws -> History { fatalError("unavailable") }
  @available(*, unavailable, message: "callbacks are an array: callbacks: [EarlyStopping()]")
  @discardableResult
  public func fit(
    _ data: some Dataset, epochs: Int = 1, batchSize: Int = 32, validation: Validation? = nil, callbacks: any Callback
  ) throws -> History { fatalError("unavailable") }
}

extension Model {
  @available(
    *, unavailable,
    message: "scores are one value: let scores = try model.evaluate(x, y); scores.loss, scores[\"accuracy\"]"
  )
  @_disfavoredOverload
  public func evaluate(_ inputs: Tensor, _ targets: Tensor, batchSize: Int = 32) throws -> (Double, Double) {
    fatalError("unavailable")
  }
  @available(
    *, unavailable,
    message: "scores are one value: let scores = try model.evaluate(data); scores.loss, scores[\"accuracy\"]"
  )
  @_disfavoredOverload
  public func evaluate(_ data: some Dataset, batchSize: Int = 32) throws -> (Double, Double) {
    fatalError("unavailable")
  }
}
