/// What `fit`, `evaluate`, `predict` and datasets refuse, before anything runs. Wrong input shapes and labels are
/// `ModelError`s.
public enum TrainingError: NeuralNetworksError, Hashable {
  /// A batch has at least one example.
  case batchSize(Int)
  /// The number of epochs, or of the first one, is not negative.
  case epochs(Int)
  /// The part of the data that is kept for validation is from 0 to below 1.
  case validationFraction(Double)
  /// There is nothing to learn from; `data` is "training", "validation", "evaluation" or "prediction".
  case emptyData(String)
  /// All examples are held back for validation: the part that was asked for, and how many examples there are.
  case nothingToTrainOn(held: Double, count: Int)
  /// A callback watches a value that no epoch has.
  case unknownMonitor(String, known: [String])
  /// Two metrics have one name, or one has the name of the loss.
  case duplicateMetric(String)
  /// A NaN or an infinity in the data: which tensor ("input", "target", "weights"), and the first example that has one.
  case notFinite(tensor: String, example: Int)
  /// A target does not have the shape that the loss expects for the model's output; both without the batch axis.
  case targetShape(expected: [Int], found: [Int])
  /// A target that the loss cannot take: the first such example, its value, and what is expected.
  case targetValue(example: Int, value: Double, expected: String)
  /// A weight of an example or of a class that is negative or no number.
  case weight(of: String, value: Double)
  /// Class weights need class numbers as targets.
  case classWeights(reason: String)
  /// Inputs and targets (or weights) of a dataset differ in length.
  case rowCounts(inputs: Int, others: Int)
  /// A dataset gave another number of examples than it was asked for.
  case batchRows(asked: Int, found: Int)
  /// A dataset was asked for an example that it does not have.
  case noSuchExample(index: Int, count: Int)
  /// The batch has another number of inputs or targets than the model takes.
  case tensorCount(of: String, expected: Int, found: Int)
  /// A loss or a metric names an output that the model does not have.
  case unknownOutput(String, known: [String])
  /// The state of a training run does not fit the model or the data.
  case state(reason: String)
}

extension TrainingError {
  public var description: String {
    switch self {
    case .batchSize(let size): "the batch size is at least 1, not \(size)"
    case .epochs(let epochs): "the number of epochs is at least 0, not \(epochs)"
    case .validationFraction(let fraction): "the validation fraction is from 0 to below 1, not \(fraction)"
    case .emptyData(let data): "the \(data) data has no examples"
    case .nothingToTrainOn(let fraction, let count):
      "a validation split of \(fraction) leaves none of the \(count) examples to train on"
    case .unknownMonitor(let name, let known):
      "no epoch has a value \"\(name)\"; there are \(known.joined(separator: ", "))"
    case .duplicateMetric(let name): "two values of an epoch have the name \"\(name)\""
    case .notFinite(let tensor, let example): "the \(tensor) of example \(example) holds a NaN or an infinity"
    case .targetShape(let expected, let found):
      "a target has the shape \(found), but the loss and the model's output expect \(expected) (without the batch axis)"
    case .targetValue(let example, let value, let expected):
      "the target of example \(example) is \(value), expected \(expected)"
    case .weight(let owner, let value): "the weight of \(owner) is \(value), not a number of at least 0"
    case .classWeights(let reason): "class weights: \(reason)"
    case .rowCounts(let inputs, let others): "the dataset has \(inputs) inputs, but \(others) targets or weights"
    case .batchRows(let asked, let found): "the dataset gave \(found) examples where \(asked) were asked for"
    case .noSuchExample(let index, let count): "the dataset has \(count) examples, and none at position \(index)"
    case .tensorCount(let kind, let expected, let found): "the model has \(expected) \(kind), but the data has \(found)"
    case .unknownOutput(let name, let known):
      "the model has no output \"\(name)\"; there are \(known.joined(separator: ", "))"
    case .state(let reason): "the training state does not fit: \(reason)"
    }
  }
}

extension TrainingError {
  /// Calls `body`, and says of a `state` that it throws whose it is.
  static func namingState(of owner: String, _ body: () throws -> Void) throws {
    do { try body() } catch TrainingError.state(let reason) { throw TrainingError.state(reason: "\(owner): \(reason)") }
  }
}
