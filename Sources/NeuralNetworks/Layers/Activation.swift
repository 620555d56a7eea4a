/// An activation function as a separate layer.
public final class Activation: Layer {
  /// The function, applied to each element or, like softmax, along the last axis. The shape does not change.
  public let function: ActivationFunction

  /// Creates an activation layer.
  /// - Parameter function: The activation function.
  public init(_ function: ActivationFunction) { self.function = function }

  public func prepare(inputShape: [Int]) throws {}

  public func forward(_ input: Tensor, _ context: Context) -> Tensor { function(input) }

  public var allowsReplay: Bool { function.allowsReplay }
}

extension Activation: ConfigurableLayer {
  /// The configuration of an `Activation` in a model description.
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
