import NeuralNetworks
import Pictures

extension Demo {
  static let layer = Demo(
    "layer", "One layer's output by hand and by the library, with and without activation; a 3-5-5-5-2 network counted."
  ) { context in
    let (x, w, b): ([Float], [Float], [Float]) = ([1, 2, 3], [0.2, -0.5, 0.4, 0.1, -0.3, 0.25], [0.5, -1])
    let layer = Dense(2)
    layer.weight.assign(Tensor(w, shape: [3, 2], on: context.device))
    layer.bias?.assign(Tensor(b, on: context.device))
    let input = Tensor(x, shape: [1, 3], on: context.device)
    let sums = layer(input, .inference)
    let found = try sums.scalars(as: Double.self)
    var difference = 0.0
    for unit in 0..<2 {
      let terms = (0..<3).map { "\(x[$0])·\(w[2 * $0 + unit])" }.joined(separator: " + ")
      let byHand = (0..<3).reduce(Double(b[unit])) { $0 + Double(x[$1]) * Double(w[2 * $1 + unit]) }
      difference = max(difference, abs(byHand - found[unit]))
      context.show(
        "y\(unit) = \(terms) + \(b[unit]) = \(DemoContext.text(byHand)); the layer says \(DemoContext.text(found[unit]))"
      )
    }
    for (name, y) in [("relu", sums.relu()), ("sigmoid", sums.sigmoid()), ("tanh", sums.tanh())] {
      let values = try y.scalars(as: Double.self).map { DemoContext.text($0) }.joined(separator: ", ")
      context.show("\(name) of it: \(values)")
    }
    let network = Sequential(inputShape: [3]) {
      for width in [5, 5, 5] { Dense(width, activation: .relu) }
      Dense(2)
    }
    let summary = try network.summary()
    context.show("\(summary)")
    try context.keep("layer-network", ModelPicture(network).svg)
    return ["difference": difference, "parameters": Double(summary.parameterCount)]
  }
}
