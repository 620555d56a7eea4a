import BackendCore

/// One training step: forward, loss, backward, update. `fit` repeats it, and custom loops can use it:
///
/// ```swift
/// let step = try TrainingStep(model, optimizer: optimizer, loss: .crossEntropy(), seed: 1)
/// while let batch = try batches.next() { total += try step(batch).loss }
/// ```
///
/// The result of a step depends only on the batch, the parameters, the optimizer's state, the seed, and the step number
/// (for dropout). The second step with batches of one shape is recorded. Later steps replay it on the device, with
/// bitwise the same result as an eager step. Recording is not used if a layer, an activation function, a loss, or an
/// update rule is custom (all but update rules may set `allowsReplay`), if an `Embedding` looks up tokens that are
/// computed from the inputs, or inside `valueAndGradient`.
public final class TrainingStep {
  /// The result of a step, which may still be in progress on the device.
  public struct Output: Sendable {
    /// The mean loss of the batch, without penalties on weights: a scalar.
    public var loss: Tensor
    /// The outputs of the model before the update: one tensor per output.
    public var predictions: [Tensor]
    /// The unweighted mean loss of each output, and its weight in a mean over several batches.
    package var parts: [ReducedLoss]
  }

  /// The model being trained.
  public let model: Model
  /// The optimizer.
  public let optimizer: Optimizer
  /// The seed that, together with the step number, determines the random numbers of layers.
  public let seed: UInt64
  /// The number of examples that pass through the model at once; nil for whole batches.
  public let microBatchSize: Int?
  private let terms: [LossTerm]
  private let classWeights: ClassWeights?
  /// False if the numbers of batches, and the losses, have already been checked.
  private let checksNumbers: Bool
  private var isReady = false
  private var recordings = StepRecordings()

  /// Creates a step for a model, an optimizer, and a loss.
  /// - Parameters:
  ///   - model: The model. If it is not built yet, the first batch builds it, with initial weights determined by
  ///     `seed`.
  ///   - optimizer: The optimizer. It keeps its state and its step count.
  ///   - loss: The loss to minimize, together with the penalties on weights.
  ///   - seed: The seed for the random numbers of layers.
  ///   - microBatchSize: The number of examples that pass through the model at once, at least 1; nil for whole batches.
  ///     The gradients of the parts of a larger batch are accumulated; see `Model.fit`.
  /// - Throws: `TrainingError` if the loss names an output that the model does not have, or expects a different kind of
  ///   output than the last layer produces.
  public convenience init(
    _ model: Model, optimizer: Optimizer, loss: Loss, seed: UInt64 = 0, microBatchSize: Int? = nil
  ) throws {
    if let size = microBatchSize, size < 1 { throw TrainingError.microBatchSize(size) }
    let terms = try TrainingConfiguration(optimizer: optimizer, loss: loss, metrics: []).terms(
      outputs: model.outputNames)
    try model.checkMeaning(of: terms)
    self.init(
      model, optimizer: optimizer, terms: terms, seed: seed, microBatchSize: microBatchSize, classWeights: nil,
      checksNumbers: true)
  }

  /// Creates a step for batches that have already been checked.
  convenience init(
    forChecked model: Model, optimizer: Optimizer, terms: [LossTerm], seed: UInt64, microBatchSize: Int? = nil,
    classWeights: ClassWeights?
  ) {
    self.init(
      model, optimizer: optimizer, terms: terms, seed: seed, microBatchSize: microBatchSize,
      classWeights: classWeights, checksNumbers: false)
  }

  private init(
    _ model: Model, optimizer: Optimizer, terms: [LossTerm], seed: UInt64, microBatchSize: Int?,
    classWeights: ClassWeights?, checksNumbers: Bool
  ) {
    self.checksNumbers = checksNumbers
    self.model = model
    self.optimizer = optimizer
    self.terms = terms
    self.seed = seed
    self.microBatchSize = microBatchSize
    self.classWeights = classWeights
  }

