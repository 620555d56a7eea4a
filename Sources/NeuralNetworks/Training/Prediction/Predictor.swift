import Synchronization

extension Model {
  /// Returns the predictions of a model with one output for the examples of a dataset, in order. Targets are ignored.
  /// - Parameters:
  ///   - data: The examples.
  ///   - batchSize: The number of examples that are processed at once.
  ///   - callbacks: The functions to call around the batches.
  /// - Throws: The errors of `predict` with a tensor, and `TrainingError.severalOutputs` for a model with several
  ///   outputs.
  public func predict(_ data: some Dataset, batchSize: Int = 32, callbacks: [BatchCallback] = []) throws -> Tensor {
    try checkHasOneOutput("let outputs: [Tensor] = try model.predict(data)")
    let outputs: [Tensor] = try predict(data, batchSize: batchSize, callbacks: callbacks)
    return outputs[0]
  }

  /// - Parameter spelling: The replacement for a model with several outputs.
  /// - Throws: `TrainingError.severalOutputs`.
  func checkHasOneOutput(_ spelling: String) throws {
    if outputNames.count != 1 { throw TrainingError.severalOutputs(outputNames, spelling: spelling) }
  }

  /// Returns the predictions of a model with several outputs for the examples of a dataset: one tensor per output.
  @_disfavoredOverload
  public func predict(_ data: some Dataset, batchSize: Int = 32, callbacks: [BatchCallback] = []) throws -> [Tensor] {
    guard batchSize >= 1 else { throw TrainingError.batchSize(batchSize) }
    guard data.count > 0 else { throw TrainingError.emptyData("prediction") }
    var batches = (data.measured as any Dataset).batches(of: batchSize)
    var parts: [[Tensor]] = []
    try callbacks.began(examples: data.count, batchSize: batchSize)
    while let batch = try batches.next() {
      parts.append(try callbacks.around(parts.count) { try predict(batch.inputs, batchSize: batchSize) })
      try device.catchUp(after: parts.count)
    }
    try callbacks.ended()
    return parts[0].indices.map { output in Tensor.concatenated(parts.map { $0[output] }) }
  }
}

/// A model transferred for inference: it can no longer change, and any number of tasks can call it at the same time.
///
/// ```swift
/// let predictor = Predictor(try Sequential.load(from: "model.safetensors", on: .best()))
/// let answer = try predictor.predict(images)
/// ```
///
/// It takes ownership of the model and everything that can access it; a later use of the model does not compile. The
/// top level of a `main.swift` is not checked in this way. If a model is trained there afterwards, predictions do not
/// change, because a predictor keeps the values that the model had when it was transferred. (A model without values is
/// built by the first prediction.) Memory is shared until the model changes.
///
/// The first call with inputs of a shape records the forward pass. Further calls repeat it without a lock and without
/// allocating memory except for the result, each thread in separate buffers. For shapes beyond the first thirty-two,
/// and for models with a layer whose `allowsReplay` is false, the layers run each time.
public final class Predictor: @unchecked Sendable {
  // Only this object can access the model. The model changes only while `building` is locked; after that, it is only
  // read.
  private let model: Model
  /// The state protected by the lock for creating plans.
  private struct Building {
    var planCount = 0
    /// The values of the model, as soon as it has any.
    var values: FrozenValues?
  }
  private let building: Mutex<Building>
  /// The latest plan. Each plan holds the previous one, so they live as long as this object.
  private let latest = Atomic<UnsafeMutableRawPointer?>(nil)
  /// The largest number of plans, so that inputs with ever new shapes do not fill the memory.
  private static let mostPlans = 32

  /// Creates a predictor, which takes ownership of the model.
  /// - Parameter model: The model; the first prediction builds it if necessary.
  public init(_ model: sending Model) {
    let values = FrozenValues(model)
    building = Mutex(Building(values: values))
    self.model = model
  }

  deinit {
    if let pointer = latest.load(ordering: .acquiring) { Unmanaged<ForwardPlan>.fromOpaque(pointer).release() }
  }

  /// Returns the outputs of the model for inputs `[N, …]`, all processed at once, on the model's device. Inputs on
  /// another device are copied.
  /// - Throws: `ModelError.inputShape`; `TrainingError.emptyData`, and, for a model with several outputs,
  ///   `.severalOutputs`; `DeviceError`.
  public func predict(_ inputs: Tensor) throws -> Tensor {
    if let plan = knownPlan(where: { $0.fits(inputs) }), plan.hasOneOutput { return try plan.predict(inputs) }
    try model.checkHasOneOutput("let outputs: [Tensor] = try predictor.predict([x])")
    return try predictWithoutPlan([inputs])[0]
  }

