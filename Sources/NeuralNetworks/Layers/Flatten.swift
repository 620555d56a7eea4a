/// Flattens all axes except the batch axis: `[N, 28, 28]` → `[N, 784]`.
public final class Flatten: Layer {
  public init() {}

  public func prepare(inputShape: [Int]) throws {}

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    let shape = input.shape
    return input.reshaped([shape.first ?? 1, shape.dropFirst().reduce(1, *)])
  }

  public var allowsReplay: Bool { true }
}

extension Flatten: ConfigurableLayer {
  /// The configuration of a `Flatten` in a model description. It has no settings.
  public struct Configuration: Codable, Sendable {
    public init() {}

    public init(from decoder: any Decoder) throws { try decoder.refuseUnknownKeys(["layer"]) }

    public func encode(to encoder: any Encoder) throws {}
  }

  public var configuration: Configuration { Configuration() }

  public convenience init(configuration: Configuration) { self.init() }
}
