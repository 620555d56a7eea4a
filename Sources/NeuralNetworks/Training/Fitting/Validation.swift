/// The examples that `fit` uses for validation after each epoch.
public enum Validation: Sendable {
  /// A fraction of the data, drawn at random with the seed of `fit` and excluded from training; at least 0 and less
  /// than 1.
  case split(Double)
  /// Separate data.
  case data(any Dataset)
}

extension Validation {
  /// Uses separate data: inputs and their targets.
  public static func data(_ inputs: Tensor, _ targets: Tensor) -> Validation { .data(TensorDataset(inputs, targets)) }
}
