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
