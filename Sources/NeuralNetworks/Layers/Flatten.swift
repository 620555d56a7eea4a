/// Flattens all axes except the batch axis: `[N, 28, 28]` → `[N, 784]`.
public final class Flatten: Layer {
  public init() {}

  public func prepare(inputShape: [Int]) throws {}

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    let shape = input.shape
    return input.reshaped([shape.first ?? 1, shape.dropFirst().reduce(1, *)])
  }

  public var allowsReplay: Bool { true }
}

extension Flatten: ConfigurableLayer {
  public var configuration: NoSettings { NoSettings() }

  public convenience init(configuration: NoSettings) { self.init() }
}
