/// A function as a layer, which may change the shape of its input (Keras' `Lambda`).
///
/// ```swift
/// Lambda { x in x.mean(axis: 1) }                          // [N, T, C] → [N, C]
/// Lambda(allowsReplay: true) { x in x[.ellipsis, ..<2] }
/// ```
///
/// The function gets the input with the batch axis first, and the output has as many examples. It runs without
/// numbers when a model is built, as the `forward` of a layer does. A model description cannot contain a function: to
/// save the layers of a model, write a layer that adopts `ConfigurableLayer`. For functions of single elements, use
/// `Activation`.
public final class Lambda: Layer, Sendable {
  private let function: @Sendable (Tensor) -> Tensor
  public let allowsReplay: Bool

  /// Creates a layer from a function.
  /// - Parameters:
  ///   - allowsReplay: Whether a recording of the function can be replayed for other inputs of the same shape: whether
  ///     the function does nothing on the host that depends on the inputs or on the time of the call.
  ///   - function: The function.
  public init(allowsReplay: Bool = false, _ function: @escaping @Sendable (Tensor) -> Tensor) {
    (self.allowsReplay, self.function) = (allowsReplay, function)
  }

  public func prepare(inputShape: [Int]) throws {}

  public func forward(_ input: Tensor, _ context: Context) -> Tensor { function(input) }
}
