import NeuralNetworks
import Testing

/// Recordings whose results are inputs, or views of inputs: a replay gives the numbers of its own inputs.
@Suite struct RecordedIdentityTests {
  private static let layers: [(name: String, shape: [Int], make: @Sendable () -> any Layer)] = [
    ("Flatten", [6], { Flatten() }), ("Dropout", [2, 3], { Dropout(0.5) }),
    ("Activation", [2, 3], { Activation(.linear) }), ("Reshape", [3, 2], { Reshape([3, 2]) }),
  ]

  private func numbers(_ call: Int, _ count: Int) -> [Float] {
    (0..<count).map { Float(($0 * 7 + call * 3) % 11) / 11 }
  }

  @Test(arguments: layers.indices, TestDevices.all)
  func predictorsOfLayersThatPassTheirInputOn(_ index: Int, _ device: Device) throws {
    let item = Self.layers[index]
    let model = Sequential([item.make()])
    try model.build(inputShape: [2, 3], on: device)
    let predictor = Predictor(model)
    for call in 0..<5 {
      let expected = numbers(call, 12)
      let found = try predictor.predict(Tensor(expected, shape: [2, 2, 3], on: device))
      #expect(found.shape == [2] + item.shape)
      #expect(try found.scalars() == expected, "\(item.name), call \(call)")
    }
  }

  private func graph(on device: Device) throws -> sending Graph {
    let input = Node.input([4])
    let graph = Graph(inputs: ["input": input], outputs: ["a": Dense(3)(input), "b": Flatten()(input)])
    try graph.build(on: device, seed: 1)
    return graph
  }

  @Test(arguments: TestDevices.all) func predictorsOfGraphsWithAnInputAsOutput(_ device: Device) throws {
    let (predictor, plain) = (Predictor(try graph(on: device)), try graph(on: device))
    for call in 0..<4 {
      let x = Tensor(numbers(call, 8), shape: [2, 4], on: device)
      let (found, expected) = (try predictor.predict([x]), plain.forward([x], .inference))
      for (found, expected) in zip(found, expected) { #expect(try found.scalars() == expected.scalars()) }
    }
  }

  /// The recorded step against the explicit loop.
  @Test(arguments: TestDevices.all) func stepsOfGraphsWithAnInputAsOutput(_ device: Device) throws {
    let (recorded, plain) = (try graph(on: device), try graph(on: device))
    let loss = Loss.meanSquaredError
    let step = try TrainingStep(
      recorded, optimizer: .sgd(learningRate: 0.1), loss: .perOutput(["a": loss, "b": loss]))
    let optimizer = Optimizer.sgd(learningRate: 0.1)
    for call in 0..<6 {
      let x = Tensor(numbers(call, 8), shape: [2, 4], on: device)
      let targets = [Tensor.ones([2, 3], on: device), .zeros([2, 4], on: device)]
      let outcome = try step(Batch(inputs: [x], targets: targets))
      let (value, gradients) = valueAndGradient(at: plain) { plain in
        let outputs = plain.forward([x], .inference)
        return loss(outputs[0], targets[0]) + loss(outputs[1], targets[1])
      }
      try optimizer.update(plain, with: gradients)
      let (found, expected) = (try outcome.loss.item(), try value.item())
      #expect((found - expected).magnitude <= 1e-6, "step \(call)")
      for (a, b) in zip(recorded.parameters, plain.parameters) {
        try expectClose(a.parameter.value, try b.parameter.value.scalars(as: Double.self), absolute: 1e-6)
      }
    }
  }
}
