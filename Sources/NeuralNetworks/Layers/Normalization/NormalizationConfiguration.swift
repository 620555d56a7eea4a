/// The configuration of a `LayerNorm` or an `RMSNorm` in a model description. All settings are optional.
public struct NormalizationConfiguration: Codable, Sendable, LayerSettings {
  /// The constant added to the variance, or to the mean square for `RMSNorm`.
  public var epsilon = 1e-5
  /// Whether there are a weight and, for `LayerNorm`, a bias.
  public var isAffine = true

  static var template: Self { Self() }
}
