import NeuralNetworks

extension Case {
  /// The default model (784-128-10, relu, Adam): forward passes, training steps and the step of the optimizer alone.
  static var training: [Case] {
    [1, 32, 128].map(forward) + [1, 32, 1024].flatMap { [predictor($0), predict($0)] } + [32, 128].map(trainingStep) + [
      optimizerStep
    ]
  }

  private static let layers = [784, 128, 10]
  /// Multiply-adds of one image through the layers, twice: operations.
  private static var operationsPerImage: Double {
    zip(layers, layers.dropFirst()).reduce(0) { $0 + 2 * Double($1.0) * Double($1.1) }
  }
  static var shapeOfModel: String { layers.map(String.init).joined(separator: "-") }

  private static func makeModel(_ device: Device) throws -> Sequential {
    let model = Sequential(inputShape: [784]) {
      Dense(128, activation: .relu)
      Dense(10)
    }
    try model.build(inputShape: [784], on: device, seed: 1)
    return model
  }

  /// A step of the default model's training.
  static func makeStep(_ device: Device) throws -> TrainingStep {
    try TrainingStep(
      makeModel(device), optimizer: .adam(learningRate: 1e-3), loss: .sparseCategoricalCrossEntropy(fromLogits: true),
      seed: 1)
  }

  /// Images and labels for it.
  static func makeBatch(_ size: Int, _ device: Device) -> Batch {
    Batch(input: operand([size, 784], device), target: labels(size, below: 10, device))
  }

  private static func forward(_ batch: Int) -> Case {
    let work = Work.operations(Double(batch) * operationsPerImage)
    return Case(name: "forward", shape: "\(shapeOfModel) batch \(batch)", work: work) { device in
      let model = try makeModel(device)
      let images = operand([batch, 784], device)
      return { model(images, .inference) }
    }
  }

  private static func predictor(_ batch: Int) -> Case {
    let work = Work.operations(Double(batch) * operationsPerImage)
    return Case(name: "predictor", shape: "\(shapeOfModel) batch \(batch)", work: work) { device in
      let predictor = Predictor(try makeModel(device))
      let images = operand([batch, 784], device)
      return { try predictor.predict(images) }
    }
  }

  private static func predict(_ batch: Int) -> Case {
    let work = Work.operations(Double(batch) * operationsPerImage)
    return Case(name: "predict", shape: "\(shapeOfModel) batch \(batch)", work: work) { device in
      let model = try makeModel(device)
      let images = operand([batch, 784], device)
      return { try model.predict(images, batchSize: batch) }
    }
  }

  /// What `fit` repeats: forward, loss, backward (twice the work of forward, less the gradient of the images) and update.
  private static func trainingStep(_ batch: Int) -> Case {
    let firstLayer = 2 * Double(layers[0]) * Double(layers[1])
    let work = Work.operations(Double(batch) * (3 * operationsPerImage - firstLayer))
    return Case(name: "training step", shape: "\(shapeOfModel) batch \(batch)", work: work) { device in
      let batch = makeBatch(batch, device)
      let step = try makeStep(device)
      return { try step(batch).loss }
    }
  }

  /// Reads parameters, gradients and two moments, writes all but the gradients.
  private static var optimizerStep: Case {
    let count = zip(layers, layers.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 + $1.1 }
    return Case(name: "adam step", shape: String(count), work: .floats(7 * count)) { device in
      let model = try makeModel(device)
      let images = operand([32, 784], device)
      let (_, gradients) = valueAndGradient(at: model) { $0(images, .inference).squared().mean() }
      let optimizer = Optimizer.adam(learningRate: 1e-6)
      return {
        try optimizer.update(model, with: gradients)
        return nil
      }
    }
  }
}
