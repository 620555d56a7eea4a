/// The settings of a `LayerNorm` and an `RMSNorm` in a description of a model; all may be left out.
public struct NormalizationConfiguration: Codable, Sendable {
  /// Added to the variance.
  public var epsilon: Double
  /// True where a weight and a bias are learned.
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
