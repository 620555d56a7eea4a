/// The weights of the classes in the loss.
struct ClassWeights: Sendable {
  /// The form of the targets: class indices, one-hot rows, or 0 and 1.
  enum Form: Sendable { case labels, distribution, binary }

  /// The weight of each class, `[classes]`, on the model's device.
  private let table: Tensor
  private let form: Form
  /// The label that the loss ignores.
  private let ignored: Int32?

  /// - Parameters:
  ///   - weights: The weights by class index; 1 for classes that are not listed.
  ///   - rule: The resolved rule for the targets that the loss expects.
  ///   - prediction: The shape of the model's output, without the batch axis.
  /// - Throws: `TrainingError` if the weights are invalid.
  init(_ weights: [Int: Double], rule: TargetRule, prediction: [Int], on device: Device) throws {
    ignored = rule.ignoredLabel
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

  /// Returns the class weights of the examples, multiplied by the weights in the batch.
  func weights(of batch: Batch) -> Tensor {
    let own = weights(ofLabels: labels(of: batch.target))
    guard let given = batch.weights else { return own }
    return own * given.aligned(toExamplesOf: own)
  }

  /// Returns the weights in the shape of the labels. An ignored label need not be a valid class: its weight is 0 and is
  /// not looked up.
  private func weights(ofLabels labels: Tensor) -> Tensor {
    let skipped = ignored.map { labels .== Int($0) }
    let classes = skipped.map { labels.replacing(with: 0, where: $0) } ?? labels
    let found = table.gathered(classes.reshaped([classes.count]), axis: 0).reshaped(labels.shape)
    return skipped.map { found.replacing(with: 0, where: $0) } ?? found
  }

  /// Returns class indices as int32. Targets of any element type are compared as numbers.
  private func labels(of target: Tensor) -> Tensor {
    switch form {
    case .distribution: target.cast(to: .float32).argmax(axis: -1)
    case .binary: (target.cast(to: .float32) .> 0.5).cast(to: .int32)
    case .labels: target.cast(to: .int32)
    }
  }
}
