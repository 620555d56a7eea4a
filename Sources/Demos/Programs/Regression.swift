import NeuralNetworks
import Pictures

extension Demo {
  static let line = Demo(
    "line", "y = wx + b: what weight and bias do to a line, and how gradient descent finds them."
  ) { context in
    var chart = Chart("y = wx + b", x: -2...2, y: -4...6, xLabel: "x", yLabel: "y")
    let x = Tensor.linearSpace(-2...2, count: 9, on: context.device).reshaped([9, 1])
    for (index, (weight, bias)) in [(1, 0), (2, 0), (-1, 0), (1, 2)].enumerated() {
      let neuron = Dense(1)
      neuron.weight.assign(Tensor([Float(weight)], shape: [1, 1], on: context.device))
      neuron.bias?.assign(Tensor([Float(bias)], on: context.device))
      let y = try neuron(x, .inference).scalars(as: Double.self)
      chart.line(
        zip(try x.scalars(as: Double.self), y).map { ($0, $1) }, color: index, label: "w = \(weight), b = \(bias)")
      context.show(
        "w = \(weight), b = \(bias): from y(-2) = \(DemoContext.text(y[0], digits: 0)) to y(2) = \(DemoContext.text(y[8], digits: 0))"
      )
    }
    try context.keep("line", chart.svg)

    let noise = Tensor.normal([100, 1], deviation: 0.1, using: RandomStream(seed: context.seed))
    let inputs = Tensor.linearSpace(-2...2, count: 100).reshaped([100, 1])
    let model = Sequential { Dense(1) }
    model.compile(optimizer: .sgd(learningRate: 0.05), loss: .meanSquaredError, device: context.device)
    try model.fit(
      TensorDataset(inputs, 2 * inputs - 1 + noise), epochs: context.passes(50, quick: 20), batchSize: 20,
      seed: context.seed,
      verbosity: .silent)
    let found = try model.parameters.map { try $0.parameter.value.scalars(as: Double.self)[0] }
    context.show("from points about y = 2x - 1: w = \(DemoContext.text(found[0])), b = \(DemoContext.text(found[1]))")
    return ["weight": found[0], "bias": found[1]]
  }
}

extension Demo {
  static let regression = Demo("regression", "A network with one hidden layer bends itself to noisy points of a curve.")
  {
    context in
    let inputs = Tensor.linearSpace(-3...3, count: 200).reshaped([200, 1])
    let curve = (2 * inputs).sin() + 0.3 * inputs
    let noise = Tensor.normal([200, 1], deviation: 0.15, using: RandomStream(seed: context.seed))
    let model = Sequential {
      Dense(32, activation: .tanh)
      Dense(32, activation: .tanh)
      Dense(1)
    }
    model.compile(
      optimizer: .adam(learningRate: 0.01), loss: .meanSquaredError, metrics: [.meanAbsoluteError],
      device: context.device)
    let history = try model.fit(
      TensorDataset(inputs, curve + noise), epochs: context.passes(300, quick: 100), batchSize: 32, seed: context.seed,
      verbosity: .silent)
    let predicted = try model.predict(inputs, batchSize: 200).moved(to: .cpu)
    let error = try (predicted - curve).squared().mean().squareRoot().item()
    context.show(
      "loss \(DemoContext.text(history["loss"][0])) at first, \(DemoContext.text(history["loss"].last ?? .nan)) at the end"
    )
    context.show("distance from the curve without noise: \(DemoContext.text(error)) (the noise is 0.15)")
    let x = try inputs.scalars(as: Double.self)
    var chart = Chart(
      "regression: points, and what the network says", x: -3...3, y: -2.5...2.5, xLabel: "x", yLabel: "y")
    chart.points(zip(x, try (curve + noise).scalars(as: Double.self)).map { ($0, $1) }, color: 6, label: "points")
    chart.line(zip(x, try predicted.scalars(as: Double.self)).map { ($0, $1) }, color: 1, label: "network")
    try context.keep("regression", chart.svg)
    return ["error": error]
  }
}
