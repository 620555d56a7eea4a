import ModelFormats
import NeuralNetworks

extension FuzzReader {
  /// The bytes are the metadata of a checkpoint: its position and history before the first zero byte, and its
  /// architecture after it. The tensors are those of `Resumption`'s run.
  static let checkpoint = FuzzReader(
    "checkpoint",
    contents: { bytes in
      let texts = bytes.split(separator: 0, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
      let metadata: JSONValue = [
        "training": .string(texts.first ?? ""), "architecture": .string(texts.last ?? ""),
        "graph": .string(texts.last ?? ""),
      ]
      var head = JSONObject([("__metadata__", metadata)])
      let tensors: [(name: String, shape: JSONValue)] = [
        ("0.weight", [1, 1]), ("0.bias", [1]), ("optimizer/0.bias.mean", [1]), ("optimizer/0.bias.meanSquare", [1]),
        ("values/loss/run", []), ("values/0/total", []),
      ]
      for (index, tensor) in tensors.enumerated() {
        let range: JSONValue = .array([.integer(4 * index), .integer(4 * index + 4)])
        head[tensor.name] = ["dtype": "F32", "shape": tensor.shape, "data_offsets": range]
      }
      return safetensorsFile(
        Array(((try? JSONValue.object(head).text()) ?? "").utf8), [UInt8](repeating: 0, count: 4 * tensors.count))
    }
  ) { path in
    do { _ = try Sequential.load(from: path) } catch is any NeuralNetworksError {}
    do { _ = try Graph.load(from: path) } catch is any NeuralNetworksError {}
    let state = try TrainingState.load(from: path)
    try state.save(to: path)
    let again = try TrainingState.load(from: path)
    require(again.step == state.step && again.seed == state.seed, "checkpoint: another place came back")
    require(again.history.epochs.count == state.history.epochs.count, "checkpoint: another history came back")
    try Resumption(of: state).run()
  }
}

/// Resumes a state, regardless of its claims.
private final class Resumption: SavingCallback {
  private let state: TrainingState

  init(of state: TrainingState) {
    // The number of examples would cause nearly everything to be rejected.
    self.state = TrainingState(
      epoch: state.epoch, step: state.step, batch: state.batch, batchSize: state.batchSize, seed: state.seed,
      weights: state.weights, optimizer: state.optimizer, history: state.history, callbacks: state.callbacks,
      values: state.values)
  }

  func trainingBegan(_ run: TrainingRun) throws { try run.restore(state) }

  /// A run of at most two epochs of a few steps.
  func run() throws {
    let model = Sequential { Dense(1) }
    model.compile(optimizer: .adam(), loss: .meanSquaredError, metrics: [.meanAbsoluteError])
    let numbers = Tensor([0, 1, 2], shape: [3, 1])
    try model.fit(
      TensorDataset(numbers, numbers), epochs: 2, batchSize: min(state.batchSize, 4),
      callbacks: [self, EarlyStopping(monitor: "loss"), ReduceLearningRateOnPlateau(monitor: "loss")],
      verbosity: .silent)
  }
}