  /// Performs one step on a batch, which is copied to the model's device if necessary. It returns as soon as the work
  /// has been submitted to the device.
  ///
  /// Shapes, tokens, targets, and weights are checked first, as in `fit`; numbers are checked unless they are on a GPU.
  /// Inputs are not checked for NaN, because that would require a pass over them in each step; `fit` checks them.
  /// - Throws: `ModelError` if the batch does not fit the model (`inputShape`, `inputType`), or contains tokens or
  ///   class indices that do not exist (`token`, `label`); `TrainingError` for targets and weights that the loss does
  ///   not support, and for a model with nothing to train; `DeviceError`. If it throws, parameters, the optimizer's
  ///   state, and its step count are unchanged.
  public func callAsFunction(_ batch: Batch) throws -> Output {
    let plan: StepRecordings.Plan
    let checks: DataChecks
    let settings = StepSettings(model, optimizer)
    if isReady, let known = recordings.plan(for: batch, of: model, settings) {
      (checks, plan) = known
      try checkNumbers(of: batch, checks)
    } else {
      checks = try checked(batch)
      recordings.add(batch, of: model, settings, checks)
      plan = .eager
    }
    // This comes before the passes, because it may move parameters to other slabs.
    let update = try optimizer.prepareUpdate(of: model)
    let output = try perform(allowsReplay(checks) ? plan : .eager, batch.moved(to: model.device), update)
    optimizer.countStep(update)
    return output
  }

  private func allowsReplay(_ checks: DataChecks) -> Bool {
    model.isReplayable(computingTokens: checks.hasComputedTokens) && optimizer.allowsReplay
      && terms.allSatisfy { $0.loss.allowsReplay }
      && !isRecordingGradients && !model.device.isBeingRecorded && !model.device.isShapeOnly
  }

  // MARK: Checks

  /// Performs all checks, and returns those of numbers. The others depend only on the structure of the model and on the
  /// shapes of the batch, so they hold for further batches of these shapes.
  private func checked(_ batch: Batch) throws -> DataChecks {
    if !isReady { try model.becomeReady(inputs: batch.inputs, seed: seed) }
    try model.checkCount(of: batch.inputs)
    try model.checkInputs(batch.inputs.map { Array($0.shape.dropFirst()) })
    for examples in Batch.sizes(dividing: batch.count, into: microBatchSize ?? batch.count) {
      try model.checkTraining(on: batch.inputs, examples: examples)
    }
    _ = try model.outputShapes(for: batch.inputs, examples: batch.count)
    var checks = model.checks(of: terms)
    checks.tokens = model.traced.tokenRanges
    checks.hasComputedTokens = model.traced.hasComputedTokens
    if checksNumbers {
      try model.checkTrainable()
      try model.checkOutputs(model.traced.outputs, terms)
      for tensor in batch.inputs + batch.targets + [batch.weights].compactMap({ $0 })
      where tensor.shape.first != batch.count {
        throw TrainingError.rowCounts(inputs: batch.count, others: tensor.shape.first ?? 0)
      }
      try checks.checkShapes(batch)
    }
    try checkNumbers(of: batch, checks)
    if !isReady && checksNumbers { try tryLosses(on: batch) }
    isReady = true
    return checks
  }

  /// Checks the numbers that can be read without waiting, also for recorded and replayed steps.
  private func checkNumbers(of batch: Batch, _ checks: DataChecks) throws {
    try withoutGradient {
      if checksNumbers {
        try checks.checkNumbers(of: batch, firstExample: 0, inputs: false) { $0.isReadAtOnce }
      } else {
        try checks.checkTokens(of: batch) { $0.isReadAtOnce }
      }
    }
  }

  /// - Throws: `TrainingError.unfit` for a custom loss that does not support the model's output or the targets.
  private func tryLosses(on batch: Batch) throws {
    guard batch.count > 0 else { return }
    let row = Batch(
      inputs: [], targets: batch.targets.map { $0[0..<1] }, weights: batch.weights.map { $0[0..<1] })
    try MeasureTrial(of: model, model.traced.outputs, row, examples: batch.count).check(terms, [])
  }

  // MARK: The step

  private func perform(_ plan: StepRecordings.Plan, _ batch: Batch, _ update: Optimizer.PreparedUpdate) throws -> Output
  {
    switch plan {
    case .eager:
      let pass = try passes(batch, stream(counter: nil), update)
      return Output(pass.tensors, pass.weights, isSingle: terms.isSingle)
    case .record: return try record(batch, update)
    case .replay(let recorded):
      try recorded.counter?.set(optimizer.step)
      let results = try recorded.function(batch.tensors, changing: changedBuffers(by: update))
      return Output(results, recorded.weights, isSingle: terms.isSingle)
    }
  }

