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

/// During training, multiplies each number by an independent sample from a normal distribution with mean 1 and variance
/// p/(1 − p). In inference, it does nothing. Srivastava et al. 2014; Keras' `GaussianDropout`.
public final class GaussianDropout: Layer {
  /// The probability p of a `Dropout` with the same variance.
  public var probability: Double { configuration.probability }
  /// All settings.
  public let configuration: Dropout.Configuration

  /// Creates a layer with multiplicative noise.
  /// - Parameter probability: The probability p, at least 0 and less than 1.
  public convenience init(_ probability: Double) {
    self.init(configuration: Dropout.Configuration(probability: probability))
  }

  public init(configuration: Dropout.Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws { try Dropout.checkBelowOne("GaussianDropout", probability) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    guard context.isTraining && probability > 0 else { return input }
    let deviation = (probability / (1 - probability)).squareRoot()
    return input * .normal(like: input, mean: 1, deviation: deviation, using: context.random)
  }

  public var allowsReplay: Bool { true }
}

extension GaussianDropout: ConfigurableLayer {}

/// During training, sets each number to the lower limit of the SELU activation with a given probability, then scales and
/// shifts all numbers, which preserves mean 0 and variance 1. In inference, it does nothing. Use it with the activation
/// SELU. Klambauer et al. 2017; PyTorch's and Keras' `AlphaDropout`.
public final class AlphaDropout: Layer {
  /// The dropout probability.
  public var probability: Double { configuration.probability }
  /// All settings.
  public let configuration: Dropout.Configuration

  /// Creates a dropout layer for networks with SELU.
  /// - Parameter probability: The dropout probability, at least 0 and less than 1.
  public convenience init(_ probability: Double) {
    self.init(configuration: Dropout.Configuration(probability: probability))
  }

  public init(configuration: Dropout.Configuration) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws { try Dropout.checkBelowOne("AlphaDropout", probability) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    guard context.isTraining && probability > 0 else { return input }
    // −λα, the limit of SELU.
    let limit = -1.0507009873554805 * 1.6732632423543772
    let kept = 1 - probability
    let scale = 1 / (kept + limit * limit * kept * probability).squareRoot()
    let mask = Tensor.bernoulli(
      input.shape, probability: probability, using: context.random, dtype: input.dtype, on: input.device)
    return input.replacing(with: limit, where: mask .> 0) * scale - scale * limit * probability
  }

  public var allowsReplay: Bool { true }
}

extension AlphaDropout: ConfigurableLayer {}

extension Dropout {
  /// Checks a probability with which something is left of each number.
  fileprivate static func checkBelowOne(_ layer: String, _ probability: Double) throws {
    guard probability >= 0 && probability < 1 else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "a probability of \(probability); it is at least 0 and less than 1")
    }
  }
}
