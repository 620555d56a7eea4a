import NeuralNetworks

/// A layer without parameters.
final class Scaled: Layer {
  let factor: Double
  init(_ factor: Double) { self.factor = factor }
  func forward(_ x: Tensor, _ context: Context) -> Tensor { x * factor }
}

/// A layer with parameters of known shapes.
final class Shifted: Layer {
  let weight: Parameter
  let bias: Parameter
  init(width: Int) {
    weight = Parameter([width], .ones)
    bias = Parameter([width], .zeros)
  }
  func forward(_ x: Tensor, _ context: Context) -> Tensor { x * weight.value + bias.value }
}

/// A layer whose parameter depends on its input.
final class Projection: Layer {
  let units: Int
  let weight = Parameter(nil, .heNormal)
  init(_ units: Int) { self.units = units }
  func prepare(inputShape: [Int]) throws {
    guard let width = inputShape.last else {
      throw ModelError.invalidConfiguration(layer: "Projection", reason: "needs at least one axis, got a scalar")
    }
    weight.declare(shape: [width, units])
  }
  func forward(_ x: Tensor, _ context: Context) -> Tensor { x.matmul(weight.value) }
}

/// Layers inside a layer, one of them used twice: one parameter, two uses.
final class Bottleneck: Layer {
  let narrow: Dense
  let wide: Dense
  let dropout = Dropout(0.1)
  init(width: Int) {
    narrow = Dense(width / 2, activation: .gelu)
    wide = Dense(width)
  }
  func forward(_ x: Tensor, _ context: Context) -> Tensor {
    let once = x + wide(dropout(narrow(x, context), context), context)
    return once + wide(narrow(once, context), context)
  }
}

/// Custom random numbers, only in training.
final class Jitter: Layer {
  let deviation: Double
  init(_ deviation: Double) { self.deviation = deviation }
  func forward(_ x: Tensor, _ context: Context) -> Tensor {
    context.isTraining ? x + .normal(like: x, deviation: deviation, using: context.random) : x
  }
}

/// Not from one tensor to one tensor: a module with a custom call.
final class TwoHeads: Module {
  let body = Dense(16, activation: .tanh)
  let kind = Dense(3)
  let price = Dense(1)
  func callAsFunction(_ x: Tensor, _ context: Context) -> (kind: Tensor, price: Tensor) {
    let features = body(x, context)
    return (kind(features, context), price(features, context))
  }
}

enum LayerPrograms {
  /// Loops, conditions, and nested containers inside a builder.
  static func mixed(deep: Bool) -> Sequential {
    Sequential(inputShape: [4, 4]) {
      Flatten()
      for width in [32, 16] {
        Dense(width, activation: .relu)
        Dropout(0.2)
      }
      if deep { Bottleneck(width: 16) } else { Scaled(2) }
      Sequential {
        Projection(8)
        Activation(.tanh)
      }
      Shifted(width: 8)
      Jitter(0.1)
      Dense(3)
    }
  }

  /// The network of 92 parameters: 75 weights and 17 biases.
  static func small() -> Sequential {
    Sequential([Dense(5, activation: .relu), Dense(5, activation: .relu), Dense(5), Dense(2)], inputShape: [3])
  }

  /// Trains both heads of a module with one optimizer, and returns the first and the last loss.
  static func trainTwoHeads(on device: Device, steps: Int) throws -> (first: Double, last: Double) {
    let random = RandomStream(seed: 3)
    let x = Tensor.normal([24, 5], using: random, on: device)
    let classes = Tensor(integers: (0..<24).map { $0 % 3 }, on: device)
    let prices = x.sum(axis: 1, keepingRank: true)
    let model = TwoHeads()
    _ = model(x, .inference)
    try model.build(on: device, seed: 1)
    let optimizer = Optimizer.adam(learningRate: 0.01)
    var losses: [Double] = []
    for _ in 0..<steps {
      let (loss, gradients) = valueAndGradient(at: model) { model in
        let (kind, price) = model(x, .training(random))
        return Loss.crossEntropy()(kind, classes) + 0.1 * Loss.meanSquaredError(price, prices)
      }
      try optimizer.update(model, with: gradients)
      losses.append(try loss.item())
    }
    return (losses[0], losses[losses.count - 1])
  }
}
