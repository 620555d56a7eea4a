import ModelFormats
import NeuralNetworks

enum FilePrograms {
  /// Saves a model with its architecture, and loads it without knowledge of the architecture.
  static func copyOfModel(in folder: String, on device: Device) throws -> (original: [Float], copy: [Float]) {
    let model = Sequential(inputShape: [2]) {
      Dense(8, activation: .relu)
      Dropout(0.5)
      Dense(3)
    }
    try model.build(inputShape: [2], on: device, seed: 9)
    try model.save(to: folder + "/model.safetensors")
    let copy = try Sequential.load(from: folder + "/model.safetensors", on: device)
    let x: Tensor = [[0.5, -1], [2, 0]]
    return (try model.predict(x).scalars(), try copy.predict(x).scalars())
  }

  /// Only weights, into a model of the same shape, and into one that they do not fit.
  static func weights(in folder: String) throws -> (unknown: [String], missing: [String]) {
    let model = Sequential([Dense(4), Dense(2)], inputShape: [3])
    try model.build(inputShape: [3], seed: 1)
    let path = folder + "/weights.safetensors"
    try model.saveWeights(to: path)
    let other = Sequential([Dense(4)], inputShape: [3])
    try other.build(inputShape: [3])
    do {
      try other.loadWeights(from: path)
    } catch FormatError.parameters(_, let missing, let unknown, _) {
      try other.loadWeights(from: path, [.allowUnknown])
      return (unknown, missing)
    }
    return ([], [])
  }

  /// Stops after some epochs, resumes from the checkpoint in a new model, and compares with an uninterrupted run.
  static func resumed(_ data: TensorDataset, in folder: String, on device: Device) throws -> (
    whole: [Float], resumed: [Float]
  ) {
    func run(_ epochs: Int, _ callbacks: [any Callback]) throws -> [Float] {
      let model = Sequential([Dense(6, activation: .tanh), Dense(3)], inputShape: [2])
      model.compile(optimizer: .adam(learningRate: 0.01), loss: .crossEntropy(), device: device)
      try model.fit(data, epochs: epochs, batchSize: 16, seed: 5, callbacks: callbacks, verbosity: .silent)
      return try model.parameters.flatMap { try $0.parameter.value.scalars() }
    }
    let whole = try run(4, [])
    _ = try run(2, [Checkpoints(in: folder, resumes: true)])
    return (whole, try run(4, [Checkpoints(in: folder, resumes: true)]))
  }
}
