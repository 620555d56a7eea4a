import Datasets
import NeuralNetworks
import Pictures

extension Demo {
  static let perceptron = Demo(
    "perceptron", "One neuron learns from its mistakes: points that a line separates, and xor, which no line does."
  ) { context in
    let blobs = Points.blobs(100, classes: 2, deviation: 0.6, radius: 2, seed: context.seed)
    let xor = Points.xor(100, seed: context.seed)
    let passes = context.passes(20, quick: 8)
    let separable = try Perceptron(context.device).learn(blobs, passes: passes)
    let impossible = try Perceptron(context.device).learn(xor, passes: passes)
    context.show(
      "separable points: \(DemoContext.text(100 * separable.accuracy, digits: 0)) % on the right side of the line")
    context.show("xor:              \(DemoContext.text(100 * impossible.accuracy, digits: 0)) %, whatever the line")
    try context.keep("perceptron-separable", separable.picture("points that a line separates", blobs, reach: 4))
    try context.keep("perceptron-xor", impossible.picture("xor: no line separates the two", xor, reach: 1))
    return ["separable accuracy": separable.accuracy, "xor accuracy": impossible.accuracy]
  }
}

/// A neuron that fires when w·x + b > 0. Rosenblatt 1958.
private struct Perceptron {
  private var weight: Tensor
  private var bias: Tensor
  private(set) var accuracy = 0.0

  init(_ device: Device) {
    weight = .zeros([2], on: device)
    bias = .zeros([], on: device)
  }

  private func fires(_ points: Tensor) -> Tensor { ((points * weight).sum(axis: -1) + bias .> 0).cast(to: .float32) }

  /// Moves the line after each mistake: w += (target − answer)·x.
  func learn(_ data: TensorDataset, passes: Int) throws -> Perceptron {
    var learned = self
    let points = data.inputs.moved(to: weight.device)
    let targets = data.targets.cast(to: .float32).moved(to: weight.device)
    for _ in 0..<passes {
      for index in 0..<data.count {
        let mistake = targets[index] - learned.fires(points[index])
        learned.weight += mistake * points[index]
        learned.bias += mistake
      }
    }
    learned.accuracy = try (learned.fires(points) .== targets).cast(to: .float32).mean().item()
    return learned
  }

  func picture(_ title: String, _ data: TensorDataset, reach: Double) throws -> String {
    var chart = Chart(title, x: -reach...reach, y: -reach...reach, xLabel: "x₀", yLabel: "x₁")
    let (points, labels) = (try data.inputs.scalars(as: Double.self), try data.targets.scalars(as: Double.self))
    for label in 0...1 {
      let members = labels.indices.filter { Int(labels[$0]) == label }
      chart.points(
        members.map { (points[2 * $0], points[2 * $0 + 1]) }, color: label, label: "class \(label)")
    }
    let (w, b) = (try weight.scalars(as: Double.self), try bias.item())
    // The line of points with w·x + b = 0, along the axis in which it is less steep.
    let ends = [-reach, reach].map { end in
      abs(w[1]) > abs(w[0]) ? (end, -(w[0] * end + b) / w[1]) : (-(w[1] * end + b) / (w[0] == 0 ? 1 : w[0]), end)
    }
    chart.line(ends, color: 2, label: "w·x + b = 0")
    return chart.svg
  }
}
