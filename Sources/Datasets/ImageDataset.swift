import NeuralNetworks

/// Labelled images to train on and to test on.
///
/// Inputs are float32 `[count, height, width]` in 0...1; targets are int32 class indices `[count]`.
public struct ImageDataset: Sendable {
  public let train: TensorDataset
  public let test: TensorDataset
  /// What each class index stands for.
  public let classNames: [String]

  public init(train: TensorDataset, test: TensorDataset, classNames: [String]) {
    self.train = train
    self.test = test
    self.classNames = classNames
  }
}
