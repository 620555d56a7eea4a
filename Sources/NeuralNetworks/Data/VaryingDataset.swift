/// A dataset whose examples differ in each epoch, such as augmented images or newly drawn negatives.
///
/// `fit` trains on `during(epoch:)` and evaluates validation data on `original`. Both have the `count` of the dataset.
/// The examples of `during(epoch:)` depend only on the epoch and the position, so a run can be repeated and resumed.
public protocol VaryingDataset: Dataset {
  /// Returns the examples of an epoch. Epochs are counted from 0.
  func during(epoch: Int) -> any Dataset
  /// The examples for evaluation and inference.
  var original: any Dataset { get }
}

extension Dataset {
  /// Returns the examples of a training epoch.
  package func examples(ofEpoch epoch: Int) -> any Dataset {
    (self as? any VaryingDataset)?.during(epoch: epoch) ?? self
  }

  /// The examples without variation.
  package var measured: any Dataset { (self as? any VaryingDataset)?.original ?? self }
}
