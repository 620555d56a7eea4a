/// Root mean square normalization: divides each vector along the last axis by its root mean square, then multiplies
/// each element by a weight: x/√(mean(x²) + ε)·w (Zhang and Sennrich 2019; PyTorch's `RMSNorm`).
public final class RMSNorm: Layer {
  /// The weight, `[C]`; nil if there is none.
  public let weight: Parameter?
  /// All settings.
  public let configuration: NormalizationConfiguration
  /// The constant added to the mean square.
  public var epsilon: Double { configuration.epsilon }

  /// Creates a root mean square normalization layer.
  /// - Parameters:
  ///   - epsilon: The constant added to the mean square. (PyTorch's default, `None`, is the machine epsilon of the
  ///     element type, 1.2e-7 for float32. Pass this value to match PyTorch.)
  ///   - isAffine: Whether there is a weight, which starts at 1.
  public convenience init(epsilon: Double = 1e-5, isAffine: Bool = true) {
    self.init(configuration: NormalizationConfiguration(epsilon: epsilon, isAffine: isAffine))
  }

  public init(configuration: NormalizationConfiguration) {
    self.configuration = configuration
    weight = configuration.isAffine ? Parameter(nil, .ones) : nil
  }

  public func prepare(inputShape: [Int]) throws {
    weight?.declare(shape: [try NormalizationChecks.lastAxis("RMSNorm", inputShape, epsilon, known: weight)])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    input.rootMeanSquareNormalized(weight: weight?.value, epsilon: epsilon)
  }

  public var allowsReplay: Bool { true }
}

extension RMSNorm: ConfigurableLayer {}
