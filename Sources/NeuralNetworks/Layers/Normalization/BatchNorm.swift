/// Batch normalization: normalizes each channel to mean 0 and variance 1, then applies a weight and a bias:
/// (x − μ)/√(σ² + ε)·w + b (Ioffe and Szegedy 2015; PyTorch's `BatchNorm1d` and `BatchNorm2d`).
///
/// ```swift
/// BatchNorm()          // [N, C] or [N, C, …] → the same; weight, bias and running statistics are [C]
/// ```
///
/// During training, μ and σ² are computed from the batch over all axes except the channel axis, and the running
/// statistics move toward them: r ← (1 − momentum)·r + momentum·(μ or n/(n − 1)·σ²), with n numbers per channel. In
/// this update, a variance above 1e38 counts as 1e38. A batch with only one number per channel has no variance, so the
/// running variance does not change. In inference, μ and σ² are the running statistics.
///
/// `freeze()` freezes only the weight and the bias; the running statistics continue to move, as in PyTorch. After
/// `freeze(statistics: true)`, the layer behaves in training as in inference, like a frozen layer in Keras.
public final class BatchNorm: Layer {
  /// The weight, `[C]`; nil if there is none.
  public let weight: Parameter?
  /// The bias, `[C]`; nil if there is none.
  public let bias: Parameter?
  /// The running mean, `[C]`: state that is saved and never trained.
  public let runningMean = Parameter.state(nil, .zeros)
  /// The running variance, `[C]`, which inference uses instead of the variance of a batch.
  public let runningVariance = Parameter.state(nil, .ones)
  /// All settings.
  public let configuration: Configuration
  /// The weight of a batch's statistics in the update of the running statistics.
  public var momentum: Double { configuration.momentum }
  /// The constant added to the variance.
  public var epsilon: Double { configuration.epsilon }

  /// Creates a batch normalization layer.
  /// - Parameters:
  ///   - momentum: The weight of a batch's statistics in the update of the running statistics, from 0 to 1. (Keras uses
  ///     the opposite convention: its 0.99 is 0.01 here.)
  ///   - epsilon: The constant added to the variance.
  ///   - isAffine: Whether there is a weight, which starts at 1, and a bias, which starts at 0.
  public convenience init(momentum: Double = 0.1, epsilon: Double = 1e-5, isAffine: Bool = true) {
    self.init(configuration: Configuration(momentum: momentum, epsilon: epsilon, isAffine: isAffine))
  }

  public init(configuration: Configuration) {
    self.configuration = configuration
    weight = configuration.isAffine ? Parameter(nil, .ones) : nil
    bias = configuration.isAffine ? Parameter(nil, .zeros) : nil
  }

  public func prepare(inputShape: [Int]) throws {
    try NormalizationChecks.epsilon("BatchNorm", epsilon)
    guard momentum >= 0 && momentum <= 1 else {
      throw ModelError.invalidConfiguration(
        layer: "BatchNorm", reason: "a momentum of \(momentum); it is a share from 0 to 1")
    }
    guard let channels = inputShape.first else {
      throw ModelError.invalidConfiguration(
        layer: "BatchNorm", reason: "the input has no axis of channels next to the batch's")
    }
    try NormalizationChecks.fit("BatchNorm", inputShape, axis: 0, known: runningMean)
    for parameter in [weight, bias, runningMean, runningVariance] { parameter?.declare(shape: [channels]) }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .channels, extent: runningMean.knownExtent(0))
    guard context.isTraining, !(runningMean.isFrozen && runningVariance.isFrozen) else {
      var factor = (runningVariance.value.perChannel(of: input) + epsilon).reciprocalSquareRoot()
      if let weight { factor = factor * weight.value.perChannel(of: input) }
      let y = (input - runningMean.value.perChannel(of: input)) * factor
      return bias.map { y + $0.value.perChannel(of: input) } ?? y
    }
    let batch = input.batchNormalized(
      weight: weight?.value.perChannel(of: input), bias: bias?.value.perChannel(of: input), epsilon: epsilon)
    if context.movesState { move(batch, count: input.count / max(input.shape[1], 1)) }
    return batch.y
  }

  /// Moves the running statistics toward the statistics of a batch with `count` numbers in each channel.
  private func move(_ batch: NormalizedBatch, count: Int) {
    withoutGradient {
      let scale = batch.scale
      if !runningMean.isFrozen { runningMean.assign(moved(runningMean, towards: batch.mean / scale)) }
      if count > 1, !runningVariance.isFrozen {
        let unbiased = batch.variance * (Double(count) / Double(count - 1)) / scale / scale
        // One batch with a variance beyond float32 must not make the running variance infinite forever.
        runningVariance.assign(moved(runningVariance, towards: unbiased.minimum(Self.largestVariance)))
      }
    }
  }

  /// The maximum of a running variance. It is below the largest float32, which a weighted sum of variances might
  /// exceed.
  private static let largestVariance = 1e38

  private func moved(_ running: Parameter, towards batch: Tensor) -> Tensor {
    let old = running.value
    let new = old * (1 - momentum) + batch.detached().reshaped([old.count]) * momentum
    // A step that overflows in float16 is skipped, and must not make the statistics infinite forever.
    return LayerThread.current.precision == .mixedFloat16 ? new.replacing(with: old, where: .!new.isFinite()) : new
  }

  public var allowsReplay: Bool { true }
}

extension BatchNorm: ConfigurableLayer {
  /// The configuration of a `BatchNorm` in a model description. All settings are optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The weight of a batch's statistics in the update of the running statistics, from 0 to 1 (PyTorch's convention).
    public var momentum = 0.1
    /// The constant added to the variance.
    public var epsilon = 1e-5
    /// Whether there are a weight and a bias.
    public var isAffine = true

    static var template: Self { Self() }
  }
}
