/// Looks up a row of a table for each token: integers `[N, …]` → `[N, …, width]`.
///
/// ```swift
/// Embedding(8000, 64, padding: 0)            // [N, 40] → [N, 40, 64]
/// ```
///
/// The table is `[tokens, width]`, initialized from N(0, 1) as in PyTorch. The row of the padding token starts as zeros
/// and gets no gradient, so it stays zero. Layers with `masksZeros` use this to detect padding.
///
/// Valid tokens are at least 0 and less than the number of tokens. If tokens are an input of the model, `fit`,
/// `evaluate`, and `predict` reject invalid ones, and so does a `TrainingStep` unless they are on a GPU. In other
/// cases, invalid tokens end the program on the CPU. On GPUs, where a check would have to wait for the device, they
/// give rows of NaN.
public final class Embedding: Layer {
  /// The table, `[tokens, width]`.
  public let weight: Parameter
  /// All settings.
  public let configuration: Configuration
  /// The number of rows.
  public var tokens: Int { configuration.tokens }
  /// The length of a row.
  public var width: Int { configuration.width }
  /// The token whose row stays zero.
  public var padding: Int? { configuration.padding }
  /// The initializer of the table.
  public var initializer: Initializer { configuration.initializer }

  /// Creates an embedding layer.
  /// - Parameters:
  ///   - tokens: The number of tokens.
  ///   - width: The size of the vector for each token.
  ///   - padding: The token whose row stays zero.
  ///   - initializer: The initializer of the table.
  public convenience init(
    _ tokens: Int, _ width: Int, padding: Int? = nil, initializer: Initializer = .normal(deviation: 1)
  ) {
    self.init(
      configuration: Configuration(tokens: tokens, width: width, padding: padding, initializer: initializer))
  }

  public init(configuration: Configuration) {
    self.configuration = configuration
    let initializer = configuration.initializer
    weight = Parameter(nil, configuration.padding.map { initializer.clearing(row: $0) } ?? initializer)
  }

  public func prepare(inputShape: [Int]) throws {
    guard tokens > 0 && width > 0 else {
      throw ModelError.invalidConfiguration(
        layer: "Embedding", reason: "there are \(tokens) rows of \(width) numbers; at least 1 of 1 is needed")
    }
    if let padding, !(0..<tokens).contains(padding) {
      throw ModelError.invalidConfiguration(
        layer: "Embedding", reason: "the padding token \(padding) is not one of the \(tokens) tokens 0..<\(tokens)")
    }
    weight.declare(shape: [tokens, width])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    checkTokens(input)
    if let quantized = weight.quantizedForComputing { return quantized.rows(at: input).inPrecision(with: .current) }
    return weight.value.embedded(input, padding: padding)
  }

  public var allowsReplay: Bool { true }

  /// Ends the program for an invalid token, if the check does not have to wait for the device.
  private func checkTokens(_ input: Tensor) {
    guard input.device.kind == .cpu && !input.device.isBeingRecorded && !input.device.isShapeOnly else { return }
    if let token = try? TokenRange(layer: "Embedding", input: 0, tokens: tokens).firstOutOfRange(in: input) {
      ProgrammerError.end(
        "Embedding: the token \(token.value) in an input of shape \(input.shape) is not one of the \(tokens) tokens "
          + "0..<\(tokens)")
    }
  }
}

extension Embedding: ConfigurableLayer {
  /// The configuration of an `Embedding` in a model description. `padding` and `initializer` are optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of rows of the table, and the length of a row.
    public var tokens, width: Int
    /// The token whose row stays zero; none by default.
    public var padding: Int?
    /// The initializer of the table; N(0, 1) by default.
    public var initializer: Initializer = .normal(deviation: 1)

    static var template: Self { Self(tokens: 1, width: 1) }
    static let required: Set = ["tokens", "width"]
  }
}

extension Initializer {
  /// Returns this initializer with zeros in one row of the matrix.
  fileprivate func clearing(row: Int) -> Initializer {
    Initializer(name) { shape, random in
      var numbers = values(shape, random)
      let width = shape.dropFirst().reduce(1, *)
      if (0..<shape[0]).contains(row) {
        for index in row * width..<(row + 1) * width { numbers[index] = 0 }
      }
      return numbers
    }
  }
}
