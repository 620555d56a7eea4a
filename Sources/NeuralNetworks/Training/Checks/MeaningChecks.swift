extension Model {
  /// Rejects a loss that expects a different kind of output than the last layer produces.
  /// - Throws: `TrainingError.mismatchedLoss`, with the correct loss.
  func checkMeaning(of terms: [LossTerm]) throws {
    for term in terms {
      guard let last = lastLayer(ofOutput: term.output), let fault = term.loss.fault(after: last) else { continue }
      throw TrainingError.mismatchedLoss(reason: owner(of: term) + fault)
    }
  }

  /// Rejects outputs that a loss does not support for any data.
  /// - Parameter outputs: The shapes of the outputs, without the batch axis.
  func checkOutputs(_ outputs: [[Int]], _ terms: [LossTerm]) throws {
    for term in terms {
      try term.checkClassCount(of: outputs[term.output], after: lastLayer(ofOutput: term.output))
      let dtype = traced.outputDTypes[term.output]
      if dtype.isFloatingPoint { continue }
      throw ModelError.invalidConfiguration(
        layer: nameOfLayer(behindOutput: term.output),
        reason: "\(owner(of: term))it gives \(dtype) values, but the loss \(term.loss.name) needs floating-point ones")
    }
  }

  private func owner(of term: LossTerm) -> String {
    if term.isMetric { return "the metric \"\(term.name)\": " }
    return outputNames.count > 1 ? "\"\(term.name)\": " : ""
  }
}

extension [MetricTerm] {
  /// The losses that are used as metrics.
  var lossTerms: [LossTerm] {
    compactMap { term in
      term.metric.loss.map {
        LossTerm(output: term.output, name: term.metric.name, loss: $0, weight: 1, isMetric: true)
      }
    }
  }

  /// Rejects metrics that are losses and interpret outputs differently than the compiled loss.
  /// - Throws: `TrainingError.mismatchedLoss`.
  func checkMeanings(against losses: [LossTerm]) throws {
    for term in self {
      guard let measured = term.metric.loss, let loss = losses.first(where: { $0.output == term.output })?.loss,
        measured.meaning.contradicts(loss.meaning)
      else { continue }
      throw TrainingError.mismatchedLoss(
        reason: "the metric \"\(term.metric.name)\" takes outputs for \(measured.meaning.words), but the loss "
          + "\(loss.name) takes them for \(loss.meaning.words)")
    }
  }
}

extension OutputMeaning {
  /// Returns whether outputs cannot have both meanings. Numbers are compatible with every meaning, because an error is
  /// also useful for probabilities. Margins and logits are both above 0 for yes.
  fileprivate func contradicts(_ other: OutputMeaning) -> Bool {
    let free: Set<OutputMeaning> = [.any, .numbers], margins: Set<OutputMeaning> = [.margins, .binaryLogits]
    return self != other && !free.contains(self) && !free.contains(other) && !margins.isSuperset(of: [self, other])
  }

  fileprivate var words: String {
    switch self {
    case .any: "anything"
    case .numbers: "numbers"
    case .margins: "margins"
    case .binaryLogits: "logits of yes or no"
    case .binaryProbabilities: "probabilities of yes"
    case .logits: "logits of classes"
    case .probabilities: "probabilities of classes"
    case .logProbabilities: "logarithms of probabilities"
    }
  }
}

extension LossTerm {
  /// Rejects classification with a single class: its probability is always 1, and nothing is learned.
  /// - Parameters:
  ///   - output: The shape of the output, without the batch axis.
  ///   - last: The layer that produces it, if known.
  func checkClassCount(of output: [Int], after last: LastLayer?) throws {
    guard output.last == 1 else { return }
    if loss.meaning == .logits || loss.meaning == .probabilities {
      throw TrainingError.mismatchedLoss(
        reason: "\(loss.name) is over several classes, but the model gives one number: end it in Dense(2), or write "
          + ".binaryCrossEntropy(fromLogits: \(loss.meaning == .logits))")
    }
    if loss.meaning == .binaryProbabilities, last?.range == .distribution {
      throw TrainingError.mismatchedLoss(
        reason: "the softmax of one number is 1, whatever it is: end the model with activation: .sigmoid")
    }
  }
}

