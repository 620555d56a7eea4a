/// Layer normalization: normalizes each vector along the last axis to mean 0 and variance 1, then applies a weight and
/// a bias to each element: (x − μ)/√(σ² + ε)·w + b (Ba, Kiros, and Hinton 2016; PyTorch's `LayerNorm` over the last
/// axis).
///
/// ```swift
/// LayerNorm()          // [N, …, C] → [N, …, C]; weight and bias are [C]
/// ```
public final class LayerNorm: Layer {
  /// The weight, `[C]`; nil if there is none.
  public let weight: Parameter?
  /// The bias, `[C]`; nil if there is none.
  public let bias: Parameter?
  /// All settings.
  public let configuration: NormalizationConfiguration
  /// The constant added to the variance.
  public var epsilon: Double { configuration.epsilon }

  /// Creates a layer normalization layer.
  /// - Parameters:
  ///   - epsilon: The constant added to the variance.
  ///   - isAffine: Whether there is a weight, which starts at 1, and a bias, which starts at 0.
  public convenience init(epsilon: Double = 1e-5, isAffine: Bool = true) {
    self.init(configuration: NormalizationConfiguration(epsilon: epsilon, isAffine: isAffine))
  }

  public init(configuration: NormalizationConfiguration) {
    self.configuration = configuration
    weight = configuration.isAffine ? Parameter(nil, .ones) : nil
    bias = configuration.isAffine ? Parameter(nil, .zeros) : nil
  }

  public func prepare(inputShape: [Int]) throws {
    let width = try NormalizationChecks.lastAxis("LayerNorm", inputShape, epsilon, known: weight)
    weight?.declare(shape: [width])
    bias?.declare(shape: [width])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    input.layerNormalized(weight: weight?.value, bias: bias?.value, epsilon: epsilon)
  }

  public var allowsReplay: Bool { true }
}

extension LayerNorm: ConfigurableLayer {}

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
