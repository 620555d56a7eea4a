import CommandSupport
import ModelFormats
import NeuralNetworks

/// Labelled examples, and what is to be known about them.
struct Examples {
  /// Inputs as the model gets them, and int32 class indices; nil where only test data was asked for.
  var train: TensorDataset?
  var test: TensorDataset
  let classNames: [String]
  /// What has been done to the raw numbers.
  var scaling: InputScaling
  /// "train.csv", for messages.
  let source: String

  /// Without the batch axis.
  var inputShape: [Int] { Array(test.inputs.shape.dropFirst()) }

  /// The examples scaled in another way: as the model was taught.
  /// - Throws: `Failure` when that way is for another number of columns.
  func rescaled(_ wanted: InputScaling) throws -> Examples {
    guard wanted != scaling else { return self }
    try wanted.check(inputShape, of: source)
    func convert(_ data: TensorDataset) -> TensorDataset {
      TensorDataset(wanted.applied(to: scaling.removed(from: data.inputs)), data.targets)
    }
    var copy = self
    copy.train = train.map(convert)
    copy.test = convert(test)
    copy.scaling = wanted
    return copy
  }

  /// The examples scaled as a model wants them.
  /// - Parameter file: where the model comes from, for messages.
  /// - Throws: `Failure` when the model is for other inputs or other classes.
  func prepared(for saved: SavedModel, file: String) throws -> Examples {
    try saved.check(inputShape: inputShape, of: source)
    try check(outputs: [saved.classNames.count], file: file)
    return try rescaled(saved.scaling)
  }

  /// Checks that a model has an output for each class.
  func check(outputs: [Int], file: String) throws {
    guard outputs == [classNames.count] else {
      throw Failure("\(file): expected \(classNames.count) outputs, one for each class of \(source), found \(outputs)")
    }
  }
}

extension TensorDataset {
  /// The first `count` examples, or all if there are fewer.
  func prefix(_ count: Int?) -> TensorDataset {
    guard let count, count < self.count else { return self }
    return TensorDataset(inputs[0..<count], targets[0..<count])
  }

  /// The examples of a part of this dataset.
  func part(_ subset: Subset) throws -> TensorDataset {
    let batch = try subset.batch(at: Array(0..<subset.count))
    return TensorDataset(batch.input, batch.target)
  }
}
