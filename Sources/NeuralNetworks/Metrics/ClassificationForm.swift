/// The rule by which a metric derives classes from outputs, in agreement with the compiled loss.
struct ClassReading: Sendable {
  /// The meaning of the outputs for the loss.
  let meaning: OutputMeaning
  /// The threshold above which an output means yes, or class 1 of two.
  let threshold: Double
  /// Whether each element is a separate label, regardless of the shape.
  let isElementwise: Bool
  /// The label that the loss, and therefore the metric, ignores.
  let ignored: Int32?

  /// - Parameters:
  ///   - outputs: The meaning of the outputs for the loss.
  ///   - threshold: The threshold of the metric; nil to use the threshold of the loss.
  ///   - ignored: The label that the loss ignores.
  init(_ outputs: OutputMeaning, threshold: Double?, ignoring ignored: Int32?) {
    self.threshold = threshold ?? outputs.threshold
    meaning = outputs
    isElementwise = outputs.isElementwise
    self.ignored = ignored
  }

  /// Returns whether outputs `[…, labels]` contain several labels per example.
  func hasSeveralLabels(_ prediction: Tensor) -> Bool {
    isElementwise && prediction.rank > 1 && prediction.shape[prediction.rank - 1] > 1
  }

  /// Returns the fraction of correct elements: one number per example.
  func rightAnswers(_ prediction: Tensor, _ target: Tensor, for name: String) -> Tensor {
    let actual = target.aligned(to: prediction, for: name) .> 0.5
    return ((prediction .> threshold) .== actual).cast(to: prediction.dtype).meanOverFeatures()
  }
}

/// The form of a classifier's predictions and targets, determined from their shapes.
enum ClassificationForm {
  /// Predictions `[…, classes]`, targets `[…]` or `[…, 1]`: class indices.
  case sparse
  /// Predictions and targets `[…, classes]`: the largest target is the class.
  case oneHot
  /// Predictions `[N]` or `[N, 1]`, targets of the same shape: above a threshold or not.
  case binary

  init(prediction: [Int], target: [Int], for name: String) throws {
    if prediction.count < 2 || prediction[prediction.count - 1] == 1 {
      self = .binary
    } else if target == prediction {
      self = .oneHot
    } else if Loss.areLabels(target, for: prediction) {
      self = .sparse
    } else {
      try ProgrammerError.refuse(
        "\(name): predictions of shape \(prediction) and targets of shape \(target) do not belong together; targets are "
          + "class numbers of shape \(Array(prediction.dropLast())) or have the shape of the predictions")
    }
  }
}

/// The predicted and the correct classes, as int32 of the same shape, and the number of classes.
struct ClassPairs {
  let predicted: Tensor
  let actual: Tensor
  let classes: Int
  /// A mask of the pairs that count; nil if all do. `actual` is 0 for the other pairs.
  let counted: Tensor?

  /// - Parameters:
  ///   - threshold: In binary form, a prediction above it counts as class 1.
  ///   - ignored: A class index that does not count.
  init(prediction: Tensor, target: Tensor, threshold: Double, ignoring ignored: Int32?, for name: String) throws {
    switch try ClassificationForm(prediction: prediction.shape, target: target.shape, for: name) {
    case .sparse:
      predicted = prediction.argmax(axis: -1)
      let labels = target.alignedLabels(to: prediction, for: name)
      actual = ignored.map { labels.replacing(with: 0, where: labels .== Int($0)) } ?? labels
      counted = ignored.map { labels .!= Int($0) }
      classes = prediction.shape[prediction.rank - 1]
    case .oneHot:
      counted = nil
      predicted = prediction.argmax(axis: -1)
      actual = target.argmax(axis: -1)
      classes = prediction.shape[prediction.rank - 1]
    case .binary:
      predicted = (prediction .> threshold).cast(to: .int32)
      actual = (target.aligned(to: prediction, for: name) .> 0.5).cast(to: .int32)
      classes = 2
      counted = nil
    }
  }

  /// Returns the weight of each pair, in the shape of both; nil if all weights are equal.
  func weights(_ given: Tensor?, as dtype: DType) -> Tensor? {
    let mask = counted?.cast(to: dtype)
    guard let given = given?.detached() else { return mask }
    let aligned = given.aligned(toExamplesOf: mask ?? predicted.cast(to: dtype))
    return mask.map { $0 * aligned } ?? aligned
  }
}

extension ClassReading {
  /// Returns the result of `body` for each pair of classes, and a mask of the pairs that count.
  func compared(
    _ prediction: Tensor, _ target: Tensor, for name: String, _ body: (ClassPairs) throws -> Tensor
  ) -> (values: Tensor, counted: Tensor?) {
    var counted: Tensor?
    let values = checked {
      let pairs = try ClassPairs(
        prediction: prediction, target: target, threshold: threshold, ignoring: ignored, for: name)
      counted = pairs.counted
      return try body(pairs)
    }
    return (values, counted)
  }
}
