/// An activation function as a layer of its own.
public final class Activation: Layer {
  /// What is applied to each element, or along the last axis as softmax is; the shape stays.
  public let function: ActivationFunction

  /// - Parameter function: What is applied.
  public init(_ function: ActivationFunction) { self.function = function }

  public func prepare(inputShape: [Int]) throws {}

  public func forward(_ input: Tensor, _ context: Context) -> Tensor { function(input) }

  public var allowsReplay: Bool { function.allowsReplay }
}

extension Activation: ConfigurableLayer {
  /// The settings of an `Activation` in a description of a model.
  public struct Configuration: Codable, Sendable {
    public var function: ActivationFunction

    private enum CodingKeys: String, CodingKey { case function }

    public init(function: ActivationFunction) { self.function = function }

    public init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(["layer", CodingKeys.function.rawValue])
      function = try decoder.container(keyedBy: CodingKeys.self).decode(ActivationFunction.self, forKey: .function)
    }
  }

  public var configuration: Configuration { Configuration(function: function) }

  public convenience init(configuration: Configuration) { self.init(configuration.function) }
}
