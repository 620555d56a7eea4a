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

/// The mean of each channel: `[N, C, H, W]` → `[N, C]`.
public final class GlobalAveragePool2D: Layer {
  public init() {}

  public func prepare(inputShape: [Int]) throws { try checkImages("GlobalAveragePool2D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    return input.mean(axes: [2, 3])
  }

  public var allowsReplay: Bool { true }
}

/// The maximum of each channel: `[N, C, H, W]` → `[N, C]`. Equal maxima share the gradient.
public final class GlobalMaxPool2D: Layer {
  public init() {}

  public func prepare(inputShape: [Int]) throws { try checkImages("GlobalMaxPool2D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    return input.max(axes: [2, 3])
  }

  public var allowsReplay: Bool { true }
}

private func checkImages(_ layer: String, _ inputShape: [Int]) throws {
  guard inputShape.count == 3, !inputShape.contains(0) else {
    throw ModelError.invalidConfiguration(
      layer: layer, reason: "an example is an image [channels, height, width], not \(inputShape)")
  }
}

extension GlobalAveragePool2D: ConfigurableLayer {
  public var configuration: NoSettings { NoSettings() }
  public convenience init(configuration: NoSettings) { self.init() }
}

extension GlobalMaxPool2D: ConfigurableLayer {
  public var configuration: NoSettings { NoSettings() }
  public convenience init(configuration: NoSettings) { self.init() }
}
