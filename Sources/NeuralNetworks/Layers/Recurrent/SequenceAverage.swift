/// The mean over the steps of a sequence: `[N, steps, features]` → `[N, features]`.
///
/// With `masksZeros`, steps whose numbers are all 0 are treated as padding and ignored. A sequence that contains only
/// padding gives 0.
public final class SequenceAverage: ConfigurableLayer {
  /// Whether steps whose numbers are all 0 are treated as padding.
  public var masksZeros: Bool { configuration.masksZeros }
  /// All settings.
  public let configuration: Configuration

  /// Creates the layer.
  /// - Parameter masksZeros: Whether steps whose numbers are all 0 are treated as padding.
  public convenience init(masksZeros: Bool = false) { self.init(configuration: Configuration(masksZeros: masksZeros)) }

  public init(configuration: Configuration) { self.configuration = configuration }

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
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// Whether steps whose numbers are all 0 are treated as padding; false by default.
    public var masksZeros = false

    static var template: Self { Self() }
  }
}
