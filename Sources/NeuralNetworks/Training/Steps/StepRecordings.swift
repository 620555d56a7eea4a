import BackendCore

/// A recorded training step.
struct RecordedStep {
  let function: RecordedFunction
  /// The weight of each loss of the batch, or only its kind if it is a sum, which is among the results.
  let weights: [BatchWeight]
  /// The step counter, set before each replay; nil if no random numbers are drawn.
  let counter: StepCounter?

  init(_ function: RecordedFunction, _ weights: [BatchWeight], counter: StepCounter?) {
    self.function = function
    self.weights = weights
    self.counter = counter
  }
}

/// The settings that change the operations of a step.
struct StepSettings: Equatable {
  let precision: Precision
  let lossScaling: LossScaling?
  /// Whether steps are skipped if gradients are not finite.
  let skips: Bool

  init(_ model: Model, _ optimizer: Optimizer) {
    precision = model.precision
    lossScaling = optimizer.lossScaling
    skips = optimizer.skipsNonFiniteGradients
  }
}

/// The recordings of a `TrainingStep`, by batch shape: one for full batches, one for the last batch of an epoch.
struct StepRecordings {
  enum Plan {
    /// The first step of a kind allocates the optimizer's state, or recording has no benefit.
    case eager
    case record
    case replay(RecordedStep)
  }

  /// The plan for batches of some shapes.
  private struct Entry {
    let shapes: BatchShapes
    /// The structure of the model when the step was checked and recorded; both are invalid if it has changed.
    let structure: ModelStructure
    let settings: StepSettings
    let checks: DataChecks
    var plan: Plan
  }

  private static let mostEntries = 2
  private var entries: [Entry] = []

  /// Returns the checks of numbers and the plan for a batch; nil if batches of its shapes are not known, or were known for
  /// another structure of the model.
  mutating func plan(for batch: Batch, of model: Model, _ settings: StepSettings) -> (DataChecks, Plan)? {
    guard let index = entries.firstIndex(where: { $0.shapes.fit(batch) }) else { return nil }
    let entry = entries[index]
    if entry.settings == settings && entry.structure.isThat(of: model) { return (entry.checks, entry.plan) }
    entries.remove(at: index)
    return nil
  }

  /// Makes the shapes of a batch known. The next step with these shapes is recorded.
  mutating func add(_ batch: Batch, of model: Model, _ settings: StepSettings, _ checks: DataChecks) {
    guard entries.count < StepRecordings.mostEntries else { return }
    entries.append(
      Entry(
        shapes: BatchShapes(batch), structure: ModelStructure(model), settings: settings, checks: checks, plan: .record)
    )
  }

  /// Stores a recording for further batches like this one. Nil means that recording is not possible.
  mutating func keep(_ recorded: RecordedStep?, for batch: Batch) {
    guard let index = entries.firstIndex(where: { $0.shapes.fit(batch) }) else { return }
    entries[index].plan = recorded.map { .replay($0) } ?? .eager
  }
}

/// The shapes and element types of a batch.
private struct BatchShapes {
  private let tensors: [(extents: Shape, dtype: DType)]
  private let counts: (inputs: Int, targets: Int, weights: Int)

  init(_ batch: Batch) {
    counts = (batch.inputs.count, batch.targets.count, batch.weights == nil ? 0 : 1)
    tensors = (batch.inputs + batch.targets + (batch.weights.map { [$0] } ?? [])).map { ($0.extents, $0.dtype) }
  }

  func fit(_ batch: Batch) -> Bool {
    guard counts == (batch.inputs.count, batch.targets.count, batch.weights == nil ? 0 : 1) else { return false }
    return batch.inputs.indices.allSatisfy { fits(batch.inputs[$0], $0) }
      && batch.targets.indices.allSatisfy { fits(batch.targets[$0], counts.inputs + $0) }
      && (batch.weights.map { fits($0, tensors.count - 1) } ?? true)
  }

  private func fits(_ tensor: Tensor, _ index: Int) -> Bool {
    tensor.extents == tensors[index].extents && tensor.dtype == tensors[index].dtype
  }
}

/// The parameters of a model, their locations, and which of them are frozen.
private struct ModelStructure {
  private let parameters: [(parameter: Parameter, slab: ParameterSlab?, offset: Int, isFrozen: Bool)]

  init(_ model: Model) {
    parameters = model.parameters.map { ($1, $1.slab, $1.offset, $1.isFrozen) }
  }

  func isThat(of model: Model) -> Bool {
    let entries = model.parameters.entries
    guard entries.count == parameters.count else { return false }
    return entries.indices.allSatisfy { index in
      let (known, found) = (parameters[index], entries[index].parameter)
      return known.parameter === found && known.slab === found.slab && known.offset == found.offset
        && known.isFrozen == found.isFrozen
    }
  }
}

/// The step number on the device, used by recorded random draws.
struct StepCounter {
  private let tensor: Tensor

  init(on device: Device, _ step: Int) throws {
    tensor = Tensor([Int32(truncatingIfNeeded: step)], shape: [1], on: device)
    try tensor.checkPoison()
  }

  var slice: BufferSlice { get throws { try tensor.slice } }

  /// Overwrites the number in place, because recordings refer to the buffer.
  func set(_ step: Int) throws {
    do {
      let number = Int32(truncatingIfNeeded: step)
      try withUnsafeBytes(of: number) { try tensor.device.callTarget.upload($0, into: tensor.slice) }
    } catch {
      throw DeviceError(error, on: tensor.device)
    }
  }
}

extension Model {
  /// Returns the slabs of all parameters, made uniquely referenced so that they are changed in place.
  func uniqueSlabs() throws -> [ParameterSlab] {
    var slabs: [ParameterSlab] = []
    for (_, parameter) in parameters {
      if let slab = parameter.slab, !slabs.contains(where: { $0 === slab }) { slabs.append(slab) }
    }
    for slab in slabs { try slab.values.makeUnique() }
    return slabs
  }
}