  /// Performs a step and records it for batches like this one.
  private func record(_ batch: Batch, _ update: Optimizer.PreparedUpdate) throws -> Output {
    let counter = try StepCounter(on: model.device, optimizer.step)
    let stream = stream(counter: try counter.slice)
    var weights: [BatchWeight] = []
    let (results, function) = try RecordedFunction.record(
      on: model.device, like: batch.tensors, changing: changedBuffers(by: update)
    ) { tensors throws in
      let pass = try passes(batch.replacing(tensors), stream, update)
      weights = pass.weights
      return pass.tensors
    }
    let isRepeatable = function != nil && !stream.isTiedToStep
    let recorded =
      isRepeatable ? function.map { RecordedStep($0, weights, counter: stream.hasDrawn ? counter : nil) } : nil
    recordings.keep(recorded, for: batch)
    return Output(results, weights, isSingle: terms.isSingle)
  }

  /// Returns the buffers that a step changes.
  private func changedBuffers(by update: Optimizer.PreparedUpdate) throws -> [Buffer] {
    try optimizer.changedBuffers(of: update) + model.uniqueSlabs().map { try $0.values.slice.buffer }
  }

  /// The work of a step on the device: forward, backward, update.
  private func passes(_ batch: Batch, _ stream: RandomStream, _ update: Optimizer.PreparedUpdate) throws -> Pass {
    let (pass, gradients) = try accumulated(batch, stream)
    try optimizer.apply(update, gradients)
    return pass
  }

  private func stream(counter: BufferSlice?) -> RandomStream {
    let step = UInt32(truncatingIfNeeded: optimizer.step)
    return RandomStream(seed: seed, purpose: "training", step: step, stepCounter: counter)
  }

  /// The results of a forward pass, constant for gradients: the loss, the losses of the outputs if they differ from it,
  /// the predictions, and the weights if they are on the device.
  private struct Pass {
    let tensors: [Tensor]
    let weights: [BatchWeight]

    init(_ loss: BatchLoss, _ predictions: [Tensor], isSingle: Bool) {
      weights = loss.parts.map(\.weight)
      let sums = weights.compactMap { if case .sum(let sum) = $0 { sum } else { nil } }
      let means = isSingle ? [] : loss.parts.map(\.mean)
      tensors = ([loss.total] + means + predictions + sums).map { $0.detached() }
    }
  }

  /// Returns the results and the gradients of a batch, whose micro-batches pass through the model one after the other.
  /// - Parameter phase: Called before each forward pass with false, and before each backward pass with true.
  private func accumulated(
    _ batch: Batch, _ stream: RandomStream, phase: (_ isBackward: Bool) -> Void = { _ in }
  ) throws -> (Pass, Gradients) {
    let parts = microBatchSize.map { batch.divided(into: $0) } ?? [batch]
    if parts.count == 1 {
      let (loss, predictions, gradients) = try forwardAndBackward(batch, stream, addsPenalty: true, phase)
      return (Pass(loss, predictions, isSingle: terms.isSingle), gradients)
    }
    var sum = MicroBatchSum(terms, examples: batch.count)
    for part in parts {
      let (loss, predictions, gradients) = try forwardAndBackward(part, stream, addsPenalty: false, phase)
      sum.add(loss, predictions, gradients, examples: part.count)
    }
    guard let (loss, predictions, gradients) = sum.result() else { fatalError("a batch has no parts") }
    let pass = Pass(loss, predictions, isSingle: terms.isSingle)
    if model.penalty() == nil { return (pass, gradients) }
    return (pass, gradients + valueAndGradient(at: model) { optimizer.scaled($0.penalty() ?? loss.total) }.gradient)
  }

