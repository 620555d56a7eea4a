import BackendCore

/// One step of training: forward, loss, backward, update. It is what `fit` repeats, and serves loops of one's own:
///
/// ```swift
/// let step = try TrainingStep(model, optimizer: optimizer, loss: .crossEntropy(), seed: 1)
/// while let batch = try batches.next() { total += try step(batch).loss }
/// ```
///
/// A step depends on the batch, the parameters, the optimizer's state, and the seed with the number of the step (dropout),
/// on nothing else. The second step with batches of one shape is recorded, and later ones repeat what it did on the device, with
/// the same bits as if everything were done anew. That is left out where a layer, a loss or an update rule is of one's own
/// (a layer may set `allowsReplay`), and inside of `valueAndGradient`.
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

  /// The model that is trained.
  public let model: Model
  /// What updates it.
  public let optimizer: Optimizer
  /// Random numbers of layers are drawn from it, and from the number of the step.
  public let seed: UInt64
  private let terms: [LossTerm]
  private let classWeights: ClassWeights?
  private var isReady = false
  private var recordings = StepRecordings()

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
    let batch = batch.moved(to: model.device)
    guard allowsReplay else { return try step(on: batch) }
    switch recordings.plan(for: batch, of: model, skips: optimizer.skipsNonFiniteGradients) {
    case .eager: return try step(on: batch)
    case .record: return try record(batch)
    case .replay(let recorded): return try replay(recorded, batch)
    }
  }

  private var allowsReplay: Bool {
    model.allowsReplay && optimizer.allowsReplay && terms.allSatisfy { $0.loss.allowsReplay }
      && !isRecordingGradients && !model.device.isBeingRecorded && !model.device.isShapeOnly
  }

  // MARK: Anew

  private func step(on batch: Batch) throws -> Output {
    let (pass, gradients) = try forwardAndBackward(batch, stream(counter: nil))
    try optimizer.update(model, with: gradients)
    return Output(pass.tensors, weight: pass.weight)
  }

  private func stream(counter: BufferSlice?) -> RandomStream {
    let step = UInt32(truncatingIfNeeded: optimizer.step)
    return RandomStream(seed: seed, purpose: "training", step: step, stepCounter: counter)
  }

  /// What a forward pass gives: the loss, the predictions and, where it lies on the device, the weight; constant for gradients.
  private struct Pass {
    let tensors: [Tensor]
    let weight: BatchWeight

    init(_ loss: ReducedLoss, _ predictions: [Tensor]) {
      var tensors = [loss.mean] + predictions
      if case .sum(let sum) = loss.weight { tensors.append(sum) }
      self.tensors = tensors.map { $0.detached() }
      weight = loss.weight
    }
  }

  private func forwardAndBackward(
    _ batch: Batch, _ stream: RandomStream, endOfForward: () -> Void = {}
  ) throws -> (Pass, Gradients) {
    let context = Context.training(stream)
    let weights = classWeights?.weights(of: batch) ?? batch.weights
    var predictions: [Tensor] = []
    var reduced: ReducedLoss?
    let (_, gradients) = valueAndGradient(at: model) { model in
      predictions = model.forward(batch.inputs, context)
      let loss = terms.reduced(predictions, batch.targets, weights: weights)
      reduced = loss
      let total = model.penalty().map { loss.mean + $0 } ?? loss.mean
      endOfForward()
      return total
    }
    guard let reduced else { fatalError("valueAndGradient did not call its body") }
    // Nothing is written when the loss or a gradient carries an error.
    try reduced.mean.checkPoison()
    return (Pass(reduced, predictions), gradients)
  }

  // MARK: What went wrong

  /// Repeats the passes over a batch whose step has been left out, as they were, and says where a NaN or an infinity arose.
  /// It waits for each operation. Trained parameters stay as they are.
  func findFault(in batch: Batch) throws -> GradientFault {
    let batch = batch.moved(to: model.device)
    for (path, parameter) in model.parameters {
      if try !parameter.value.isAllFinite() { return GradientFault(place: "the parameter \(path)", operation: nil) }
    }
    let search = FaultSearch()
    var gradients: Gradients?
    try search.run(on: model.device) {
      gradients = try forwardAndBackward(batch, stream(counter: nil), endOfForward: { search.isBackward = true }).1
    }
    let path = try gradients?.paths.first { try gradients?[$0]?.isAllFinite() == false }
    return GradientFault(place: path.map { "the gradient of \($0)" }, operation: search.finding?.description)
  }

  // MARK: From a recording

  /// Makes a step, and keeps it for batches like this one.
  private func record(_ batch: Batch) throws -> Output {
    let counter = try StepCounter(on: model.device, optimizer.step)
    let stream = stream(counter: try counter.slice)
    let changed = try prepareUpdate()
    var weight = BatchWeight.count(batch.count)
    let (results, function) = try RecordedFunction.record(
      on: model.device, like: batch.tensors, changing: changed
    ) { tensors throws in
      let (pass, gradients) = try forwardAndBackward(batch.replacing(tensors), stream)
      try optimizer.updatePrepared(model, with: gradients)
      weight = pass.weight
      return pass.tensors
    }
    optimizer.countStep()
    let isRepeatable = function != nil && !stream.isTiedToStep
    let recorded =
      isRepeatable ? function.map { RecordedStep($0, weight, counter: stream.hasDrawn ? counter : nil) } : nil
    recordings.keep(recorded, for: batch, of: model)
    return Output(results, weight: weight)
  }

  /// Does what a step needs of the host, and returns the buffers that it changes.
  private func prepareUpdate() throws -> [Buffer] {
    // First, since it may move parameters to other slabs.
    let states = try optimizer.prepareUpdate(of: model)
    return try states + model.uniqueSlabs().map { try $0.values.slice.buffer }
  }

  private func replay(_ recorded: RecordedStep, _ batch: Batch) throws -> Output {
    try recorded.counter?.set(optimizer.step)
    let changed = try prepareUpdate()
    let results = try recorded.function(batch.tensors, changing: changed)
    optimizer.countStep()
    return Output(results, weight: recorded.weight)
  }
}

extension TrainingStep.Output {
  /// From the loss, the predictions and, where it lies on the device, the weight.
  fileprivate init(_ tensors: [Tensor], weight: BatchWeight) {
    var predictions = tensors.dropFirst()
    var weight = weight
    if case .sum = weight, let sum = predictions.popLast() { weight = .sum(sum) }
    self.init(loss: tensors[0], predictions: Array(predictions), weight: weight)
  }
}

extension Batch {
  /// Every tensor of the batch: inputs, targets, weights.
  fileprivate var tensors: [Tensor] { inputs + targets + (weights.map { [$0] } ?? []) }

  /// The same with other tensors, in that order.
  fileprivate func replacing(_ tensors: [Tensor]) -> Batch {
    let (inputEnd, targetEnd) = (inputs.count, inputs.count + targets.count)
    return Batch(
      inputs: Array(tensors[..<inputEnd]), targets: Array(tensors[inputEnd..<targetEnd]),
      weights: weights.map { _ in tensors[targetEnd] })
  }
}
