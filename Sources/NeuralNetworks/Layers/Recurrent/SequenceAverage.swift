/// The mean over the steps of a sequence: `[N, steps, features]` → `[N, features]`.
///
/// With `masksZeros`, steps whose numbers are all 0 are treated as padding and ignored. A sequence that contains only
/// padding gives 0.
public final class SequenceAverage: ConfigurableLayer {
  /// Whether steps whose numbers are all 0 are treated as padding.
  public let masksZeros: Bool

  /// Creates the layer.
  /// - Parameter masksZeros: Whether steps whose numbers are all 0 are treated as padding.
  public init(masksZeros: Bool = false) { self.masksZeros = masksZeros }

  public func prepare(inputShape: [Int]) throws {
    guard inputShape.count == 2 else {
      throw ModelError.invalidConfiguration(
        layer: "SequenceAverage", reason: "an example is a sequence [steps, features], not \(inputShape)")
    }
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .steps)
    guard masksZeros else { return input.mean(axis: 1) }
    let steps = input.stepsWithNumbers().cast(to: input.dtype).sum(axis: 1, keepingRank: true)
    return input.sum(axis: 1) / steps.maximum(1)
  }

  public var allowsReplay: Bool { true }

  /// The configuration of a `SequenceAverage` in a model description.
  public struct Configuration: Codable, Sendable {
    public var masksZeros: Bool

    private enum CodingKeys: String, CodingKey { case masksZeros }

    public init(masksZeros: Bool = false) { self.masksZeros = masksZeros }

    public init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(["layer", CodingKeys.masksZeros.rawValue])
      let container = try decoder.container(keyedBy: CodingKeys.self)
      masksZeros = try container.decodeIfPresent(Bool.self, forKey: .masksZeros) ?? false
    }
  }

  public var configuration: Configuration { Configuration(masksZeros: masksZeros) }

  public convenience init(configuration: Configuration) { self.init(masksZeros: configuration.masksZeros) }
}
