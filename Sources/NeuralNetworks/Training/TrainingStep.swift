/// One step of training: forward, loss, backward, update. It is what `fit` repeats, and serves loops of one's own:
///
/// ```swift
/// let step = try TrainingStep(model, optimizer: optimizer, loss: .crossEntropy(), seed: 1)
/// while let batch = try batches.next() { total += try step(batch).loss }
/// ```
///
/// A step depends on the batch, the parameters, the optimizer's state, and the seed with the number of the step (dropout),
/// on nothing else: a device may record it once and replay it.
public final class TrainingStep {
  /// What a step gives; nothing of it has been waited for.
  public struct Output: Sendable {
    /// The mean loss of the batch, without penalties on weights: a scalar.
    public var loss: Tensor
    /// What the model gave, before the update: one tensor for each output.
    public var predictions: [Tensor]
    /// How much the mean counts in a mean over several batches.
    package var weight: BatchWeight
  }

  public let model: Model
  public let optimizer: Optimizer
  /// Random numbers of layers are drawn from it, and from the number of the step.
  public let seed: UInt64
  private let terms: [LossTerm]
  private let classWeights: ClassWeights?
  private var isReady = false

  /// - Parameters:
  ///   - model: Is built by the first batch if it is not built yet, with weights drawn from `seed`.
  ///   - optimizer: Keeps its state and its step count.
  ///   - loss: What is minimised, together with the penalties on weights.
  ///   - seed: Where random numbers of layers come from.
  /// - Throws: `TrainingError.unknownOutput` when the loss names an output that the model does not have.
  public convenience init(_ model: Model, optimizer: Optimizer, loss: Loss, seed: UInt64 = 0) throws {
    let compiled = Compiled(optimizer: optimizer, loss: loss, metrics: [])
    self.init(
      model, optimizer: optimizer, terms: try compiled.terms(outputs: model.outputNames), seed: seed, classWeights: nil)
  }

  init(_ model: Model, optimizer: Optimizer, terms: [LossTerm], seed: UInt64, classWeights: ClassWeights?) {
    self.model = model
    self.optimizer = optimizer
    self.terms = terms
    self.seed = seed
    self.classWeights = classWeights
  }

  /// Makes one step on a batch, which is copied to the model's device if it is not there. It returns as soon as the device has
  /// its work.
  /// - Throws: `ModelError.inputShape` when the first batch does not fit the model, `DeviceError`. Parameters, the
  ///   optimizer's state and its step count are then as they were.
  public func callAsFunction(_ batch: Batch) throws -> Output {
    if !isReady {
      try model.becomeReady(inputs: batch.inputs, seed: seed)
      isReady = true
    }
    return try step(on: batch.moved(to: model.device))
  }

  private func step(on batch: Batch) throws -> Output {
    let context = Context.training(
      RandomStream(seed: seed, purpose: "training", step: UInt32(truncatingIfNeeded: optimizer.step)))
    let weights = classWeights?.weights(of: batch) ?? batch.weights
    var predictions: [Tensor] = []
    var reduced: ReducedLoss?
    let (_, gradients) = valueAndGradient(at: model) { model in
      predictions = model.forward(batch.inputs, context)
      let loss = terms.reduced(predictions, batch.targets, weights: weights)
      reduced = loss
      return model.penalty().map { loss.mean + $0 } ?? loss.mean
    }
    guard let reduced else { fatalError("valueAndGradient did not call its body") }
    // Nothing is written when the loss or a gradient carries an error.
    try reduced.mean.checkPoison()
    try optimizer.update(model, with: gradients)
    return Output(
      loss: reduced.mean.detached(), predictions: predictions.map { $0.detached() }, weight: reduced.weight)
  }
}
