/// Group normalization: the channels of an example are divided into groups, and each group is normalized to mean 0 and
/// variance 1 over its channels and positions. Then, a weight and a bias are applied to each channel (Wu and He 2018;
/// PyTorch's `GroupNorm`).
///
/// ```swift
/// GroupNorm(8)         // [N, 64, H, W]: eight groups of eight channels
/// GroupNorm(64)        // as many groups as channels: instance normalization
/// ```
public final class GroupNorm: Layer {
  /// The weight, `[C]`; nil if there is none.
  public let weight: Parameter?
  /// The bias, `[C]`; nil if there is none.
  public let bias: Parameter?
  /// All settings.
  public let configuration: Configuration
  /// The number of groups.
  public var groups: Int { configuration.groups }
  /// The constant added to the variance.
  public var epsilon: Double { configuration.epsilon }

  /// Creates a group normalization layer.
  /// - Parameters:
  ///   - groups: The number of groups. Must divide the number of channels.
  ///   - epsilon: The constant added to the variance.
  ///   - isAffine: Whether there is a weight, which starts at 1, and a bias, which starts at 0.
  public convenience init(_ groups: Int, epsilon: Double = 1e-5, isAffine: Bool = true) {
    self.init(configuration: Configuration(groups: groups, epsilon: epsilon, isAffine: isAffine))
  }

  public init(configuration: Configuration) {
    self.configuration = configuration
    weight = configuration.isAffine ? Parameter(nil, .ones) : nil
    bias = configuration.isAffine ? Parameter(nil, .zeros) : nil
  }

  public func prepare(inputShape: [Int]) throws {
    try NormalizationChecks.epsilon("GroupNorm", epsilon)
    guard let channels = inputShape.first else {
      throw ModelError.invalidConfiguration(
        layer: "GroupNorm", reason: "the input has no axis of channels next to the batch's")
    }
    guard groups > 0, channels % groups == 0 else {
      throw ModelError.invalidConfiguration(
        layer: "GroupNorm", reason: "\(groups) groups do not divide \(channels) channels")
    }
    try NormalizationChecks.fit("GroupNorm", inputShape, axis: 0, known: weight)
    weight?.declare(shape: [channels])
    bias?.declare(shape: [channels])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    checked {
      check(input, .channels, extent: weight?.knownExtent(0))
      let shape = input.shape
      if groups < 1 || shape[1] % groups != 0 {
        try ProgrammerError.refuse(
          "GroupNorm: \(groups) groups do not divide the channels of an input of shape \(shape)")
      }
      let size = shape.dropFirst().reduce(1, *) / groups
      var y = input.reshaped([shape[0], groups, size]).layerNormalized(epsilon: epsilon).reshaped(shape)
      if let weight { y = y * weight.value.perChannel(of: y) }
      if let bias { y = y + bias.value.perChannel(of: y) }
      return y
    }
  }

  public var allowsReplay: Bool { true }
}

extension GroupNorm: ConfigurableLayer {
  /// The configuration of a `GroupNorm` in a model description. All settings except `groups` are optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of groups.
    public var groups: Int
    /// The constant added to the variance.
    public var epsilon = 1e-5
    /// Whether there are a weight and a bias.
    public var isAffine = true

    static var template: Self { Self(groups: 1) }
    static let required: Set = ["groups"]
  }
}
