/// Layer normalisation: each vector along the last axis gets mean 0 and variance 1, then a gain and a shift of its own for
/// each element: (x − μ)/√(σ² + ε)·w + b (Ba, Kiros and Hinton 2016; PyTorch's `LayerNorm` over the last axis).
///
/// ```swift
/// LayerNorm()          // [N, …, C] → [N, …, C]; weight and bias are [C]
/// ```
public final class LayerNorm: Layer {
  public let weight: Parameter?
  public let bias: Parameter?
  /// What is added to the variance.
  public let epsilon: Double

  /// - Parameters:
  ///   - epsilon: What is added to the variance.
  ///   - isAffine: Whether there is a gain, which begins at 1, and a shift, which begins at 0.
  public init(epsilon: Double = 1e-5, isAffine: Bool = true) {
    self.epsilon = epsilon
    weight = isAffine ? Parameter(nil, .ones) : nil
    bias = isAffine ? Parameter(nil, .zeros) : nil
  }

  public func prepare(inputShape: [Int]) throws {
    let width = try NormalizationChecks.lastAxis("LayerNorm", inputShape, epsilon, known: weight)
    weight?.declare(shape: [width])
    bias?.declare(shape: [width])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    input.layerNormalized(gain: weight?.value, shift: bias?.value, epsilon: epsilon)
  }

  public var allowsReplay: Bool { true }
}

/// Normalisation by the root mean square: each vector along the last axis is divided by it, then multiplied by a gain of its
/// own for each element: x/√(mean(x²) + ε)·w (Zhang and Sennrich 2019; PyTorch's `RMSNorm`).
public final class RMSNorm: Layer {
  public let weight: Parameter?
  /// What is added to the mean of the squares.
  public let epsilon: Double

  /// - Parameters:
  ///   - epsilon: What is added to the mean of the squares.
  ///   - isAffine: Whether there is a gain, which begins at 1.
  public init(epsilon: Double = 1e-5, isAffine: Bool = true) {
    self.epsilon = epsilon
    weight = isAffine ? Parameter(nil, .ones) : nil
  }

  public func prepare(inputShape: [Int]) throws {
    weight?.declare(shape: [try NormalizationChecks.lastAxis("RMSNorm", inputShape, epsilon, known: weight)])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    input.rootMeanSquareNormalized(gain: weight?.value, epsilon: epsilon)
  }

  public var allowsReplay: Bool { true }
}

/// What the normalisations ask of their settings and inputs.
enum NormalizationChecks {
  static func epsilon(_ layer: String, _ epsilon: Double) throws {
    guard epsilon >= 0, epsilon.isFinite else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "an epsilon of \(epsilon); it is a small number, not below 0")
    }
  }

  /// The extent of the last axis.
  static func lastAxis(_ layer: String, _ inputShape: [Int], _ epsilon: Double, known weight: Parameter?) throws
    -> Int
  {
    try self.epsilon(layer, epsilon)
    guard let width = inputShape.last else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "the input has no axis beside the batch's; there is nothing to take a mean of")
    }
    try fit(layer, inputShape, axis: inputShape.count - 1, known: weight)
    return width
  }

  /// Throws when a parameter that has a value is for another number of channels.
  static func fit(_ layer: String, _ inputShape: [Int], axis: Int, known weight: Parameter?) throws {
    guard let known = weight?.shape?.first, weight?.slab != nil, known != inputShape[axis] else { return }
    var expected = inputShape
    expected[axis] = known
    throw ModelError.inputShape(layer: layer, expected: expected, found: inputShape)
  }
}

extension LayerNorm: ConfigurableLayer {
  public var configuration: NormalizationConfiguration {
    NormalizationConfiguration(epsilon: epsilon, isAffine: weight != nil)
  }

  public convenience init(configuration: NormalizationConfiguration) {
    self.init(epsilon: configuration.epsilon, isAffine: configuration.isAffine)
  }
}

extension RMSNorm: ConfigurableLayer {
  public var configuration: NormalizationConfiguration {
    NormalizationConfiguration(epsilon: epsilon, isAffine: weight != nil)
  }

  public convenience init(configuration: NormalizationConfiguration) {
    self.init(epsilon: configuration.epsilon, isAffine: configuration.isAffine)
  }
}

/// The settings of a `LayerNorm` and an `RMSNorm` in a description of a model; all may be left out.
public struct NormalizationConfiguration: Codable, Sendable {
  public var epsilon: Double
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
