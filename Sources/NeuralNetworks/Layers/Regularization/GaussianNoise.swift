/// During training, adds independent samples from a normal distribution with mean 0. In inference, it does nothing.
/// Keras' `GaussianNoise`.
public final class GaussianNoise: Layer {
  /// The standard deviation of the noise.
  public let deviation: Double

  /// Creates a noise layer.
  /// - Parameter deviation: The standard deviation of the noise, at least 0.
  public init(_ deviation: Double = 0.1) { self.deviation = deviation }

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
  public struct Configuration: Codable, Sendable {
    public var deviation: Double

    private enum CodingKeys: String, CodingKey { case deviation }

    public init(deviation: Double) { self.deviation = deviation }

    public init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(["layer", CodingKeys.deviation.rawValue])
      deviation = try decoder.container(keyedBy: CodingKeys.self).decode(Double.self, forKey: .deviation)
    }
  }

  public var configuration: Configuration { Configuration(deviation: deviation) }

  public convenience init(configuration: Configuration) { self.init(configuration.deviation) }
}
