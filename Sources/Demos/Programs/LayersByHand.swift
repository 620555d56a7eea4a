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

extension Demo {
  static let backpropagation = Demo(
    "backpropagation", "Forward and backward pass of a 2-3-1 network written out, next to what the library derives."
  ) { context in
    let random = RandomStream(seed: context.seed)
    let x: Tensor = Tensor([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2], on: context.device)
    let target = Tensor([0, 1, 1, 0], shape: [4, 1], on: context.device)
    var p = [[2, 3], [3], [3, 1], [1]].map { Tensor.uniform($0, in: -1..<1, using: random, on: context.device) }

    var difference = 0.0
    var (first, last, right) = (0.0, 0.0, 0.0)
    for step in 0..<context.passes(3000, quick: 1000) {
      // Forward: sums z, activations a, and the mean squared error.
      let a1 = (x.matmul(p[0]) + p[1]).sigmoid()
      let a2 = (a1.matmul(p[2]) + p[3]).sigmoid()
      let loss = (a2 - target).squared().mean()
      // Backward: the chain rule from the loss to each parameter; σ′ = a(1 − a).
      let d2 = 2 * (a2 - target) / 4 * a2 * (1 - a2)
      let d1 = d2.matmul(p[2], transposingRight: true) * a1 * (1 - a1)
      let byHand = [
        x.matmul(d1, transposingLeft: true), d1.sum(axis: 0), a1.matmul(d2, transposingLeft: true), d2.sum(axis: 0),
      ]
      if step == 0 {
        first = try loss.item()
        let (_, derived) = valueAndGradient(at: p) { p in
          let hidden = (x.matmul(p[0]) + p[1]).sigmoid()
          return ((hidden.matmul(p[2]) + p[3]).sigmoid() - target).squared().mean()
        }
        for (name, (ours, theirs)) in zip(["∂L/∂W1", "∂L/∂b1", "∂L/∂W2", "∂L/∂b2"], zip(byHand, derived)) {
          let apart = try ((ours - theirs).magnitude().max() / theirs.magnitude().max()).item()
          difference = max(difference, apart)
          context.show(
            "\(name) by hand \(try ours.scalars().map { DemoContext.text(Double($0), digits: 5) }), apart \(apart)")
        }
      }
      for index in p.indices { p[index] -= 4 * byHand[index] }
      last = try loss.item()
      right = try ((a2 .> 0.5).cast(to: .float32) .== target).cast(to: .float32).mean().item()
    }
    context.show("xor by these gradients: the loss goes from \(DemoContext.text(first)) to \(DemoContext.text(last))")
    context.show("\(DemoContext.text(4 * right, digits: 0)) of 4 answers are right")
    return ["relative difference": difference, "first loss": first, "loss": last, "accuracy": right]
  }
}
