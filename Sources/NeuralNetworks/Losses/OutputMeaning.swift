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
