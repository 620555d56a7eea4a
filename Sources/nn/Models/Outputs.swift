import NeuralNetworks

extension Sequential {
  /// True when the last layer is a softmax, so that the outputs are probabilities and not logits.
  var endsInProbabilities: Bool {
    let function: ActivationFunction? =
      switch layers.last {
      case let layer as Dense: layer.activation
      case let layer as Activation: layer.function
      case let layer as Sequential: layer.endsInProbabilities ? .softmax : nil
      default: nil
      }
    return function?.name == ActivationFunction.softmax.name
  }

  /// The loss for classes, as the outputs want it.
  var classLoss: Loss { .crossEntropy(fromLogits: !endsInProbabilities) }

  /// The shape of one output for inputs of this shape, both without the batch axis.
  /// - Throws: `ModelError` when the model does not take such inputs.
  func outputShape(for inputShape: [Int]) throws -> [Int] {
    if let declared = inputShapes.first, declared != inputShape {
      throw ModelError.inputShape(layer: "the model", expected: declared, found: inputShape)
    }
    return try outputShapes(for: [.zeros([1] + inputShape)])[0]
  }

  /// The probability of each class, for each of these inputs.
  func probabilities(of inputs: Tensor) throws -> [[Float]] {
    let outputs = try predict(inputs, batchSize: 256)
    let classes = outputs.shape[1]
    let values = try (endsInProbabilities ? outputs : outputs.softmax()).scalars()
    return stride(from: 0, to: values.count, by: classes).map { Array(values[$0..<$0 + classes]) }
  }
}
