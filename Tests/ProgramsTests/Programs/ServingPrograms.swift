import NeuralNetworks

/// Training in an actor: numbers cross its boundary, models do not.
actor Trainer {
  let model = Sequential { Dense(3) }

  func train(_ data: TensorDataset, on device: Device) throws -> Snapshot {
    model.compile(optimizer: .adam(learningRate: 0.05), loss: .crossEntropy(), device: device)
    try model.fit(data, epochs: 3, verbosity: .silent)
    return model.snapshot()
  }
}

enum ServingPrograms {
  /// Trains a model, transfers it, and queries it from eight tasks at once; returns the results in the order of the
  /// requests.
  static func serve(_ data: TensorDataset, _ requests: [Tensor], on device: Device) async throws -> [[Float]] {
    let model = Sequential {
      Dense(8, activation: .relu)
      Dense(3)
    }
    model.compile(optimizer: .adam(), loss: .crossEntropy(), device: device)
    try model.fit(data, verbosity: .silent)
    let predictor = Predictor(model)
    return try await withThrowingTaskGroup(of: [(Int, [Float])].self) { group in
      for worker in 0..<8 {
        group.addTask {
          try stride(from: worker, to: requests.count, by: 8).map { index in
            (index, try predictor.predict(requests[index]).scalars())
          }
        }
      }
      var answers = [[Float]](repeating: [], count: requests.count)
      for try await part in group {
        for (index, answer) in part { answers[index] = answer }
      }
      return answers
    }
  }

  /// Trains in the background, and copies the numbers into a model here.
  static func background(_ data: TensorDataset, on device: Device) async throws -> (loss: Double, untrained: Double) {
    let snapshot = try await Trainer().train(data, on: device)
    func scored(_ restores: Bool) throws -> Double {
      let copy = Sequential { Dense(3) }
      try copy.build(inputShape: [2], on: device)
      if restores { try copy.restore(snapshot) }
      copy.compile(optimizer: .sgd(), loss: .crossEntropy(), device: device)
      return try copy.evaluate(data).loss
    }
    return (try scored(true), try scored(false))
  }
}
