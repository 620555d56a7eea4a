import NeuralNetworks
import Pictures

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
