/// A dataset whose examples are other ones in each epoch: augmented images, or negatives that are drawn anew.
///
/// `fit` trains on `during(epoch:)`, and measures on `original` what it holds back for validation. Both have the `count` of
/// the dataset, and what `during(epoch:)` gives is a function of the epoch and the position alone, so that a run can be
/// repeated and resumed.
public protocol VaryingDataset: Dataset {
  /// The examples of an epoch, counted from 0.
  func during(epoch: Int) -> any Dataset
  /// The examples as a model is measured and used on them.
  var original: any Dataset { get }
}

extension Dataset {
  /// The examples that an epoch of training has.
  package func examples(ofEpoch epoch: Int) -> any Dataset {
    (self as? any VaryingDataset)?.during(epoch: epoch) ?? self
  }

  /// The examples without what varies.
  package var measured: any Dataset { (self as? any VaryingDataset)?.original ?? self }
}