extension Loss {
  /// Returns the reason why the loss does not fit the last layer's output, and its replacement; nil if it fits.
  fileprivate func fault(after last: LastLayer) -> String? {
    switch (meaning, last.range) {
    case (.logits, .shares), (.logits, .distribution), (.binaryLogits, .shares), (.binaryLogits, .distribution):
      return "\(name) takes logits, but the model ends in \(last.name), which gives probabilities: leave the "
        + "\(last.name) out, or write \(spelling(fromLogits: false))"
    case (.probabilities, .numbers), (.binaryProbabilities, .numbers), (.binaryProbabilities, .logDistribution):
      let activation = meaning == .probabilities ? "softmax" : "sigmoid"
      return "\(name) takes probabilities, but the model ends in \(last.name) without a \(activation): write "
        + "\(spelling(fromLogits: true)), or end the model with activation: .\(activation)"
    case (.probabilities, .logDistribution):
      return "\(name) takes probabilities, but the model ends in \(last.name): write \(spelling(fromLogits: true))"
    case (.probabilities, .shares):
      return
        "\(name) takes probabilities with a sum of 1, but the model ends in \(last.name), which gives each class one "
        + "of its own: write activation: .softmax, or .binaryCrossEntropy() with a target of 0 or 1 for each class"
    case (.logProbabilities, .numbers), (.logProbabilities, .shares), (.logProbabilities, .distribution):
      return "\(name) takes logarithms of probabilities, but the model ends in \(last.name): write "
        + "activation: .logSoftmax"
    default:
      return nil
    }
  }

  /// Returns the Swift expression for the loss from logits or from probabilities.
  private func spelling(fromLogits: Bool) -> String {
    switch name {
    case "kl_divergence":
      return fromLogits ? ".klDivergence(fromLogProbabilities: true) after activation: .logSoftmax" : ".klDivergence()"
    case "sparse_categorical_cross_entropy": return ".sparseCategoricalCrossEntropy(fromLogits: \(fromLogits))"
    case "cross_entropy": return ".crossEntropy(fromLogits: \(fromLogits))"
    case "binary_focal_cross_entropy": return ".binaryFocalCrossEntropy(fromLogits: \(fromLogits))"
    case "categorical_focal_cross_entropy": return ".categoricalFocalCrossEntropy(fromLogits: \(fromLogits))"
    case "dice", "tversky": return ".\(name)(fromLogits: \(fromLogits))"
    default: return ".binaryCrossEntropy(fromLogits: \(fromLogits))"
    }
  }
}

/// Checks the first predictions of a training run against the loss, if the last layer does not determine their meaning.
struct MeaningWatch {
  private let terms: [LossTerm]

  /// - Parameter model: Outputs whose last layer determines the meaning are skipped, because they have been checked.
  init(_ model: Model, _ terms: [LossTerm]) {
    self.terms = terms.filter { $0.loss.meaning.isChecked && model.lastLayer(ofOutput: $0.output) == nil }
  }

  /// Returns a warning for each output that does not look as its loss expects. Waits for the predictions.
  func warnings(for predictions: [Tensor]) throws -> [String] {
    try terms.compactMap { term in
      let prediction = predictions[term.output].detached()
      guard prediction.count > 0, prediction.dtype.isFloatingPoint else { return nil }
      return try term.loss.warning(for: prediction, named: predictions.count > 1 ? "\"\(term.name)\"" : "the model")
    }
  }
}

extension OutputMeaning {
  /// Whether the numbers alone can show that outputs have another meaning.
  fileprivate var isChecked: Bool { self == .logits || self == .probabilities || self == .binaryProbabilities }
}

extension Loss {
  fileprivate func warning(for prediction: Tensor, named model: String) throws -> String? {
    let (low, high) = (try prediction.min().item(), try prediction.max().item())
    if meaning != .logits {
      guard low < -1e-6 || high > 1 + 1e-6 else { return nil }
      let value = low < -1e-6 ? low : high
      return "\(name) takes probabilities, but \(model) gave \(NumberText.short(value)); for logits write "
        + spelling(fromLogits: true)
    }
    guard low >= 0, high <= 1, prediction.rank > 1, prediction.shape[prediction.rank - 1] > 1 else { return nil }
    let sums = prediction.sum(axis: -1)
    guard try sums.min().item() > 0.999, try sums.max().item() < 1.001 else { return nil }
    return "\(name) takes logits, but \(model) gives probabilities with a sum of 1; leave its softmax out, or write "
      + spelling(fromLogits: false)
  }
}
