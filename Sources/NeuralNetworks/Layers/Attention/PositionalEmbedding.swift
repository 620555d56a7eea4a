/// Adds a trained position vector to each vector of a sequence: `[N, T, C]` → the same, T up to `length`.
public final class PositionalEmbedding: Layer {
  /// One vector per position, `[length, C]`, initialized from N(0, 0.02) as in BERT.
  public let weight: Parameter
  /// The number of positions.
  public let length: Int

  /// Creates a positional embedding.
  /// - Parameter length: The number of positions, which is the maximum sequence length.
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
    checked {
      check(input, .vectors, extent: weight.knownExtent(1), at: 2)
      let count = input.shape[1]
      if count > length {
        try ProgrammerError.refuse(
          "PositionalEmbedding: the input has the shape \(input.shape), and there are \(length) positions")
      }
      return input + (count == length ? weight.value : weight.value[0..<count])
    }
  }

  public var allowsReplay: Bool { true }
}

extension PositionalEmbedding: ConfigurableLayer {
  /// The configuration of a `PositionalEmbedding` in a model description.
  public struct Configuration: Codable, Sendable {
    /// The number of positions.
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
