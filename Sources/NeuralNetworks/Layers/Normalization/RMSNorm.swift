/// Normalization by the root mean square: each vector along the last axis is divided by it, then multiplied by a weight of its
/// own for each element: x/√(mean(x²) + ε)·w (Zhang and Sennrich 2019; PyTorch's `RMSNorm`).
public final class RMSNorm: Layer {
  /// The weight, `[C]`; nil where there is none.
  public let weight: Parameter?
  /// What is added to the mean of the squares.
  public let epsilon: Double

  /// - Parameters:
  ///   - epsilon: What is added to the mean of the squares. (PyTorch's `None` is the spacing of the element type at 1,
  ///     1.2e-7 for float32: give that for its numbers.)
  ///   - isAffine: Whether there is a weight, which begins at 1.
  public init(epsilon: Double = 1e-5, isAffine: Bool = true) {
    self.epsilon = epsilon
    weight = isAffine ? Parameter(nil, .ones) : nil
  }

  public func prepare(inputShape: [Int]) throws {
    weight?.declare(shape: [try NormalizationChecks.lastAxis("RMSNorm", inputShape, epsilon, known: weight)])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    input.rootMeanSquareNormalized(weight: weight?.value, epsilon: epsilon)
  }

  public var allowsReplay: Bool { true }
}

extension RMSNorm: ConfigurableLayer {
  public var configuration: NormalizationConfiguration {
    NormalizationConfiguration(epsilon: epsilon, isAffine: weight != nil)
  }

  public convenience init(configuration: NormalizationConfiguration) {
    self.init(epsilon: configuration.epsilon, isAffine: configuration.isAffine)
  }
}
