import BackendCore

/// The maximum of each window: `[N, C, H, W]` → `[N, C, H′, W′]`. Padding is never the maximum.
///
/// ```swift
/// MaxPool2D(2)                                     // [N, 32, 28, 28] → [N, 32, 14, 14]
/// MaxPool2D(3, stride: 2, padding: 1)
/// ```
///
/// H′ is ⌊(H + padding − window)/stride⌋ + 1. The gradient goes to the first of equal numbers (PyTorch).
public final class MaxPool2D: Layer {
  let settings: WindowSettings

  /// Creates a max pooling layer for images.
  /// - Parameters:
  ///   - window: The size of the window.
  ///   - stride: The distance from one window to the next; the size of the window by default.
  ///   - padding: The padding at the edges, at most half a window.
  public init(_ window: Extent2D, stride: Extent2D? = nil, padding: Padding = .valid) {
    settings = WindowSettings(kernel: window, stride: stride ?? window, padding: padding)
  }

  public func prepare(inputShape: [Int]) throws { try settings.checkPooling(layer: "MaxPool2D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return input.pooled(.maximum, settings.geometry(for: input))
  }

  public var allowsReplay: Bool { true }
}

/// The mean of each window: `[N, C, H, W]` → `[N, C, H′, W′]`.
///
/// ```swift
/// AveragePool2D(2)                                 // [N, 32, 28, 28] → [N, 32, 14, 14]
/// ```
///
/// Padding counts as zeros, as in PyTorch's `AvgPool2d`, unless `countsPadding` is false (Keras).
public final class AveragePool2D: Layer {
  /// Whether padding counts as zeros.
  public let countsPadding: Bool
  let settings: WindowSettings

  /// Creates an average pooling layer for images.
  /// - Parameters:
  ///   - window: The size of the window.
  ///   - stride: The distance from one window to the next; the size of the window by default.
  ///   - padding: The padding at the edges, at most half a window.
  ///   - countsPadding: Whether padding counts as zeros.
  public init(
    _ window: Extent2D, stride: Extent2D? = nil, padding: Padding = .valid, countsPadding: Bool = true
  ) {
    self.countsPadding = countsPadding
    settings = WindowSettings(kernel: window, stride: stride ?? window, padding: padding)
  }

  public func prepare(inputShape: [Int]) throws { try settings.checkPooling(layer: "AveragePool2D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images)
    prepareCall(input)
    return input.pooled(countsPadding ? .meanWithPadding : .mean, settings.geometry(for: input))
  }

  public var allowsReplay: Bool { true }
}

extension MaxPool2D: ConfigurableLayer {
  public var configuration: PoolingConfiguration<Extent2D, Padding> {
    PoolingConfiguration(window: settings.kernel, stride: settings.stride, padding: settings.padding)
  }
  public convenience init(configuration: PoolingConfiguration<Extent2D, Padding>) {
    self.init(configuration.window, stride: configuration.stride, padding: configuration.padding)
  }
}

extension AveragePool2D: ConfigurableLayer {
  public var configuration: PoolingConfiguration<Extent2D, Padding> {
    PoolingConfiguration(
      window: settings.kernel, stride: settings.stride, padding: settings.padding,
      countsPadding: countsPadding ? nil : false)
  }
  public convenience init(configuration: PoolingConfiguration<Extent2D, Padding>) {
    self.init(
      configuration.window, stride: configuration.stride, padding: configuration.padding,
      countsPadding: configuration.countsPadding ?? true)
  }
}
