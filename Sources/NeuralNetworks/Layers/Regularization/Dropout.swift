/// During training, sets each number to 0 with a given probability and divides the others by 1 − probability to
/// preserve the mean. In inference, it does nothing. Srivastava et al. 2014; PyTorch's `Dropout`.
public final class Dropout: Layer {
  /// The dropout probability.
  public var probability: Double { configuration.probability }
  /// All settings.
  public let configuration: Configuration

  /// Creates a dropout layer.
  /// - Parameter probability: The dropout probability, from 0 to 1; 1 drops everything.
  public convenience init(_ probability: Double) { self.init(configuration: Configuration(probability: probability)) }

  public init(configuration: Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    try Dropout.check("Dropout", probability)
  }

  static func check(_ layer: String, _ probability: Double) throws {
    guard probability >= 0 && probability <= 1 else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "\(probability) is not a probability, which is a number from 0 to 1")
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    guard context.isTraining && probability > 0 else { return input }
    return input.dropout(probability, context.random.nextSource())
  }

  public var allowsReplay: Bool { true }
}

extension Dropout: ConfigurableLayer {
  /// The configuration of a `Dropout` in a model description.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The dropout probability.
    public var probability: Double

    static var template: Self { Self(probability: 0) }
    static let required: Set = ["probability"]
  }
}

/// During training, sets whole channels to 0 with a given probability and divides the others by 1 − probability.
/// Neighboring values in images and sequences are correlated, so dropping single values would have little effect
/// (Tompson et al. 2015; PyTorch's `Dropout1d` and `Dropout2d`, Keras' `SpatialDropout`).
///
/// ```swift
/// SpatialDropout(0.2)      // [N, C, L] or [N, C, H, W]: one draw for each example and channel
/// ```
public final class SpatialDropout: Layer {
  /// The probability that a channel is dropped.
  public var probability: Double { configuration.probability }
  /// All settings.
  public let configuration: Dropout.Configuration

  /// Creates a spatial dropout layer.
  /// - Parameter probability: The dropout probability, from 0 to 1; 1 drops everything.
  public convenience init(_ probability: Double) {
    self.init(configuration: Dropout.Configuration(probability: probability))
  }

  public init(configuration: Dropout.Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    try Dropout.check("SpatialDropout", probability)
    guard inputShape.count > 1 else {
      throw ModelError.invalidConfiguration(
        layer: "SpatialDropout",
        reason: "an example has channels and positions, [channels, …], not \(inputShape); hint: use Dropout")
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .positions)
    guard context.isTraining && probability > 0 else { return input }
    let shape = input.shape
    let ones = Tensor.ones(
      shape.prefix(2) + [Int](repeating: 1, count: shape.count - 2), dtype: input.dtype, on: input.device)
    return input * ones.dropout(probability, context.random.nextSource())
  }

  public var allowsReplay: Bool { true }
}

extension SpatialDropout: ConfigurableLayer {}

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
