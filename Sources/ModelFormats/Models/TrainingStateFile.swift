import NeuralNetworks

/// What a checkpoint says beside its tensors.
private struct CheckpointHead: Codable {
  struct Epoch: Codable {
    var epoch: Int
    var seconds: Double
    var learningRate: Double?
    var names: [String]
    var values: [Double]
  }

  var epoch, step, batch, batchSize: Int
  var seed: UInt64
  var history: [Epoch]

  static let key = "training"
}

extension TrainingState {
  /// Writes the state of a training run to one safetensors file: weights, the optimizer's state, where the run stands, its
  /// history. The file appears under its name when it is whole.
  ///
  /// - Parameter metadata: further text; with that of a model's file, `Sequential.load` reads the weights.
  /// - Throws: `FormatError`; `DeviceError`.
  public func save(to path: String, metadata: [String: String] = [:]) throws {
    let epochs = history.epochs.map { record in
      CheckpointHead.Epoch(
        epoch: record.epoch, seconds: record.seconds, learningRate: record.learningRate, names: record.names,
        values: record.names.map { record[$0] ?? .nan })
    }
    let head = CheckpointHead(
      epoch: epoch, step: step, batch: batch, batchSize: batchSize, seed: seed, history: epochs)
    let values = weights.values.map { ($0.path, $0.value) }
    let states = optimizer.tensors.map { (CheckpointNames.optimizer($0.name), $0.value) }
    var text = metadata
    text[CheckpointHead.key] = try JSONValue(encoding: head).text()
    try Safetensors.save(values + states, metadata: text, to: path)
  }

  /// Reads what `save(to:)` wrote.
  ///
  /// - Throws: `FormatError`.
  public static func load(from path: String) throws -> TrainingState {
    let file = try Safetensors(path)
    guard let text = file.metadata[CheckpointHead.key] else {
      throw FormatError.malformed(path: path, reason: "it holds no state of a training run")
    }
    let head: CheckpointHead = try ModelFile.decode(text, "the state of the run", path, [], [])
    if min(head.epoch, head.step, head.batch) < 0 || head.batchSize < 1
      || head.history.contains(where: { $0.names.count != $0.values.count })
    {
      throw FormatError.malformed(path: path, reason: "the state of the run makes no sense")
    }
    var weights: [(path: String, value: Tensor)] = []
    var optimizer: [(name: String, value: Tensor)] = []
    for name in file.names {
      guard let value = try file.tensor(name) else { continue }
      if let inner = CheckpointNames.withoutOptimizer(name) {
        optimizer.append((inner, value))
      } else {
        weights.append((name, value))
      }
    }
    let epochs = head.history.map { epoch in
      EpochRecord(
        epoch: epoch.epoch, seconds: epoch.seconds, learningRate: epoch.learningRate,
        named: Array(zip(epoch.names, epoch.values)))
    }
    return TrainingState(
      epoch: head.epoch, step: head.step, batch: head.batch, batchSize: head.batchSize, seed: head.seed,
      weights: Snapshot(weights), optimizer: OptimizerState(step: head.step, tensors: optimizer),
      history: History(epochs: epochs))
  }
}
