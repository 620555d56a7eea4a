/// The configuration of a `LayerNorm` or an `RMSNorm` in a model description. All settings are optional.
public struct NormalizationConfiguration: Codable, Sendable, LayerSettings {
  /// The constant added to the variance, or to the mean square for `RMSNorm`.
  public var epsilon: Double
  /// Whether there are a weight and, for `LayerNorm`, a bias.
  public var isAffine: Bool

  /// Creates a configuration.
  public init(epsilon: Double = 1e-5, isAffine: Bool = true) { (self.epsilon, self.isAffine) = (epsilon, isAffine) }

  static var template: Self { Self() }
}
