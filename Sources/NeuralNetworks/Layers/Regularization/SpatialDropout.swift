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
