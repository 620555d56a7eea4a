import NeuralNetworks

extension Case {
  /// Softmax and its logarithm, and cross-entropy from logits and labels, alone and with its gradient.
  static var softmaxes: [Case] {
    let shapes = [[32, 10], [128, 1000], [4096, 4096]]
    return shapes.map(softmax) + shapes.map(logSoftmax) + shapes.map(crossEntropy)
      + shapes.map(crossEntropyWithGradient)
  }

  private static func softmax(_ shape: [Int]) -> Case {
    let count = shape[0] * shape[1]
    return Case(name: "softmax", shape: shapeText(shape), work: .floats(2 * count), isLarge: count > 1 << 20) {
      device in
      let x = operand(shape, device)
      return { x.softmax() }
    }
  }

  private static func logSoftmax(_ shape: [Int]) -> Case {
    let count = shape[0] * shape[1]
    return Case(name: "log-softmax", shape: shapeText(shape), work: .floats(2 * count), isLarge: count > 1 << 20) {
      device in
      let x = operand(shape, device)
      return { x.logSoftmax() }
    }
  }

  private static func crossEntropy(_ shape: [Int]) -> Case {
    let count = shape[0] * shape[1]
    return Case(name: "cross-entropy", shape: shapeText(shape), work: .floats(count), isLarge: count > 1 << 20) {
      device in
      let logits = operand(shape, device)
      let targets = labels(shape[0], below: shape[1], device)
      let loss = Loss.sparseCategoricalCrossEntropy(fromLogits: true)
      return { loss(logits, targets) }
    }
  }

  private static func crossEntropyWithGradient(_ shape: [Int]) -> Case {
    let count = shape[0] * shape[1]
    return Case(
      name: "cross-entropy gradient", shape: shapeText(shape), work: .floats(2 * count), isLarge: count > 1 << 20
    ) { device in
      let logits = operand(shape, device)
      let targets = labels(shape[0], below: shape[1], device)
      let loss = Loss.sparseCategoricalCrossEntropy(fromLogits: true)
      return { valueAndGradient(at: logits) { loss($0, targets) }.gradient }
    }
  }
}
