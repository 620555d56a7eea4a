/// Adaptive average pooling to a given output size: `[N, C, D, H, W]` → `[N, C, d, h, w]`, for volumes of any size.
///
/// ```swift
/// AdaptiveAveragePool3D([2, 7, 7])                 // [N, 64, 9, 30, 20] → [N, 64, 2, 7, 7]
/// ```
///
/// Window i of d covers planes ⌊i·D/d⌋ to ⌈(i + 1)·D/d⌉ − 1, and likewise along the other axes (PyTorch).
public final class AdaptiveAveragePool3D: Layer {
  public let configuration: AdaptivePoolingConfiguration<Extent3D>

  /// Creates an adaptive average pooling layer.
  /// - Parameter output: The depth, height, and width of the result, each from 1 to 4096.
  public convenience init(_ output: Extent3D) {
    self.init(configuration: AdaptivePoolingConfiguration(output: output))
  }

  public init(configuration: AdaptivePoolingConfiguration<Extent3D>) { self.configuration = configuration }

  private var pooling: AdaptivePooling { AdaptivePooling(output: configuration.output.numbers) }

  public func prepare(inputShape: [Int]) throws { try pooling.check("AdaptiveAveragePool3D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .volumes)
    prepareCall(input)
    return pooling.pool(.mean, input)
  }

  public var allowsReplay: Bool { true }
}

/// Adaptive max pooling to a given output size: `[N, C, D, H, W]` → `[N, C, d, h, w]`, for volumes of any size.
///
/// ```swift
/// AdaptiveMaxPool3D(1)                             // [N, 64, 9, 30, 20] → [N, 64, 1, 1, 1]
/// ```
///
/// The windows are the same as in `AdaptiveAveragePool3D`. The gradient goes to the first of equal numbers (PyTorch).
public final class AdaptiveMaxPool3D: Layer {
  public let configuration: AdaptivePoolingConfiguration<Extent3D>

  /// Creates an adaptive max pooling layer.
  /// - Parameter output: The depth, height, and width of the result, each from 1 to 4096.
  public convenience init(_ output: Extent3D) {
    self.init(configuration: AdaptivePoolingConfiguration(output: output))
  }

  public init(configuration: AdaptivePoolingConfiguration<Extent3D>) { self.configuration = configuration }

  private var pooling: AdaptivePooling { AdaptivePooling(output: configuration.output.numbers) }

  public func prepare(inputShape: [Int]) throws { try pooling.check("AdaptiveMaxPool3D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .volumes)
    prepareCall(input)
    return pooling.pool(.maximum, input)
  }

  public var allowsReplay: Bool { true }
}

extension AdaptiveAveragePool3D: ConfigurableLayer {}
extension AdaptiveMaxPool3D: ConfigurableLayer {}
