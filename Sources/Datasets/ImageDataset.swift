import NeuralNetworks

/// Labeled images for training and testing.
///
/// Inputs are float32 `[count, height, width]` in 0...1; targets are int32 class indices `[count]`.
public struct ImageDataset: Sendable {
  /// The training data: images float32 `[count, height, width]`, labels int32 `[count]`.
  public let train: TensorDataset
  /// The test data, in the same form.
  public let test: TensorDataset
  /// The name of each class, by class index.
  public let classNames: [String]

  /// Creates a dataset from training data, test data, and class names by label.
  public init(train: TensorDataset, test: TensorDataset, classNames: [String]) {
    self.train = train
    self.test = test
    self.classNames = classNames
  }
}
