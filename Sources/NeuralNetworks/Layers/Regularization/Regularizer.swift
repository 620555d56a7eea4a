/// A penalty on the weights of a layer that is added to the loss (Keras' `kernel_regularizer`).
public struct Regularizer: Sendable, Hashable, Codable {
  /// The factor of Σ|w|.
  public let l1: Double
  /// The factor of Σw².
  public let l2: Double
  /// A penalty on rows or columns that are not orthogonal; nil for none.
  public let orthogonal: OrthogonalPenalty?

  /// Creates the penalty l1·Σ|w| + l2·Σw².
  public init(l1: Double = 0, l2: Double = 0) { self.init(l1: l1, l2: l2, orthogonal: nil) }

  private init(l1: Double, l2: Double, orthogonal: OrthogonalPenalty?) {
    self.l1 = l1
    self.l2 = l2
    self.orthogonal = orthogonal
  }

  /// Returns the penalty factor·Σ|w|.
  public static func l1(_ factor: Double) -> Regularizer { Regularizer(l1: factor) }
  /// Returns the penalty factor·Σw².
  public static func l2(_ factor: Double) -> Regularizer { Regularizer(l2: factor) }

  /// Returns the penalty factor·mean(|cos α|) over the angles of all pairs of rows or columns of a matrix; see
  /// `OrthogonalPenalty`.
  public static func orthogonal(
    _ factor: Double = 0.01, _ vectors: OrthogonalPenalty.Vectors = .rows
  ) -> Regularizer {
    Regularizer(l1: 0, l2: 0, orthogonal: OrthogonalPenalty(factor: factor, vectors: vectors))
  }

  private enum CodingKeys: String, CodingKey, CaseIterable { case l1, l2, orthogonal }

  /// Decodes a penalty. Omitted factors are 0.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    l1 = try container.decodeIfPresent(Double.self, forKey: .l1) ?? 0
    l2 = try container.decodeIfPresent(Double.self, forKey: .l2) ?? 0
    orthogonal = try container.decodeIfPresent(OrthogonalPenalty.self, forKey: .orthogonal)
  }

  /// Returns the penalty of a tensor, as a scalar.
  public func callAsFunction(_ weight: Tensor) -> Tensor {
    guard let orthogonal else { return norms(of: weight) }
    return l1 == 0 && l2 == 0 ? orthogonal(weight) : orthogonal(weight) + norms(of: weight)
  }

  /// Returns l1·Σ|w| + l2·Σw².
  private func norms(of weight: Tensor) -> Tensor {
    if l1 == 0 { return weight.squared().sum() * l2 }
    let magnitudes = weight.magnitude().sum() * l1
    return l2 == 0 ? magnitudes : weight.squared().sum() * l2 + magnitudes
  }

  /// Throws an error for factors that are negative or not finite.
  func check(layer: String) throws {
    for factor in [l1, l2, orthogonal?.factor ?? 0] where !(factor >= 0 && factor.isFinite) {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "the factor of a regularizer is at least 0, not \(factor)")
    }
  }
}

extension Module {
  /// Returns the sum of the penalties of all trainable parameters; nil if there are none.
  package func penalty() -> Tensor? {
    var sum: Tensor?
    for (_, parameter) in parameters where parameter.isTrainable {
      guard let regularizer = parameter.regularizer else { continue }
      let penalty = regularizer(parameter.value)
      sum = sum.map { $0 + penalty } ?? penalty
    }
    return sum
  }
}
