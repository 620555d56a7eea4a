import NeuralNetworks

extension Case {
  /// Bias-adds and activations: at the size of a layer in training, and at a size that no cache holds.
  static var elementwise: [Case] {
    let biases = [[32, 128], [128, 784], [4096, 4096]].map(biasAdd)
    let functions: [(String, @Sendable (Tensor) -> Tensor)] = [
      ("relu", { $0.relu() }), ("sigmoid", { $0.sigmoid() }), ("tanh", { $0.tanh() }), ("gelu", { $0.gelu() }),
      ("exp", { $0.exp() }),
    ]
    let activations = functions.flatMap { name, function in
      [[32, 128], [4096, 4096]].map { shape in activation(name, shape, function) }
    }
    return biases + [sumOfTensors([32, 128]), sumOfTensors([4096, 4096])] + activations
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

  private static func sumOfTensors(_ shape: [Int]) -> Case {
    let count = shape[0] * shape[1]
    return Case(name: "add", shape: shapeText(shape), work: .floats(3 * count), isLarge: count > 1 << 20) { device in
      let a = operand(shape, device)
      let b = operand(shape, device, seed: 2)
      return { a + b }
    }
  }

  private static func activation(_ name: String, _ shape: [Int], _ function: @escaping @Sendable (Tensor) -> Tensor)
    -> Case
  {
    let count = shape[0] * shape[1]
    return Case(name: name, shape: shapeText(shape), work: .floats(2 * count), isLarge: count > 1 << 20) { device in
      let x = operand(shape, device)
      return { function(x) }
    }
  }
}
