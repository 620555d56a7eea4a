/// Adaptive average pooling to a given output size: `[N, C, H, W]` → `[N, C, h, w]`, for images of any size.
///
/// ```swift
/// AdaptiveAveragePool2D(7)                         // [N, 64, 30, 20] → [N, 64, 7, 7]
/// ```
///
/// Window i of h covers rows ⌊i·H/h⌋ to ⌈(i + 1)·H/h⌉ − 1, and likewise along the other axis (PyTorch).
public final class AdaptiveAveragePool2D: Layer {
  public let configuration: AdaptivePoolingConfiguration<Extent2D>

  /// Creates an adaptive average pooling layer.
  /// - Parameter output: The height and width of the result, each from 1 to 4096.
  public convenience init(_ output: Extent2D) {
    self.init(configuration: AdaptivePoolingConfiguration(output: output))
  }

  public init(configuration: AdaptivePoolingConfiguration<Extent2D>) { self.configuration = configuration }

  private var pooling: AdaptivePooling {
    AdaptivePooling(output: [configuration.output.height, configuration.output.width])
  }

  public func prepare(inputShape: [Int]) throws { try pooling.check("AdaptiveAveragePool2D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return pooling.pool(.mean, input)
  }

  public var allowsReplay: Bool { true }
}

/// Adaptive max pooling to a given output size: `[N, C, H, W]` → `[N, C, h, w]`, for images of any size.
///
/// ```swift
/// AdaptiveMaxPool2D([1, 4])                        // [N, 64, 30, 20] → [N, 64, 1, 4]
/// ```
///
/// The windows are the same as in `AdaptiveAveragePool2D`. The gradient goes to the first of equal numbers (PyTorch).
public final class AdaptiveMaxPool2D: Layer {
  public let configuration: AdaptivePoolingConfiguration<Extent2D>

  /// Creates an adaptive max pooling layer.
  /// - Parameter output: The height and width of the result, each from 1 to 4096.
  public convenience init(_ output: Extent2D) {
    self.init(configuration: AdaptivePoolingConfiguration(output: output))
  }

  public init(configuration: AdaptivePoolingConfiguration<Extent2D>) { self.configuration = configuration }

  private var pooling: AdaptivePooling {
    AdaptivePooling(output: [configuration.output.height, configuration.output.width])
  }

  public func prepare(inputShape: [Int]) throws { try pooling.check("AdaptiveMaxPool2D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return pooling.pool(.maximum, input)
  }

  public var allowsReplay: Bool { true }
}

extension AdaptiveAveragePool2D: ConfigurableLayer {}
extension AdaptiveMaxPool2D: ConfigurableLayer {}
