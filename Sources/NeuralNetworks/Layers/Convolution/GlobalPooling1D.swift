/// The mean of each channel of a sequence: `[N, C, L]` → `[N, C]`.
public final class GlobalAveragePool1D: Layer {
  public init() {}

  public func prepare(inputShape: [Int]) throws { try checkSequence("GlobalAveragePool1D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .sequences)
    return input.mean(axes: [2])
  }

  public var allowsReplay: Bool { true }
}

/// The maximum of each channel of a sequence: `[N, C, L]` → `[N, C]`. Equal maxima share the gradient.
public final class GlobalMaxPool1D: Layer {
  public init() {}

  public func prepare(inputShape: [Int]) throws { try checkSequence("GlobalMaxPool1D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .sequences)
    return input.max(axes: [2])
  }

  public var allowsReplay: Bool { true }
}

private func checkSequence(_ layer: String, _ inputShape: [Int]) throws {
  guard inputShape.count == 2, !inputShape.contains(0) else {
    throw ModelError.invalidConfiguration(
      layer: layer, reason: "an example is a sequence [channels, length], not \(inputShape)")
  }
}

extension GlobalAveragePool1D: ConfigurableLayer {
  public var configuration: NoSettings { NoSettings() }
  public convenience init(configuration: NoSettings) { self.init() }
}

extension GlobalMaxPool1D: ConfigurableLayer {
  public var configuration: NoSettings { NoSettings() }
  public convenience init(configuration: NoSettings) { self.init() }
}
