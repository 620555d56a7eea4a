/// The meaning of a model's outputs for a loss. Metrics interpret them in the same way.
package enum OutputMeaning: Sendable, Hashable {
  /// Unknown, for custom losses.
  case any
  /// Predicted numbers, for regression.
  case numbers
  /// A number for each yes-or-no label, positive for yes: hinge.
  case margins
  /// ln(p/(1 − p)) for each yes-or-no label.
  case binaryLogits
  /// The probability of each yes-or-no label.
  case binaryProbabilities
  /// Logits over the last axis, one per class.
  case logits
  /// Class probabilities along the last axis, with sum 1.
  case probabilities
  /// Logarithms of class probabilities.
  case logProbabilities

  /// Whether each element is a separate yes-or-no label, regardless of the shape.
  var isElementwise: Bool {
    switch self {
    case .margins, .binaryLogits, .binaryProbabilities: true
    case .any, .numbers, .logits, .probabilities, .logProbabilities: false
    }
  }

  /// The threshold above which an element means yes.
  var threshold: Double { self == .binaryLogits || self == .margins ? 0 : 0.5 }
}

/// The targets that a loss expects, so that `fit` and `evaluate` can reject invalid ones before anything runs.
package enum TargetRule: Sendable, Hashable {
  /// Unknown, for custom losses.
  case any
  /// Numbers, in the shape of the prediction.
  case values
  /// Numbers from 0 to 1, in the shape of the prediction.
  case probabilities
  /// Class indices from 0 to below the extent of the prediction's last axis, or the ignored index.
  case labels(ignoring: Int32?)
  /// Class indices, or a distribution over the classes in the shape of the prediction.
  case labelsOrDistribution(ignoring: Int32?)

  /// The label that the loss ignores.
  var ignoredLabel: Int32? {
    switch self {
    case .labels(let ignored), .labelsOrDistribution(let ignored): ignored
    case .any, .values, .probabilities: nil
    }
  }

  /// Returns the rule for targets of this shape, which determines whether they are labels or a distribution.
  package func resolved(prediction: [Int], target: [Int]) -> TargetRule {
    guard case .labelsOrDistribution(let ignored) = self else { return self }
    return Loss.areLabels(target, for: prediction) ? .labels(ignoring: ignored) : .probabilities
  }
}

extension Loss {
  /// Returns whether a target of this shape contains class indices, and not a distribution, for predictions of that
  /// shape.
  static func areLabels(_ target: [Int], for prediction: [Int]) -> Bool {
    target != prediction && (target == prediction.dropLast() || target == prediction.dropLast() + [1])
  }
}

extension Tensor {
  /// Returns a target in the shape and the element type of its prediction. A trailing axis of extent 1 is optional in
  /// both: labels `[N]` match a prediction `[N, 1]`, which would otherwise broadcast to `[N, N]`.
  func aligned(to prediction: Tensor, for name: String) -> Tensor {
    checked {
      let converted = dtype == prediction.dtype ? self : cast(to: prediction.dtype)
      if shape == prediction.shape { return converted }
      guard shape.withoutTrailingOnes == prediction.shape.withoutTrailingOnes else {
        try ProgrammerError.refuse(
          "\(name): the prediction has shape \(prediction.shape) and the target \(shape); they must be the same"
            + (dtype.isInteger ? " (class numbers need a sparse loss, or `target.oneHot(classes:)`)" : ""))
      }
      return converted.reshaped(prediction.shape)
    }
  }

  /// Returns the target in the shape of the prediction if the shapes differ only in trailing axes of extent 1, and
  /// unchanged otherwise. Without this, a custom loss of `[N, 1]` and `[N]` would broadcast to `[N, N]`.
  func withAxes(of prediction: Tensor) -> Tensor {
    if shape == prediction.shape || shape.withoutTrailingOnes != prediction.shape.withoutTrailingOnes { return self }
    return reshaped(prediction.shape)
  }

  /// Returns class indices as int32, in the shape of the predictions without their last axis. Floating-point numbers
  /// that are not class indices are rejected if checking them does not require waiting for another device.
  func alignedLabels(to prediction: Tensor, for name: String) -> Tensor {
    checked {
      let expected = Array(prediction.shape.dropLast())
      guard prediction.rank > 0, shape == expected || shape == expected + [1] else {
        try ProgrammerError.refuse(
          "\(name): the prediction has shape \(prediction.shape), so class numbers have shape \(expected), not \(shape)"
        )
      }
      // A failure of the device is detected later, when the result is read.
      let isChecked = dtype.isFloatingPoint && isReadAtOnce && device.backend.capabilities.isSynchronous
      if isChecked, let numbers = try? detached().scalars(as: Double.self) {
        if let place = numbers.firstIndex(where: { Int32(exactly: $0) == nil }) {
          let example = place / Swift.max(count / Swift.max(shape.first ?? 1, 1), 1)
          try ProgrammerError.refuse(
            "\(name): the target of example \(example) is \(numbers[place]), expected a class number")
        }
      }
      let numbers = asIndices()
      return shape == expected ? numbers : numbers.reshaped(expected)
    }
  }
}

extension Tensor {
  /// Whether the tensor has numbers that can be read without waiting for another device.
  var isReadAtOnce: Bool { device.kind == .cpu && !device.isShapeOnly && !device.isBeingRecorded }
}

extension Array where Element == Int {
  /// The shape without trailing axes of extent 1.
  var withoutTrailingOnes: ArraySlice<Int> {
    var end = endIndex
    while end > startIndex && self[end - 1] == 1 { end -= 1 }
    return self[startIndex..<end]
  }
}
