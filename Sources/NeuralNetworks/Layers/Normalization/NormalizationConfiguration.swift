/// The configuration of a `LayerNorm` or an `RMSNorm` in a model description. All settings are optional.
public struct NormalizationConfiguration: Codable, Sendable {
  /// The constant added to the variance, or to the mean square for `RMSNorm`.
  public var epsilon: Double
  /// Whether there are a weight and, for `LayerNorm`, a bias.
  public var isAffine: Bool

  private enum CodingKeys: String, CodingKey, CaseIterable { case epsilon, isAffine }

  public init(epsilon: Double = 1e-5, isAffine: Bool = true) {
    self.epsilon = epsilon
    self.isAffine = isAffine
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(["layer"] + CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    epsilon = try container.decodeIfPresent(Double.self, forKey: .epsilon) ?? 1e-5
    isAffine = try container.decodeIfPresent(Bool.self, forKey: .isAffine) ?? true
  }
}
