/// A sequence of layers.
///
/// ```swift
/// let model = Sequential(inputShape: [28, 28]) {
///   Flatten()
///   for width in [256, 128] {
///     Dense(width, activation: .relu)
///     Dropout(0.2)
///   }
///   Dense(10)
/// }
/// ```
///
/// Parameters are named by position, as in PyTorch: `1.weight`.
public final class Sequential: Model {
  /// The layers, in the order in which they are applied.
  public let layers: [any Layer]

  /// Creates the model from layers, one per line.
  /// - Parameters:
  ///   - inputShape: The shape of one example, without the batch axis. If it is nil, it is taken from the first data.
  ///   - layers: The layers, one per line.
  public convenience init(inputShape: [Int]? = nil, @LayerBuilder _ layers: () -> [any Layer]) {
    self.init(layers(), inputShape: inputShape)
  }

  /// Creates the model from an array of layers.
  public init(_ layers: [any Layer], inputShape: [Int]? = nil) {
    self.layers = layers
    super.init(inputShapes: inputShape.map { [$0] } ?? [])
  }

  /// The layer at a position.
  public subscript(_ index: Int) -> any Layer {
    if !layers.indices.contains(index) { ProgrammerError.end("Sequential: layer \(index) of \(layers.count)") }
    return layers[index]
  }

  /// Returns an independent copy of the model; see `Model.copy()`.
  public override func copy() throws -> sending Sequential { try ModuleCopier.copy(of: self) }

  public override func forward(_ input: Tensor, _ context: Context) -> Tensor {
    var x = input
    for layer in layers { x = layer(x, context) }
    return x
  }

  override var children: [(name: String, module: any Module)] { layers.enumerated().map { ("\($0)", $1) } }
}

/// Builds the list of layers of a `Sequential`, one per line. Loops and conditions are supported.
@resultBuilder
public enum LayerBuilder {
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  @available(*, unavailable, message: "a line of a model is a layer, such as Dense(10), or an array of layers")
  @_disfavoredOverload
  public static func buildExpression<Other>(_ other: Other) -> [any Layer] { fatalError("unavailable") }
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
  public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildLimitedAvailability(_ part: [any Layer]) -> [any Layer] { part }
}
