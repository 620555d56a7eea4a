/// How much the examples of each class count in the loss.
struct ClassWeights: Sendable {
  /// What targets are: class numbers, rows with a 1 at the class, or 0 and 1.
  enum Form: Sendable { case labels, distribution, binary }

  /// The weight of each class, `[classes]`, on the model's device.
  private let table: Tensor
  private let form: Form

  /// - Parameters:
  ///   - weights: By class; a class that is not named has weight 1.
  ///   - rule: What the loss expects of its targets, resolved.
  ///   - prediction: The shape of the model's output, without the batch axis.
  /// - Throws: `TrainingError`, when the weights do not fit.
  init(_ weights: [Int: Double], rule: TargetRule, prediction: [Int], on device: Device) throws {
    let isBinary = prediction.isEmpty || prediction == [1]
    switch rule {
    case .labels: form = .labels
    case .probabilities where isBinary: form = .binary
    case .probabilities: form = .distribution
    default: throw TrainingError.classWeights(reason: "the loss does not tell classes apart")
    }
    let classes = isBinary ? 2 : prediction[prediction.count - 1]
    var numbers = [Float](repeating: 1, count: classes)
    for (index, weight) in weights.sorted(by: { $0.key < $1.key }) {
      guard index >= 0, index < classes else {
        throw TrainingError.classWeights(reason: "there is no class \(index) of \(classes)")
      }
      guard weight >= 0, weight.isFinite else { throw TrainingError.weight(of: "class \(index)", value: weight) }
      numbers[index] = Float(weight)
    }
    table = Tensor(numbers, on: device)
  }

  /// The weights of the examples, multiplied by those that the batch brings.
  func weights(of batch: Batch) -> Tensor {
    let own = table.gathered(labels(of: batch.target), axis: 0)
    guard let given = batch.weights else { return own }
    return own * given.aligned(toExamplesOf: own)
  }

  private func labels(of target: Tensor) -> Tensor {
    switch form {
    case .distribution: return target.argmax(axis: -1)
    case .binary: return (target.reshaped([target.count]) .> 0.5).cast(to: .int32)
    case .labels:
      let flat = target.reshaped([target.count])
      return flat.dtype == .int32 ? flat : flat.cast(to: .int32)
    }
  }
}
