import NeuralNetworks

extension Case {
  /// An LSTM of 128 units over the 28 rows of an image, and ten classes: steps of training with Adam.
  static var recurrent: [Case] { [32, 128].map(lstmStep) }

  private static let (steps, features, units, classes) = (28, 28, 128, 10)

  /// Forward; backward the same again for the weights and, but for the input, for the states.
  private static func lstmStep(_ size: Int) -> Case {
    let gates = 4 * units
    let sums = 2 * Double(features * gates * steps)
    let states = 2 * Double(units * gates) * Double(steps - 1)
    let output = 2 * Double(units * classes)
    let work = Work.operations(Double(size) * (2 * sums + 3 * states + 3 * output))
    let shape = "LSTM \(steps)x\(features)-\(units)-\(classes) batch \(size)"
    return Case(name: "training step", shape: shape, work: work) { device in
      let model = Sequential {
        LSTM(units)
        Dense(classes)
      }
      try model.build(inputShape: [steps, features], on: device, seed: 1)
      let step = try TrainingStep(
        model, optimizer: .adam(learningRate: 1e-3), loss: .sparseCategoricalCrossEntropy(fromLogits: true), seed: 1)
      let batch = Batch(
        input: operand([size, steps, features], device), target: labels(size, below: classes, device))
      return { try step(batch).loss }
    }
  }
}
