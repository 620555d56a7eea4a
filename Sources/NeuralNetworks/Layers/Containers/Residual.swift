/// Adds the output of layers to their input: y = x + f(x). This skip connection lets gradients bypass the layers (He et
/// al. 2015).
///
/// ```swift
/// Residual {
///   Dense(64, activation: .relu)
///   Dense(64)
/// }
/// ```
///
/// The layers must preserve the shape. If they do not, use `Parallel(joining: .sum)` to add them to a projection of the
/// input.
public final class Residual: Layer {
  /// The layers of f, in the order in which they are applied.
  public let layers: [any Layer]

  /// Creates the layer from a list of layers.
  /// - Parameter layers: The layers, one per line.
  public convenience init(@LayerBuilder _ layers: () -> [any Layer]) { self.init(layers()) }

  /// Creates the layer from an array of layers.
  public init(_ layers: [any Layer]) { self.layers = layers }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    let change = layers.applied(to: input, context).inPrecision(with: .current)
    guard change.shape == input.shape else {
      return ShapeTrace.refuse(
        self,
        "the layers make \(change.shape.dropFirst().array) of \(input.shape.dropFirst().array), which cannot be added",
        instead: input)
    }
    return input + change
  }
}

extension Residual: ContainerLayer {
  var settings: NoSettings { NoSettings() }

  convenience init(layers: [any Layer], settings: NoSettings) { self.init(layers) }
}

extension ArraySlice<Int> {
  var array: [Int] { Array(self) }
}