  /// Returns the outputs of a model with several inputs or outputs: one tensor per output.
  public func predict(_ inputs: [Tensor]) throws -> [Tensor] {
    if let plan = knownPlan(where: { $0.fits(inputs) }) { return try plan.predict(inputs) }
    return try predictWithoutPlan(inputs)
  }

  private func knownPlan(where fits: (ForwardPlan) -> Bool) -> ForwardPlan? {
    // Plans are complete before they are stored here, and are never removed.
    guard let pointer = latest.load(ordering: .acquiring) else { return nil }
    var plan: ForwardPlan? = Unmanaged<ForwardPlan>.fromOpaque(pointer).takeUnretainedValue()
    while let candidate = plan, !fits(candidate) { plan = candidate.next }
    return plan
  }

  /// Handles inputs of shapes without a plan: checks them, and creates a plan if there is room. Without a plan, the
  /// layers run, in any number of threads at once.
  private func predictWithoutPlan(_ inputs: [Tensor]) throws -> [Tensor] {
    let (plan, values) = try building.withLock { state -> (ForwardPlan?, FrozenValues) in
      // Another thread may have created the plan in the meantime.
      if let values = state.values, let plan = knownPlan(where: { $0.fits(inputs) }) { return (plan, values) }
      let values = try readyValues(for: inputs, state.values)
      state.values = values
      guard state.planCount < Self.mostPlans else { return (nil, values) }
      let before = latest.load(ordering: .relaxed).map { Unmanaged<ForwardPlan>.fromOpaque($0).takeUnretainedValue() }
      let plan = try ForwardPlan(model, values, for: inputs, next: before)
      state.planCount += 1
      let pointer = Unmanaged.passRetained(plan).toOpaque()
      // The new plan holds the previous one, whose own reference here is released.
      if let old = latest.exchange(pointer, ordering: .releasing) { Unmanaged<ForwardPlan>.fromOpaque(old).release() }
      return (plan, values)
    }
    return try plan?.predict(inputs) ?? model.outputs(for: inputs, values)
  }

  /// Checks inputs, builds a model that has no values yet, and returns the values.
  private func readyValues(for inputs: [Tensor], _ known: FrozenValues?) throws -> FrozenValues {
    if let known {
      try model.check(forPredicting: inputs)
      return known
    }
    _ = try model.prepared(forPredicting: inputs)
    guard let values = FrozenValues(model) else { fatalError("a model that is ready has values on its device") }
    return values
  }
}

/// The values of a model's parameters at one point in time. Layers read them instead of the current values, so that
/// predictions do not change with the model. Memory is shared until the model changes.
final class FrozenValues: Sendable {
  /// The device of the values.
  let device: Device
  private let values: [LeafKey: Tensor]
  /// The values in the type in which layers compute, so that these need not convert them in each prediction.
  private let converted: [LeafKey: Tensor]

  /// Creates a copy of the values; nil for a model that has no values yet, or whose values are about to be moved.
  init?(_ model: Model) {
    let device = model.device
    var (values, converted): ([LeafKey: Tensor], [LeafKey: Tensor]) = ([:], [:])
    for (_, parameter) in model.parameters {
      guard let value = parameter.currentValue, value.device == device else { return nil }
      values[LeafKey(parameter)] = value
      if let type = model.precision.computeType, !parameter.isState {
        converted[LeafKey(parameter)] = value.inPrecision(of: type)
      }
    }
    self.device = device
    self.values = values
    self.converted = converted
  }

  /// The value of a parameter; nil if the parameter does not belong to the model.
  /// - Parameter type: The type in which layers compute, if it is not that of the parameters.
  subscript(_ parameter: Parameter, in type: DType?) -> Tensor? {
    let key = LeafKey(parameter)
    return type == nil ? values[key] : converted[key] ?? values[key]
  }

  /// Runs `body` with these values for the parameters.
  func use<Result>(_ body: () throws -> Result) rethrows -> Result {
    let thread = LayerThread.current
    let outer = thread.frozenValues
    thread.frozenValues = self
    defer { thread.frozenValues = outer }
    return try body()
  }
}
