/// Which examples `fit` keeps for validation after each epoch.
public enum Validation: Sendable {
  /// This part of the data, drawn at random with the seed of `fit`, and left out of training: from 0 to below 1.
  case split(Double)
  /// Other data.
  case data(any Dataset)
}
