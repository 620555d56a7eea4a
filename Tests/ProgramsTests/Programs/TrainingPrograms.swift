import Datasets
import NeuralNetworks

/// Training with `fit`, and with an explicit loop.
enum TrainingPrograms {
  /// Three well-separated clouds of points.
  static func clouds(_ count: Int) -> TensorDataset { Points.blobs(count, classes: 3, seed: 4) }

  /// The explicit loop; returns the mean loss of each epoch, and the accuracy of the last.
  static func explicitLoop(on device: Device, epochs: Int) throws -> (losses: [Double], accuracy: Double) {
    let data = clouds(120)
    let model = Sequential {
      Dense(16, activation: .relu)
      Dropout(0.1)
      Dense(3)
    }
    try model.build(inputShape: [2], on: device, seed: 1)
    let optimizer = Optimizer.adam(learningRate: 0.01, clipping: .globalNorm(1))
    let loss = Loss.sparseCategoricalCrossEntropy(fromLogits: true)
    let random = RandomStream(seed: 1)
    var losses: [Double] = []
    var result = 0.0
    for _ in 0..<epochs {
      var accuracy = Metric.accuracy.makeAccumulator()
      var total = Tensor(0, on: device)
      var batches = data.batches(of: 32, shuffledBy: random, on: device)
      while let batch = try batches.next() {
        var logits = Tensor(0)
        let (value, gradients) = valueAndGradient(at: model) { model in
          logits = model(batch.input, .training(random))
          return loss(logits, batch.target)
        }
        try optimizer.update(model, with: gradients)
        accuracy.update(prediction: logits, target: batch.target, weights: nil)
        total += value
      }
      losses.append(try total.item() / 4)
      result = try accuracy.result()
    }
    return (losses, result)
  }

  /// compile, fit, evaluate, predict.
  static func fit(on device: Device, seed: UInt64 = 1) throws -> (
    history: History, scores: Scores, classes: [Int32], weights: [Float]
  ) {
    let data = clouds(150)
    let test = Points.blobs(60, classes: 3, seed: 5)
    let model = Sequential {
      Dense(16, activation: .relu)
      Dense(3)
    }
    model.compile(
      optimizer: .adamW(
        learningRate: .cosine(from: 0.02, steps: 100).warmedUp(steps: 5), weightDecay: 0.01,
        groups: [ParameterGroup("**.bias", weightDecay: 0), ParameterGroup("0.**", learningRateScale: 0.5)]),
      loss: .sparseCategoricalCrossEntropy(fromLogits: true), metrics: [.accuracy, .topK(2)], device: device)
    let history = try model.fit(
      data, epochs: 8, batchSize: 16, validation: .split(0.2), seed: seed,
      callbacks: [EarlyStopping(monitor: "validation_loss", patience: 8, restoresBestWeights: true)], verbosity: .silent
    )
    let scores = try model.evaluate(test)
    let classes = try model.predict(test.inputs[0..<6]).argmax(axis: -1).scalars(as: Int32.self)
    let weights = try model.parameters["0.weight"]?.value.scalars() ?? []
    return (history, scores, classes, weights)
  }

  /// A custom network in `Model`, and gradients of four small batches accumulated for one step.
  static func accumulation(on device: Device) throws -> (before: Double, after: Double, matches: Bool) {
    let data = clouds(32)
    let model = Model(Bottleneck(width: 2))
    try model.build(inputShape: [2], on: device, seed: 1)
    let x = data.inputs.moved(to: device)
    let target = Tensor.zeros(like: x)
    let loss = Loss.meanSquaredError
    let (before, whole) = valueAndGradient(at: model) { model in loss(model(x, .inference), target) }
    var sum: Gradients?
    for start in stride(from: 0, to: 32, by: 8) {
      let (part, zeros) = (x[start..<start + 8], target[start..<start + 8])
      let (_, gradients) = valueAndGradient(at: model) { model in loss(model(part, .inference), zeros) }
      if sum == nil { sum = gradients } else { sum! += gradients }
    }
    let mean = sum! * 0.25
    let difference = try (mean.globalNorm() - whole.globalNorm()).magnitude().item()
    try Optimizer.sgd(learningRate: 0.01).update(model, with: mean)
    let after = try loss(model(x, .inference), target).item()
    return (try before.item(), after, difference < 1e-4)
  }

  /// Frozen parameters keep their values; the others change.
  static func freezing(on device: Device) throws -> (frozenMoved: Double, freeMoved: Double) {
    let model = Sequential([Dense(4, activation: .relu), Dense(3)], inputShape: [2])
    try model.build(inputShape: [2], on: device, seed: 1)
    model.freeze()
    model.unfreeze("1.*")
    let start = model.snapshot()
    let data = clouds(16)
    let x = data.inputs.moved(to: device)
    let y = data.targets.moved(to: device)
    let optimizer = Optimizer.sgd(learningRate: 0.1, momentum: 0.9)
    for _ in 0..<5 {
      let (_, gradients) = valueAndGradient(at: model) { model in
        Loss.sparseCategoricalCrossEntropy(fromLogits: true)(model(x, .inference), y)
      }
      try optimizer.update(model, with: gradients)
    }
    func moved(_ path: String) throws -> Double {
      guard let before = start[path], let after = model.parameters[path]?.value else { return .nan }
      return try (after - before).magnitude().max().item()
    }
    return (try moved("0.weight"), try moved("1.weight"))
  }
}
