import HostSystem
import BackendCore

/// Adds a sinusoidal position code to each vector of a sequence: sin(t·10000^(−2i/C)) to element 2i and the cosine to
/// element 2i + 1 (Vaswani et al. 2017). `[N, T, C]` → the same. The layer has no trainable parameters, and sequences
/// can have any length.
public final class PositionalEncoding: Layer {
  /// The dropout applied to the sum during training.
  public let dropout: Dropout

  /// Creates a positional encoding.
  /// - Parameter dropout: The dropout probability of the sum during training.
  public init(dropout: Double = 0) { self.dropout = Dropout(dropout) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    guard input.rank == 3, input.shape[2] % 2 == 0 else {
      return ShapeTrace.refuse(
        self, "the input has the shape \(input.shape); it is [N, length, width] with an even width", instead: input)
    }
    let (length, width) = (input.shape[1], input.shape[2])
    let frequencies = (0..<width / 2).map { pow(10_000, -2 * Double($0) / Double(width)) }
    let positions = Tensor.range(0..<length, dtype: input.dtype, on: input.device).reshaped([length, 1])
    let angles = positions * Tensor(frequencies, shape: [1, width / 2], dtype: input.dtype, on: input.device)
    let code = Tensor.stacked([angles.sin(), angles.cos()], axis: 2).reshaped([length, width])
    return dropout(input + code, context)
  }

  public var allowsReplay: Bool { true }
}

extension PositionalEncoding: ConfigurableLayer {
  public var configuration: Dropout.Configuration { dropout.configuration }

  public convenience init(configuration: Dropout.Configuration) { self.init(dropout: configuration.probability) }
}

/// Adds a trained position vector to each vector of a sequence: `[N, T, C]` → the same, T up to `length`.
public final class PositionalEmbedding: Layer {
  /// One vector per position, `[length, C]`, initialized from N(0, 0.02) as in BERT.
  public let weight: Parameter
  /// The number of positions.
  public var length: Int { configuration.length }
  /// All settings.
  public let configuration: Configuration

  /// Creates a positional embedding.
  /// - Parameter length: The number of positions, which is the maximum sequence length.
  public convenience init(_ length: Int) { self.init(configuration: Configuration(length: length)) }

  public init(configuration: Configuration) {
    self.configuration = configuration
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
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of positions.
    public var length: Int

    static var template: Self { Self(length: 1) }
    static let required: Set = ["length"]
  }
}
