/// The weight of a batch in the mean over an epoch.
package enum BatchWeight: Sendable {
  /// A number of examples, known without querying the device.
  case count(Int)
  /// A sum of weights on the device.
  case sum(Tensor)
}

/// The mean of a loss over a batch, and its divisor.
package struct ReducedLoss: Sendable {
  /// A scalar, differentiable.
  package var mean: Tensor
  package var weight: BatchWeight
}

extension Loss {
  /// Returns the mean over a batch, Σ w·l / Σ w, with its denominator.
  package func reduced(_ prediction: Tensor, _ target: Tensor, weights: Tensor?) -> ReducedLoss {
    switch resolvedForm(prediction, target) {
    case .elementwise(let body):
      let elements = body(prediction, target)
      guard let weights else {
        return ReducedLoss(mean: elements.mean(), weight: .count(elements.rank == 0 ? 1 : elements.shape[0]))
      }
      return Loss.weighted(elements.meanOverFeatures(), by: weights)
    case .perExample(let body):
      let values = body(prediction, target)
      guard let weights else { return ReducedLoss(mean: values.mean(), weight: .count(values.count)) }
      return Loss.weighted(values, by: weights)
    case .masked(let body):
      let (values, mask) = body(prediction, target)
      guard let weights else { return Loss.weighted(values, by: mask) }
      return Loss.weighted(values, by: mask * weights.aligned(toExamplesOf: mask))
    case .choice:
      fatalError("a form was not resolved")
    }
  }

  private static func weighted(_ values: Tensor, by weights: Tensor) -> ReducedLoss {
    let factors = weights.aligned(toExamplesOf: values).detached()
    let total = (factors * values).sum()
    let weight = factors.sum()
    return ReducedLoss(mean: total / weight.orOne, weight: .sum(weight))
  }
}

extension Tensor {
  /// A sum of weights as a divisor. If no example counts, 0/0 would turn every parameter into NaN.
  var orOne: Tensor { replacing(with: 1, where: self .== 0) }

  /// Returns example weights `[N]` in a shape compatible with values `[N, …]` and in their element type.
  func aligned(toExamplesOf values: Tensor) -> Tensor {
    checked {
      let converted = dtype == values.dtype ? self : cast(to: values.dtype)
      if shape == values.shape { return converted }
      guard values.rank > 0, count == values.shape[0] else {
        guard count == values.count else {
          try ProgrammerError.refuse(
            "weights of shape \(shape) do not fit \(values.shape) values; give one weight for each example")
        }
        return converted.reshaped(values.shape)
      }
      let examples = [values.shape[0]] + [Int](repeating: 1, count: values.rank - 1)
      return values.rank == 1 ? converted.reshaped(examples) : converted.reshaped(examples).broadcast(to: values.shape)
    }
  }
}

/// The loss of one output and its weight.
struct LossTerm: Sendable {
  var output: Int
  /// The name of the output.
  var name: String
  var loss: Loss
  var weight: Double
  /// Whether the loss is used as a metric with its name.
  var isMetric = false

  /// Returns the name of an output's loss among the values of an epoch.
  static func valueName(of output: String) -> String { "\(output)_loss" }
}

/// The losses of a batch.
struct BatchLoss: Sendable {
  /// The weighted sum over the outputs: a scalar.
  var total: Tensor
  /// The unweighted loss of each output.
  var parts: [ReducedLoss]

  init(_ terms: [LossTerm], _ parts: [ReducedLoss]) {
    let scaled = zip(terms, parts).map { $0.weight == 1 ? $1.mean : $1.mean * $0.weight }
    guard let first = scaled.first else { fatalError("a loss of no outputs") }
    total = scaled.dropFirst().reduce(first, +)
    self.parts = parts
  }
}

extension [LossTerm] {
  /// Whether the sum is the only loss.
  var isSingle: Bool { count == 1 && self[0].weight == 1 }

  /// Returns the losses of the outputs and their weighted sum.
  func reduced(_ predictions: [Tensor], _ targets: [Tensor], weights: Tensor?) -> BatchLoss {
    let parts = map { term in
      let prediction = predictions[term.output]
      // Built-in losses align targets themselves, and their messages name the expected shape.
      let target = term.loss.targetRule == .any ? targets[term.output].withAxes(of: prediction) : targets[term.output]
      return term.loss.reduced(prediction, target, weights: weights)
    }
    return BatchLoss(self, parts)
  }
}
