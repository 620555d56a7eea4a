/// A rectifier with a trained slope for negative numbers: y = x for x > 0, else a·x (He et al. 2015; PyTorch's `PReLU`).
///
/// ```swift
/// PReLU()                                          // one slope
/// PReLU(perChannel: true)                          // [N, C, …]: a slope for each channel
/// ```
///
/// The slopes start at 0.25. At 0, the gradient is a, as in PyTorch. (Keras' `PReLU` has one slope per element by default,
/// which starts at 0.)
public final class PReLU: Layer {
  /// The slopes, `[C]`, or `[1]` for a single one.
  public let weight: Parameter
  /// All settings.
  public let configuration: Configuration

  /// Creates a rectifier.
  /// - Parameters:
  ///   - perChannel: Whether each channel, axis 1, has its own slope.
  ///   - slope: The initial slope.
  public convenience init(perChannel: Bool = false, slope: Double = 0.25) {
    self.init(configuration: Configuration(perChannel: perChannel, slope: slope))
  }

  public init(configuration: Configuration) {
    self.configuration = configuration
    weight = Parameter(nil, .constant(configuration.slope))
  }

  public func prepare(inputShape: [Int]) throws {
    guard configuration.slope.isFinite else {
      throw ModelError.invalidConfiguration(
        layer: "PReLU", reason: "a slope of \(configuration.slope); it is a finite number")
    }
    guard configuration.perChannel else { return weight.declare(shape: [1]) }
    guard let channels = inputShape.first else {
      throw ModelError.invalidConfiguration(
        layer: "PReLU", reason: "an example has channels, [channels, …], not \(inputShape)")
    }
    if let known = weight.shape, known != [channels], weight.slab != nil {
      throw ModelError.inputShape(layer: "PReLU", expected: known + inputShape.dropFirst(), found: inputShape)
    }
    weight.declare(shape: [channels])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    var slopes = weight.value
    if configuration.perChannel {
      check(input, .channels, extent: weight.knownExtent(0))
      slopes = slopes.reshaped([-1] + Array(repeating: 1, count: input.rank - 2))
    }
    return input.replacing(with: input * slopes, where: input .<= 0)
  }

  public var allowsReplay: Bool { true }
}

extension PReLU: ConfigurableLayer {
  /// The configuration of a `PReLU` in a model description. All settings are optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// Whether each channel has its own slope.
    public var perChannel = false
    /// The initial slope.
    public var slope = 0.25

    static var template: Self { Self() }
  }
}
