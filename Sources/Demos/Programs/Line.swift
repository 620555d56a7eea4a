import NeuralNetworks
import Pictures

extension Demo {
  static let line = Demo(
    "line", "y = wx + b: what weight and bias do to a line, and how gradient descent finds them."
  ) { stage in
    var chart = Chart("y = wx + b", x: -2...2, y: -4...6, xLabel: "x", yLabel: "y")
    let x = Tensor.linearSpace(-2...2, count: 9, on: stage.device).reshaped([9, 1])
    for (index, (weight, bias)) in [(1, 0), (2, 0), (-1, 0), (1, 2)].enumerated() {
      let neuron = Dense(1)
      neuron.weight.assign(Tensor([Float(weight)], shape: [1, 1], on: stage.device))
      neuron.bias?.assign(Tensor([Float(bias)], on: stage.device))
      let y = try neuron(x, .inference).scalars(as: Double.self)
      chart.line(
        zip(try x.scalars(as: Double.self), y).map { ($0, $1) }, color: index, label: "w = \(weight), b = \(bias)")
      stage.show(
        "w = \(weight), b = \(bias): from y(-2) = \(Stage.text(y[0], digits: 0)) to y(2) = \(Stage.text(y[8], digits: 0))"
      )
    }
    try stage.keep("line", chart.svg)

    let noise = Tensor.normal([100, 1], deviation: 0.1, using: RandomStream(seed: stage.seed))
    let inputs = Tensor.linearSpace(-2...2, count: 100).reshaped([100, 1])
    let model = Sequential { Dense(1) }
    model.compile(optimizer: .sgd(learningRate: 0.05), loss: .meanSquaredError, device: stage.device)
    try model.fit(
      TensorDataset(inputs, 2 * inputs - 1 + noise), epochs: stage.passes(50, quick: 20), batchSize: 20,
      seed: stage.seed,
      verbosity: .silent)
    let found = try model.parameters.map { try $0.parameter.value.scalars(as: Double.self)[0] }
    stage.show("from points about y = 2x - 1: w = \(Stage.text(found[0])), b = \(Stage.text(found[1]))")
    return ["weight": found[0], "bias": found[1]]
  }
}