  private func forwardAndBackward(
    _ batch: Batch, _ stream: RandomStream, addsPenalty: Bool, _ phase: (_ isBackward: Bool) -> Void
  ) throws -> (BatchLoss, predictions: [Tensor], Gradients) {
    let context = Context.training(stream)
    let weights = classWeights?.weights(of: batch) ?? batch.weights
    var predictions: [Tensor] = []
    var reduced: BatchLoss?
    var isConstant = false
    phase(false)
    let (_, gradients) = valueAndGradient(at: model) { model in
      predictions = model.called(with: batch.inputs, context)
      let loss = terms.reduced(predictions, batch.targets, weights: weights)
      reduced = loss
      isConstant = loss.total.node == .constant
      let penalty = addsPenalty ? model.penalty() : nil
      let total = penalty.map { loss.total + $0 } ?? loss.total
      phase(true)
      return optimizer.scaled(total)
    }
    guard let reduced else { fatalError("valueAndGradient did not call its body") }
    // Nothing is written if the loss or a gradient carries an error.
    try reduced.total.checkPoison()
    if isConstant, model.parameters.trainableCount > 0 { throw TrainingError.noGradient }
    return (reduced, predictions, gradients)
  }

  // MARK: Finding errors

  /// Repeats the passes of a skipped step on its batch under the same conditions, and returns the origin of a NaN or an
  /// infinity. It waits for each operation. Trained parameters do not change.
  func findFault(in batch: Batch) throws -> GradientFault {
    let batch = batch.moved(to: model.device)
    for (path, parameter) in model.parameters {
      if try !parameter.value.isAllFinite() { return GradientFault(place: "the parameter \(path)", operation: nil) }
    }
    let search = FaultSearch()
    var gradients: Gradients?
    try search.run(on: model.device) {
      gradients = try accumulated(batch, stream(counter: nil)) { search.isBackward = $0 }.1
    }
    let path = try gradients?.paths.first { try gradients?[$0]?.isAllFinite() == false }
    return GradientFault(place: path.map { "the gradient of \($0)" }, operation: search.finding?.description)
  }
}

extension TrainingStep.Output {
  /// Creates the pass from its tensors; the sums of weights are last.
  fileprivate init(_ tensors: [Tensor], _ weights: [BatchWeight], isSingle: Bool) {
    var rest = tensors[...]
    let total = rest.removeFirst()
    let means = isSingle ? [total] : Array(rest.prefix(weights.count))
    if !isSingle { rest = rest.dropFirst(weights.count) }
    var parts = zip(means, weights).map { ReducedLoss(mean: $0, weight: $1) }
    for index in parts.indices.reversed() {
      if case .sum = parts[index].weight, let sum = rest.popLast() { parts[index].weight = .sum(sum) }
    }
    self.init(loss: total, predictions: Array(rest), parts: parts)
  }
}

extension Batch {
  /// All tensors of the batch: inputs, targets, weights.
  fileprivate var tensors: [Tensor] { inputs + targets + (weights.map { [$0] } ?? []) }

  /// Returns the same batch with other tensors, in the order of `tensors`.
  fileprivate func replacing(_ tensors: [Tensor]) -> Batch {
    let (inputEnd, targetEnd) = (inputs.count, inputs.count + targets.count)
    return Batch(
      inputs: Array(tensors[..<inputEnd]), targets: Array(tensors[inputEnd..<targetEnd]),
      weights: weights.map { _ in tensors[targetEnd] })
  }
}

/// The origin of a NaN or an infinity in a step.
struct GradientFault: CustomStringConvertible {
  /// "the gradient of 2.weight", or a parameter that was not finite before the step; nil if every number was finite.
  let place: String?
  /// The operation that produced the first NaN or infinity.
  let operation: String?

  var description: String {
    guard let place else { return "the sum of its gradients overflows" }
    let origin = operation.map { "; the first one came from \($0)" } ?? ""
    return "\(place) holds a NaN or an infinity\(origin)"
  }
}

extension Tensor {
  /// Returns whether all elements are finite. Waits for the device.
  package func isAllFinite() throws -> Bool {
    guard dtype.isFloatingPoint, count > 0 else { return true }
    // float32 would make numbers beyond its range infinite.
    if dtype == .float64 && !hasFloatingPointArithmetic { return try scalars(as: Double.self).allSatisfy(\.isFinite) }
    return try max().item().isFinite && min().item().isFinite
  }
}
