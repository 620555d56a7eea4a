/// An activation function as a layer of its own.
public final class Activation: Layer {
  public let function: ActivationFunction

  public init(_ function: ActivationFunction) { self.function = function }

  public func prepare(inputShape: [Int]) throws {}

  public func forward(_ input: Tensor, _ context: Context) -> Tensor { function(input) }

  public var allowsReplay: Bool { true }
}
