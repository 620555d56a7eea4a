import NeuralNetworks

extension Sequential {
  /// The layers of this model with the additional layers for a table: one that scales its columns based on the training
  /// examples and, for regression, one that converts the output to the unit of the values. They are part of the model,
  /// so it takes raw numbers wherever it is loaded. A `Normalization` at the start or end of the model is used instead.
  /// - Parameter noise: The standard deviation of the noise added to the scaled columns in training; nil for none.
  func scaled(for examples: Examples, noise: Double?) throws -> Sequential {
    guard let train = examples.train else { return self }
    var layers = layers
    let first = layers.first as? Normalization
    let input = first.flatMap { $0.isInverted ? nil : $0 } ?? Normalization()
    if input !== first { layers.insert(input, at: 0) }
    try input.adapt(to: train.inputs)
    if let noise { layers.insert(GaussianNoise(noise), at: 1) }
    if examples.task == .regression {
      let last = layers.last as? Normalization
      let output = last.flatMap { $0.isInverted ? $0 : nil } ?? Normalization(isInverted: true)
      if output !== last { layers.append(output) }
      try output.adapt(to: train.targets)
    }
    return Sequential(layers, inputShape: examples.inputShape)
  }
}
