import NeuralNetworks

/// The header of a checkpoint: everything except tensors.
private struct CheckpointHead: Codable {
  struct Epoch: Codable {
    var epoch: Int
    var seconds: Double
    var learningRate: Double?
    var names: [String]
    var values: [Double]
  }

  struct Kept: Codable {
    var name: String
    var numbers: [String: Double]
  }

  var epoch, step, batch, batchSize: Int
  var examples, stepsPerEpoch, microBatchSize: Int?
  var seed: UInt64
  var learningRateScale: Double?
  var history: [Epoch]
  var callbacks: [Kept]?
  var values: [String: Double]?

  static let key = "training"

  init(_ state: TrainingState, callbacks: [(name: String, state: ResumableState)]) {
    (epoch, step, batch, batchSize) = (state.epoch, state.step, state.batch, state.batchSize)
    (examples, seed) = (state.examples, state.seed)
    (stepsPerEpoch, microBatchSize) = (state.stepsPerEpoch, state.microBatchSize)
    learningRateScale = state.optimizer.learningRateScale
    history = state.history.epochs.map { record in
      Epoch(
        epoch: record.epoch, seconds: record.seconds, learningRate: record.learningRate, names: record.names,
        values: record.names.map { record[$0] ?? .nan })
    }
    self.callbacks = callbacks.map { Kept(name: $0.name, numbers: $0.state.numbers) }
    values = state.values.numbers
  }

  var makesSense: Bool {
    (learningRateScale ?? 1) >= 0 && (learningRateScale ?? 1).isFinite
      && history.allSatisfy { $0.names.count == $0.values.count }
  }

  var epochs: [EpochRecord] {
    history.map { epoch in
      EpochRecord(
        epoch: epoch.epoch, seconds: epoch.seconds, learningRate: epoch.learningRate,
        named: Array(zip(epoch.names, epoch.values)))
    }
  }
}

extension TrainingState {
  /// Writes the state of a training run to one safetensors file: weights, the state of the optimizer, the position in
  /// the run, its history, and the state of its callbacks. The file appears at its path only after it is complete.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - metadata: Additional metadata. With the metadata of a model file, `Sequential.load` can read the weights.
  /// - Throws: `FormatError`; `DeviceError`.
  public func save(to path: String, metadata: [String: String] = [:]) throws {
    let callbacks = callbacks.sorted { $0.key < $1.key }.map { (name: $0.key, state: $0.value) }
    var tensors = weights.values.map { ($0.path, $0.value) }
    tensors += optimizer.tensors.map { (CheckpointNames.optimizer + $0.name, $0.value) }
    for (number, callback) in callbacks.enumerated() {
      tensors += named(callback.state.tensors, under: CheckpointNames.callback(number))
    }
    tensors += named(values.tensors, under: CheckpointNames.values)
    var text = metadata
    text[CheckpointHead.key] = try JSONValue(encoding: CheckpointHead(self, callbacks: callbacks)).text()
    try Safetensors.saveChecked(tensors, metadata: text, to: path)
  }

  private func named(_ tensors: [String: Tensor], under prefix: String) -> [(String, Tensor)] {
    tensors.sorted { $0.key < $1.key }.map { (prefix + $0.key, $0.value) }
  }

  /// Reads a file written by `save(to:)`.
  ///
  /// - Throws: `FormatError`.
  public static func load(from path: String) throws -> TrainingState { try load(from: Safetensors(path)) }

  static func load(from file: Safetensors) throws -> TrainingState {
    try file.checkSum()
    guard let text = file.metadata[CheckpointHead.key] else {
      throw FormatError.malformed(path: file.path, reason: "it holds no state of a training run")
    }
    let head: CheckpointHead = try ModelFile.decode(text, "the state of the run", file.path, [], [])
    guard head.makesSense else {
      throw FormatError.malformed(path: file.path, reason: "the state of the run makes no sense")
    }
    var tensors: [(name: String, value: Tensor)] = []
    for name in file.names {
      if let value = try file.tensor(name) { tensors.append((name, value)) }
    }
    func kept(_ numbers: [String: Double], _ prefix: String) -> ResumableState {
      let own = CheckpointNames.part(prefix, of: tensors).map { ($0.name, $0.value) }
      return ResumableState(numbers: numbers, tensors: Dictionary(own) { $1 })
    }
    let callbacks = (head.callbacks ?? []).enumerated().map { number, callback in
      (callback.name, kept(callback.numbers, CheckpointNames.callback(number)))
    }
    let weights = tensors.filter { !CheckpointNames.isNextToWeights($0.name) }.map { (path: $0.name, value: $0.value) }
    let state = TrainingState(
      epoch: head.epoch, step: head.step, batch: head.batch, batchSize: head.batchSize, seed: head.seed,
      weights: Snapshot(weights),
      optimizer: OptimizerState(
        step: head.step, learningRateScale: head.learningRateScale ?? 1,
        tensors: CheckpointNames.part(CheckpointNames.optimizer, of: tensors)),
      history: History(epochs: head.epochs), examples: head.examples,
      stepsPerEpoch: head.stepsPerEpoch, microBatchSize: head.microBatchSize,
      callbacks: Dictionary(callbacks) { $1 }, values: kept(head.values ?? [:], CheckpointNames.values))
    do { try state.checkPlace() } catch TrainingError.state(let reason) {
      throw FormatError.malformed(path: file.path, reason: "the state of the run makes no sense: \(reason)")
    }
    return state
  }
}

extension Optimizer {
  private static let stepKey = "step"
  private static let scaleKey = "learningRateScale"

  /// Writes the state of the optimizer (moments, velocities) by parameter path, the step count, and the
  /// `learningRateScale` to a safetensors file. The learning rate and other settings are not included.
  ///
  /// - Throws: `FormatError`; `DeviceError` if the state cannot be downloaded.
  public func save(to path: String) throws {
    let state = state()
    try Safetensors.saveChecked(
      state.tensors.map { ($0.name, $0.value) },
      metadata: [
        "format": "swift-nn optimizer 1", "rule": "\(type(of: rule))", Optimizer.stepKey: "\(state.step)",
        Optimizer.scaleKey: "\(state.learningRateScale)",
      ],
      to: path)
  }

  /// Restores the state from a file. The next update is then the same as in the saved optimizer.
  ///
  /// - Throws: `FormatError`; it is `.parameters` if the file is from a different kind of optimizer. After an error,
  ///   nothing has changed.
  public func load(from path: String) throws {
    let file = try Safetensors(path)
    try file.checkSum()
    guard let step = file.metadata[Optimizer.stepKey].flatMap({ Int($0) }), step >= 0 else {
      throw FormatError.malformed(path: path, reason: "it holds no state of an optimizer")
    }
    guard step <= ResumableState.largestCount else {
      throw FormatError.malformed(path: path, reason: "step is \(step), not a count from 0 to 2^53")
    }
    let scale = file.metadata[Optimizer.scaleKey].map { Double($0) ?? .nan } ?? 1
    guard scale >= 0, scale.isFinite else {
      throw FormatError.malformed(path: path, reason: "the scale of the learning rate is not a number of at least 0")
    }
    var tensors: [(name: String, value: Tensor)] = []
    for name in file.names {
      if let value = try file.tensor(name) { tensors.append((name, value)) }
    }
    do {
      try restore(OptimizerState(step: step, learningRateScale: scale, tensors: tensors))
    } catch ModelError.parameters(
      let missing, let unknown, let shapes)
    {
      throw FormatError.parameters(path: path, missing: missing, unknown: unknown, shapes: shapes)
    }
  }
}
