/// How predictions and targets of a classifier are to be read: their shapes tell.
enum ClassificationForm {
  /// Predictions `[…, classes]`, targets `[…]` or `[…, 1]`: class numbers.
  case sparse
  /// Predictions and targets `[…, classes]`: the largest target is the class.
  case oneHot
  /// Predictions `[N]` or `[N, 1]`, targets alike: above a threshold or not.
  case binary

  init(prediction: [Int], target: [Int], for name: String) {
    if prediction.count < 2 || prediction[prediction.count - 1] == 1 {
      self = .binary
    } else if target == prediction {
      self = .oneHot
    } else if Loss.areLabels(target, for: prediction) {
      self = .sparse
    } else {
      fatalError(
        "\(name): predictions of shape \(prediction) and targets of shape \(target) do not belong together; targets are "
          + "class numbers of shape \(Array(prediction.dropLast())) or have the shape of the predictions")
    }
  }
}

/// The classes that were predicted and the right ones, as int32 of one shape, and how many classes there are.
struct ClassPairs {
  let predicted: Tensor
  let actual: Tensor
  let classes: Int

  /// - Parameter threshold: In binary form, a prediction above it counts as class 1.
  init(prediction: Tensor, target: Tensor, threshold: Double, for name: String) {
    switch ClassificationForm(prediction: prediction.shape, target: target.shape, for: name) {
    case .sparse:
      predicted = prediction.argmax(axis: -1)
      actual = target.alignedLabels(to: prediction, for: name)
      classes = prediction.shape[prediction.rank - 1]
    case .oneHot:
      predicted = prediction.argmax(axis: -1)
      actual = target.argmax(axis: -1)
      classes = prediction.shape[prediction.rank - 1]
    case .binary:
      predicted = (prediction .> threshold).cast(to: .int32)
      actual = (target.aligned(to: prediction, for: name) .> 0.5).cast(to: .int32)
      classes = 2
    }
  }
}
