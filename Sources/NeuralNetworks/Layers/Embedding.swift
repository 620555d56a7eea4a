/// A row of a table for each token: int32 `[N, …]` → `[N, …, width]`.
///
/// ```swift
/// Embedding(8000, 64, padding: 0)            // [N, 40] → [N, 40, 64]
/// ```
///
/// The table is `[tokens, width]`, drawn from N(0, 1) as PyTorch's. The row of the padding token begins as zeros and gets no
/// gradient, so it stays zeros: layers with `masksZeros` find padding by that.
///
/// Tokens are 0 and more and below the number of tokens. Others are refused by `fit`, `evaluate` and `predict` where tokens are
/// an input of the model; in an expression they end in `fatalError` on the CPU, and on other devices, which nobody waits for,
/// they give rows of NaN.
public final class Embedding: Layer {
  /// The table, `[tokens, width]`.
  public let weight: Parameter
  /// The number of rows.
  public let tokens: Int
  /// The length of a row.
  public let width: Int
  /// The token whose row stays zeros.
  public let padding: Int?
  /// What the table is drawn with.
  public let initializer: Initializer

  /// - Parameters:
  ///   - tokens: The number of tokens.
  ///   - width: The numbers that stand for one.
  ///   - padding: The token whose row stays zeros.
  ///   - initializer: What the table is drawn with.
  public init(_ tokens: Int, _ width: Int, padding: Int? = nil, initializer: Initializer = .normal(deviation: 1)) {
    self.tokens = tokens
    self.width = width
    self.padding = padding
    self.initializer = initializer
    weight = Parameter(nil, padding.map { initializer.clearing(row: $0) } ?? initializer)
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
    return weight.value.embedded(input, padding: padding)
  }

  public var allowsReplay: Bool { true }

  /// Where looking does not mean waiting.
  private func checkTokens(_ input: Tensor) {
    guard input.device.kind == .cpu && !input.device.isBeingRecorded && !input.device.isShapeOnly else { return }
    if let token = try? TokenRange(layer: "Embedding", input: 0, tokens: tokens).stranger(in: input) {
      fatalError(
        "Embedding: the token \(token.value) in an input of shape \(input.shape) is not one of the \(tokens) tokens "
          + "0..<\(tokens)")
    }
  }
}

extension Embedding: ConfigurableLayer {
  /// The settings of an `Embedding` in a description of a model; `padding` and `initializer` may be left out.
  public struct Configuration: Codable, Sendable {
    /// The number of rows of the table, and the length of a row.
    public var tokens, width: Int
    /// The token whose row stays zeros; none unless given.
    public var padding: Int?
    /// What the table is drawn with; N(0, 1) unless given.
    public var initializer: Initializer

    private enum CodingKeys: String, CodingKey, CaseIterable { case tokens, width, padding, initializer }

    public init(tokens: Int, width: Int, padding: Int? = nil, initializer: Initializer = .normal(deviation: 1)) {
      self.tokens = tokens
      self.width = width
      self.padding = padding
      self.initializer = initializer
    }

    public init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(["layer"] + CodingKeys.allCases.map(\.rawValue))
      let container = try decoder.container(keyedBy: CodingKeys.self)
      tokens = try container.decode(Int.self, forKey: .tokens)
      width = try container.decode(Int.self, forKey: .width)
      padding = try container.decodeIfPresent(Int.self, forKey: .padding)
      initializer =
        try container.decodeIfPresent(Initializer.self, forKey: .initializer) ?? .normal(deviation: 1)
    }
  }

  public var configuration: Configuration {
    Configuration(tokens: tokens, width: width, padding: padding, initializer: initializer)
  }

  public convenience init(configuration: Configuration) {
    self.init(
      configuration.tokens, configuration.width, padding: configuration.padding,
      initializer: configuration.initializer)
  }
}

extension Initializer {
  /// The same with zeros in one row of a matrix.
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
