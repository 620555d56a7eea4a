import NeuralNetworks

/// A small problem: points of three classes, each around a corner.
enum Corners {
  static func data(_ count: Int = 96, seed: UInt64 = 1, on device: Device = .cpu) -> TensorDataset {
    var random = Knuth(seed)
    let corners: [[Double]] = [[1, 1, 0], [-1, 0, 1], [0, -1, -1]]
    var points: [Float] = []
    var labels: [Int] = []
    for example in 0..<count {
      let label = example % 3
      points += corners[label].map { Float($0 + 0.4 * random.next()) }
      labels.append(label)
    }
    return TensorDataset(Tensor(points, shape: [count, 3], on: device), Tensor(integers: labels, on: device))
  }

  static func model(dropout: Double? = nil) -> Sequential {
    Sequential {
      Dense(8, activation: .tanh)
      if let dropout { Dropout(dropout) }
      Dense(3)
    }
  }

  static func built(seed: UInt64) throws -> Sequential {
    let model = model()
    try model.build(inputShape: [3], seed: seed)
    return model
  }

  static func compiled(on device: Device = .cpu, dropout: Double? = nil, metrics: [Metric] = [.accuracy]) -> Sequential
  {
    let model = model(dropout: dropout)
    model.compile(optimizer: .adam(learningRate: 0.02), loss: .crossEntropy(), metrics: metrics, device: device)
    return model
  }
}

extension Module {
  /// All numbers of the parameters, in order.
  func numbers() throws -> [Float] {
    try parameters.flatMap { try $0.parameter.value.scalars() }
  }
}
