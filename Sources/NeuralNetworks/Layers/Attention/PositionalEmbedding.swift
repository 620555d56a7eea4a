/// Adds to each vector of a sequence a trained vector for its position: `[N, T, C]` → the same, T up to `length`.
public final class PositionalEmbedding: Layer {
  /// A vector for each position, `[length, C]`, drawn from N(0, 0.02) as in BERT.
  public let weight: Parameter
  /// How many positions there are.
  public let length: Int

  /// - Parameter length: How many positions there are: the longest sequence.
  public init(_ length: Int) {
    self.length = length
    weight = Parameter(nil, .normal(deviation: 0.02))
  }

  public func prepare(inputShape: [Int]) throws {
    guard length > 0 else {
      throw ModelError.invalidConfiguration(layer: "PositionalEmbedding", reason: "there are \(length) positions")
    }
    guard inputShape.count == 2, inputShape[0] <= length else {
      throw ModelError.invalidConfiguration(
        layer: "PositionalEmbedding",
        reason: "an example is a sequence [length, width] of at most \(length) vectors, not \(inputShape)")
    }
    weight.declare(shape: [length, inputShape[1]])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    let count = input.shape[1]
    return input + (count == length ? weight.value : weight.value[0..<count])
  }

  public var allowsReplay: Bool { true }
}

extension PositionalEmbedding: ConfigurableLayer {
  /// The settings of a `PositionalEmbedding` in a description of a model.
  public struct Configuration: Codable, Sendable {
    /// How many positions there are.
    public var length: Int

    private enum CodingKeys: String, CodingKey { case length }

    public init(length: Int) { self.length = length }

    public init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(["layer", CodingKeys.length.rawValue])
      length = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .length)
    }
  }

  public var configuration: Configuration { Configuration(length: length) }

  public convenience init(configuration: Configuration) { self.init(configuration.length) }
}
