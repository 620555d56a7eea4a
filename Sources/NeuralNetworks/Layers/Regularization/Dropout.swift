/// During training, sets each number to 0 with a given probability and divides the others by 1 − probability to
/// preserve the mean. In inference, it does nothing. Srivastava et al. 2014; PyTorch's `Dropout`.
public final class Dropout: Layer {
  /// The dropout probability.
  public let probability: Double

  /// Creates a dropout layer.
  /// - Parameter probability: The dropout probability, from 0 to 1; 1 drops everything.
  public init(_ probability: Double) { self.probability = probability }

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
  public struct Configuration: Codable, Sendable {
    public var probability: Double

    private enum CodingKeys: String, CodingKey { case probability }

    public init(probability: Double) { self.probability = probability }

    public init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(["layer", CodingKeys.probability.rawValue])
      probability = try decoder.container(keyedBy: CodingKeys.self).decode(Double.self, forKey: .probability)
    }
  }

  public var configuration: Configuration { Configuration(probability: probability) }

  public convenience init(configuration: Configuration) { self.init(configuration.probability) }
}
