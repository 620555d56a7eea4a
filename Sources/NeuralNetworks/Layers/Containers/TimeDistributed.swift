/// Applies layers to each step of a sequence separately, with the same parameters: `[N, T, …]` → `[N, T, …′]` (Keras).
///
/// ```swift
/// TimeDistributed {                                 // frames [N, T, 1, 28, 28] → features [N, T, 16]
///   Conv2D(8, kernel: 3, activation: .relu)
///   GlobalAveragePool2D()
///   Dense(16)
/// }
/// ```
///
/// `Dense` and the layers of attention need no `TimeDistributed`: they treat each step separately anyway. Statistics of
/// a `BatchNorm` inside are those of all steps of all examples.
public final class TimeDistributed: Layer {
  /// The layers, in the order in which they are applied.
  public let layers: [any Layer]

  /// Creates the layer from a list of layers.
  /// - Parameter layers: The layers, one per line.
  public convenience init(@LayerBuilder _ layers: () -> [any Layer]) { self.init(layers()) }

  /// Creates the layer from an array of layers.
  public init(_ layers: [any Layer]) { self.layers = layers }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    guard input.rank >= 3 else {
      return ShapeTrace.refuse(
        self, "the input has the shape \(input.shape); it is a sequence of examples, [N, steps, …]", instead: input)
    }
    let (examples, steps) = (input.shape[0], input.shape[1])
    let flat = input.reshaped([examples * steps] + input.shape.dropFirst(2))
    func results() -> Tensor { layers.applied(to: flat, context) }
    let output = LayerThread.current.trace?.withSteps(steps, results) ?? results()
    guard output.shape.first == examples * steps else {
      return ShapeTrace.refuse(
        self, "the layers make \(output.shape) of \(flat.shape); each step of each example has its own result",
        instead: input)
    }
    return output.reshaped([examples, steps] + output.shape.dropFirst())
  }
}

extension TimeDistributed: ContainerLayer {
  var settings: NoSettings { NoSettings() }

  convenience init(layers: [any Layer], settings: NoSettings) { self.init(layers) }
}
