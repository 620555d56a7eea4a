import HostSystem

/// Errors that `fit`, `evaluate`, `predict`, and datasets throw before anything runs. Wrong input shapes and labels are
/// `ModelError`s.
public enum TrainingError: NeuralNetworksError, Hashable {
  /// The batch size is less than 1.
  case batchSize(Int)
  /// The micro-batch size is less than 1.
  case microBatchSize(Int)
  /// The number of steps per epoch is less than 1.
  case stepsPerEpoch(Int)
  /// The number of epochs, or of the first epoch, is negative.
  case epochs(Int)
  /// The first epoch is after the epoch at which training ends.
  case firstEpoch(Int, epochs: Int)
  /// The fraction of the data for validation is negative, or not less than 1.
  case validationFraction(Double)
  /// There is no data; the argument is "training", "validation", "evaluation", or "prediction".
  case emptyData(String)
  /// All examples are held back for validation: the requested fraction, and the number of examples.
  case nothingToTrainOn(held: Double, count: Int)
  /// A callback monitors a value that no epoch has.
  case unknownMonitor(String, known: [String])
  /// Two metrics have the same name, or one has the name of the loss.
  case duplicateMetric(String)
  /// A NaN or an infinity in the data: the tensor ("input", "target", "weights"), and the first example that contains
  /// one.
  case notFinite(tensor: String, example: Int)
  /// A target does not have the shape that the loss expects for the model's output. Both shapes are without the batch
  /// axis.
  case targetShape(expected: [Int], found: [Int])
  /// A target that the loss does not accept: the first such example, its value, and the expectation.
  case targetValue(example: Int, value: Double, expected: String)
  /// A weight of an example or of a class is negative or not a number.
  case weight(of: String, value: Double)
  /// Class weights require class indices as targets.
  case classWeights(reason: String)
  /// Inputs and targets (or weights) of a dataset differ in length.
  case rowCounts(inputs: Int, others: Int)
  /// A dataset returned a different number of examples than requested.
  case batchRows(asked: Int, found: Int)
  /// A dataset does not have the requested example.
  case noSuchExample(index: Int, count: Int)
  /// The batch has a different number of inputs or targets than the model expects.
  case tensorCount(of: String, expected: Int, found: Int)
  /// A loss or a metric names an output that the model does not have.
  case unknownOutput(String, known: [String])
  /// One tensor was requested from a model with several outputs; `spelling` is the expression that returns all of them.
  case severalOutputs([String], spelling: String)
  /// A metric does not name an output of a model with several outputs.
  case ambiguousMetric(String, outputs: [String])
  /// A loss does not name an output of a model with several outputs.
  case ambiguousLoss(String, outputs: [String])
  /// A loss expects a different kind of output than the model produces, for example, probabilities instead of logits.
  case mismatchedLoss(reason: String)
  /// A metric compares classes, but the target of an example is not a class: the output has a regression loss.
  case notAClass(metric: String, loss: String, example: Int, value: Double)
  /// No parameter is trainable; the argument is the number of parameters.
  case nothingTrainable(parameters: Int)
  /// A quantized model cannot be trained; `path` is the first of its weights in integers.
  case quantized(path: String)
  /// The loss does not depend on any trained parameter, so a step would change nothing.
  case noGradient
  /// A callback has a method that is never called, or does not have any method that is called.
  case callback(String, reason: String)
  /// An output has more axes than its target: `output` and `target` are shapes without the batch axis.
  case outputAxes(output: [Int], target: [Int])
  /// A loss or a metric (`measure`: "loss" or "metric") does not support the model's output and the targets: their
  /// shapes without the batch axis, and its error.
  case unfit(_ measure: String, name: String, output: [Int], target: [Int], reason: String)
  /// The state of a training run does not fit the model or the data.
  case state(reason: String)
}

extension TrainingError {
  public var description: String { words.onOneLine }

  private var words: String {
    switch self {
    case .batchSize(let size): "the batch size is at least 1, not \(size)"
    case .microBatchSize(let size): "the micro-batch size is at least 1, not \(size)"
    case .stepsPerEpoch(let steps): "the number of steps per epoch is at least 1, not \(steps)"
    case .epochs(let epochs): "the number of epochs is at least 0, not \(epochs)"
    case .firstEpoch(let first, let epochs):
      "training begins with epoch \(first) (initialEpoch), after its last one, \(epochs) (epochs)"
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
    case .severalOutputs(let outputs, let spelling):
      "the model has the outputs \(outputs.joined(separator: ", ")), one tensor each: \(spelling)"
    case .ambiguousMetric(let name, let outputs):
      "the model has the outputs \(outputs.joined(separator: ", ")), and the metric \"\(name)\" names none of them; say "
        + "which it is for: .of(output: \"\(outputs[0])\")"
    case .ambiguousLoss(let name, let outputs):
      "the model has the outputs \(outputs.joined(separator: ", ")), and the loss \(name) names none of them; give each "
        + "its loss: .perOutput([\"\(outputs[0])\": …])"
    case .mismatchedLoss(let reason): reason
    case .notAClass(let metric, let loss, let example, let value):
      "the metric \"\(metric)\" compares classes, but the loss \(loss) predicts numbers, and the target of example "
        + "\(example) is \(NumberText.short(value)); for a regression write .meanAbsoluteError, for classes .crossEntropy()"
    case .nothingTrainable(let count):
      count == 0
        ? "the model has no parameters, so there is nothing to train"
        : "all \(NumberText.grouped(count)) parameters are frozen, so there is nothing to train; unfreeze() some first"
    case .quantized(let path):
      "the weight \"\(path)\" is quantized, so the model cannot be trained; train the original, then quantize it again"
    case .noGradient:
      "the loss has no gradient at any parameter that is trained: somewhere between them are only values that are constant "
        + "for gradients, such as those of detached(), argmax, comparisons, and casts to int32"
    case .callback(let name, let reason): "the callback \(name): \(reason)"
    case .outputAxes(let output, let target):
      "the model gives \(output) for an example whose target has the shape \(target): an axis is left over; Dense acts on "
        + "the last axis alone, so put Flatten() before the first Dense (after a recurrent layer: returnsSequence: false)"
    case .unfit(let measure, let name, let output, let target, let reason):
      "the \(measure) \"\(name)\" does not fit outputs of shape \(output) and targets of shape \(target): \(reason)"
    case .state(let reason): "the training state does not fit: \(reason)"
    }
  }
}

extension TrainingError {
  /// Calls `body`. A `state` error that it throws then names the owner.
  static func namingState(of owner: String, _ body: () throws -> Void) throws {
    do { try body() } catch TrainingError.state(let reason) { throw TrainingError.state(reason: "\(owner): \(reason)") }
  }
}
