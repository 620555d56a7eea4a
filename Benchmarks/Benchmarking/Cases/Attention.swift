import NeuralNetworks

extension Case {
  /// Layer normalization, alone and with its gradients, and the training of a Transformer block.
  static var attention: [Case] {
    [[2048, 128], [4096, 4096]].flatMap { [layerNorm($0), layerNormWithGradients($0)] }
      + [0, 0.1].map { encoderStep(dropout: $0) }
  }

  private static func layerNorm(_ shape: [Int]) -> Case {
    Case(name: "layer norm", shape: shapeText(shape), work: .floats(2 * shape[0] * shape[1])) { device in
      let (x, weight, bias) = (operand(shape, device), operand([shape[1]], device), operand([shape[1]], device))
      return { x.layerNormalized(weight: weight, bias: bias) }
    }
  }

  /// Read and written: x, y; y again for the sum; dy, which is all ones; and then dy, x and dx.
  private static func layerNormWithGradients(_ shape: [Int]) -> Case {
    let work = Work.floats(7 * shape[0] * shape[1])
    return Case(name: "layer norm gradients", shape: shapeText(shape), work: work) { device in
      let (x, weight, bias) = (operand(shape, device), operand([shape[1]], device), operand([shape[1]], device))
      return {
        valueAndGradient(at: [x, weight, bias]) { $0[0].layerNormalized(weight: $0[1], bias: $0[2]).sum() }.gradient[0]
      }
    }
  }

  /// A step of the training of one encoder block and a dense layer on the mean of what leaves it: 32 sequences of 64 vectors.
  private static func encoderStep(dropout: Double) -> Case {
    let (batch, length, width, hidden) = (32, 64, 128, 512)
    let projections = 2.0 * Double(batch * length * width) * Double(4 * width + 2 * hidden)
    let scores = 4.0 * Double(batch * length * length * width)
    let shape = "transformer 4 heads 128 wide 64 long batch 32" + (dropout > 0 ? " dropout" : "")
    return Case(name: "training step", shape: shape, work: .operations(3 * (projections + scores))) { device in
      let model = Sequential(inputShape: [length, width]) {
        TransformerEncoderBlock(heads: 4, width: width, hidden: hidden, dropout: dropout)
        MeanOverTime()
        Dense(10)
      }
      try model.build(inputShape: [length, width], on: device, seed: 1)
      let step = try TrainingStep(
        model, optimizer: .adam(learningRate: 1e-3), loss: .sparseCategoricalCrossEntropy(fromLogits: true), seed: 1)
      let data = Batch(input: operand([batch, length, width], device), target: labels(batch, below: 10, device))
      return { try step(data).loss }
    }
  }
}

private final class MeanOverTime: Layer {
  func forward(_ input: Tensor, _ context: Context) -> Tensor { input.mean(axis: 1) }
  var allowsReplay: Bool { true }
}
