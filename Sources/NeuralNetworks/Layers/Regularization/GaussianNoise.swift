/// During training, adds independent samples from a normal distribution with mean 0. In inference, it does nothing.
/// Keras' `GaussianNoise`.
public final class GaussianNoise: Layer {
  /// The standard deviation of the noise.
  public var deviation: Double { configuration.deviation }
  /// All settings.
  public let configuration: Configuration

  /// Creates a noise layer.
  /// - Parameter deviation: The standard deviation of the noise, at least 0.
  public convenience init(_ deviation: Double = 0.1) { self.init(configuration: Configuration(deviation: deviation)) }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    guard deviation >= 0, deviation.isFinite else {
      throw ModelError.invalidConfiguration(
        layer: "GaussianNoise", reason: "a deviation of \(deviation); it is a number not below 0")
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    guard context.isTraining && deviation > 0 else { return input }
    return input + .normal(like: input, deviation: deviation, using: context.random)
  }

  public var allowsReplay: Bool { true }
}

extension GaussianNoise: ConfigurableLayer {
  /// The configuration of a `GaussianNoise` in a model description.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The standard deviation of the noise.
    public var deviation: Double

    static var template: Self { Self(deviation: 0) }
    static let required: Set = ["deviation"]
  }
}
