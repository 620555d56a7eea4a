import NeuralNetworks

/// Labelled images to train on and to test on.
///
/// Inputs are float32 `[count, height, width]` in 0...1; targets are int32 class indices `[count]`.
public struct ImageDataset: Sendable {
  /// What to train on: images float32 `[count, height, width]`, labels int32 `[count]`.
  public let train: TensorDataset
  /// What to test on, in the same form.
  public let test: TensorDataset
  /// What each class index stands for.
  public let classNames: [String]

  /// The two parts, and the name of each class, by label.
  public init(train: TensorDataset, test: TensorDataset, classNames: [String]) {
    self.train = train
    self.test = test
    self.classNames = classNames
  }
}
