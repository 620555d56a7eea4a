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
