import BackendCore
import NeuralNetworks

extension Case {
  /// Bias-adds, activations and what else goes element by element: at the size of a layer in training, and at sizes that no
  /// cache holds.
  static var elementwise: [Case] {
    let biases = [[32, 128], [128, 784], [4096, 4096]].map(biasAdd)
    let functions: [(String, @Sendable (Tensor) -> Tensor)] = [
      ("relu", { $0.relu() }), ("sigmoid", { $0.sigmoid() }), ("tanh", { $0.tanh() }), ("gelu", { $0.gelu() }),
      ("exp", { $0.exp() }), ("log", { $0.log() }),
    ]
    let activations = functions.flatMap { name, function in
      [[32, 128], [1_000_000], [4096, 4096]].map { shape in activation(name, shape, function) }
    }
    return biases + [columnProduct([4096, 4096]), sumOfTensors([32, 128]), sumOfTensors([4096, 4096])] + activations
      + [chain([32, 128]), chain([2048, 2048])] + [dropout(1 << 12), dropout(1 << 24)]
      + optimizerSteps.flatMap { name, step in
        [101_770, 1 << 22].map { optimizerStep(name, step, $0) }
      }
  }

  private static func biasAdd(_ shape: [Int]) -> Case {
    let count = shape[0] * shape[1]
    return Case(
      name: "bias-add", shape: shapeText(shape), work: .floats(2 * count + shape[1]), isLarge: count > 1 << 20
    ) {
      device in
      let x = operand(shape, device)
      let bias = operand([shape[1]], device, seed: 2)
      return { x + bias }
    }
  }

  private static func columnProduct(_ shape: [Int]) -> Case {
    let count = shape[0] * shape[1]
    return Case(name: "times column", shape: shapeText(shape), work: .floats(2 * count + shape[0]), isLarge: true) {
      device in
      let x = operand(shape, device)
      let column = operand([shape[0], 1], device, seed: 2)
      return { x * column }
    }
  }

  private static func sumOfTensors(_ shape: [Int]) -> Case {
    let count = shape[0] * shape[1]
    return Case(name: "add", shape: shapeText(shape), work: .floats(3 * count), isLarge: count > 1 << 20) { device in
      let a = operand(shape, device)
      let b = operand(shape, device, seed: 2)
      return { a + b }
    }
  }

  /// The operand is positive, so that all functions are defined.
  private static func activation(_ name: String, _ shape: [Int], _ function: @escaping @Sendable (Tensor) -> Tensor)
    -> Case
  {
    let count = shape.reduce(1, *)
    return Case(name: name, shape: shapeText(shape), work: .floats(2 * count), isLarge: count > 1 << 20) { device in
      let x = name == "log" ? operand(shape, device) + 1.001 : operand(shape, device)
      return { function(x) }
    }
  }

  /// relu(x·a + b) as three operations, with numbers a and b: each reads and writes once.
  private static func chain(_ shape: [Int]) -> Case {
    let count = shape[0] * shape[1]
    return Case(name: "chain of 3", shape: shapeText(shape), work: .floats(6 * count), isLarge: count > 1 << 20) {
      device in
      let x = operand(shape, device)
      return { (x * 1.5 + 0.25).relu() }
    }
  }

  private static func dropout(_ count: Int) -> Case {
    Case(name: "dropout", shape: String(count), work: .floats(2 * count), isLarge: count > 1 << 20) { device in
      let backend = device.backend
      let x = BufferSlice(try backend.allocate(count: count, dtype: .float32))
      let y = BufferSlice(try backend.allocate(count: count, dtype: .float32))
      try backend.fill(x, count: count, with: 1)
      return {
        try backend.dropout(x, probability: 0.5, RandomSource(key: 1), count: count, into: y)
        return nil
      }
    }
  }

  private static let optimizerSteps: [(String, OptimizerStep.Rule)] = [
    ("sgd", .sgd(momentum: 0, isNesterov: false)), ("sgd momentum", .sgd(momentum: 0.9, isNesterov: false)),
    ("rmsprop", .rmsProp(smoothing: 0.99, epsilon: 1e-8, momentum: 0, isCentered: false)),
    ("adagrad", .adagrad(epsilon: 1e-10)),
    ("adam", .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, isAMSGrad: false)),
    ("amsgrad", .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, isAMSGrad: true)),
  ]

  /// 101,770 parameters are those of the network 784-128-10.
  private static func optimizerStep(_ name: String, _ rule: OptimizerStep.Rule, _ count: Int) -> Case {
    let step = OptimizerStep(rule: rule)
    let floats = (3 + 2 * step.stateCount) * count
    return Case(name: "step of \(name)", shape: String(count), work: .floats(floats), isLarge: count > 1 << 20) {
      device in
      let backend = device.backend
      func slab(_ value: Double) throws -> BufferSlice {
        let slice = BufferSlice(try backend.allocate(count: count, dtype: .float32))
        try backend.fill(slice, count: count, with: value)
        return slice
      }
      let (parameters, gradients) = (try slab(1), try slab(1e-3))
      let states = try (0..<step.stateCount).map { _ in try slab(0.5) }
      var values = [Float](repeating: 0.01, count: StepScalars.count)
      values[StepScalars.skip] = 0
      let scalars = Tensor(values, on: device)
      return {
        try backend.optimizerStep(
          step, parameters: parameters, gradients: gradients, states: states, count: count, scalars: try scalars.slice)
        return nil
      }
    }
  }
}
