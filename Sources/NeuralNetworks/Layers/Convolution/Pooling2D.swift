import BackendCore

/// The largest number in each window: `[N, C, H, W]` → `[N, C, H′, W′]`. Padding never wins.
///
/// ```swift
/// MaxPool2D(2)                                     // [N, 32, 28, 28] → [N, 32, 14, 14]
/// MaxPool2D(3, stride: 2, padding: 1)
/// ```
///
/// H′ is ⌊(H + padding − window)/stride⌋ + 1; the gradient goes to the first of equal numbers (PyTorch).
public final class MaxPool2D: Layer {
  let settings: WindowSettings

  /// - Parameters:
  ///   - window: The size of the window.
  ///   - stride: From one window to the next; the size of the window unless given.
  ///   - padding: Positions beyond the edges, at most half a window.
  public init(_ window: Extent2D, stride: Extent2D? = nil, padding: Padding = .valid) {
    settings = WindowSettings(kernel: window, stride: stride ?? window, padding: padding)
  }

  public func prepare(inputShape: [Int]) throws { try settings.checkPooling(layer: "MaxPool2D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    input.pooled(.maximum, settings.geometry(for: input))
  }

  public var allowsReplay: Bool { true }
}

/// The mean of each window: `[N, C, H, W]` → `[N, C, H′, W′]`.
///
/// ```swift
/// AveragePool2D(2)                                 // [N, 32, 28, 28] → [N, 32, 14, 14]
/// ```
///
/// Padding counts as zeros, as PyTorch's `AvgPool2d` has it, unless `countsPadding` is false (Keras).
public final class AveragePool2D: Layer {
  /// Whether padding counts in the mean.
  public let countsPadding: Bool
  let settings: WindowSettings

  /// - Parameters:
  ///   - window: The size of the window.
  ///   - stride: From one window to the next; the size of the window unless given.
  ///   - padding: Positions beyond the edges, at most half a window.
  ///   - countsPadding: Whether padding counts as zeros.
  public init(
    _ window: Extent2D, stride: Extent2D? = nil, padding: Padding = .valid, countsPadding: Bool = true
  ) {
    self.countsPadding = countsPadding
    settings = WindowSettings(kernel: window, stride: stride ?? window, padding: padding)
  }

  public func prepare(inputShape: [Int]) throws { try settings.checkPooling(layer: "AveragePool2D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    input.pooled(countsPadding ? .meanWithPadding : .mean, settings.geometry(for: input))
  }

  public var allowsReplay: Bool { true }
}

extension WindowSettings {
  /// The checks of `check`, and that no window lies over padding alone.
  fileprivate func checkPooling(layer: String, _ inputShape: [Int]) throws {
    try check(layer: layer, inputShape: inputShape)
    if case .explicit(let vertical, let horizontal) = padding,
      2 * vertical > kernel.height || 2 * horizontal > kernel.width
    {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "a padding of \(vertical) and \(horizontal) is more than half of the window \(kernel)")
    }
  }
}

extension MaxPool2D: ConfigurableLayer {
  public var configuration: PoolingConfiguration { PoolingConfiguration(settings) }
  public convenience init(configuration: PoolingConfiguration) {
    self.init(configuration.window, stride: configuration.stride, padding: configuration.padding)
  }
}

extension AveragePool2D: ConfigurableLayer {
  public var configuration: PoolingConfiguration {
    var configuration = PoolingConfiguration(settings)
    if !countsPadding { configuration.countsPadding = false }
    return configuration
  }
  public convenience init(configuration: PoolingConfiguration) {
    self.init(
      configuration.window, stride: configuration.stride, padding: configuration.padding,
      countsPadding: configuration.countsPadding ?? true)
  }
}

/// The settings of a pooling layer in a description of a model; all but `window` may be left out.
public struct PoolingConfiguration: Codable, Sendable {
  public var window: Extent2D
  /// The window, unless given.
  public var stride: Extent2D?
  public var padding: Padding
  /// Of averages only; true unless given.
  public var countsPadding: Bool?

  private enum CodingKeys: String, CodingKey, CaseIterable { case window, stride, padding, countsPadding }

  init(_ settings: WindowSettings) {
    window = settings.kernel
    stride = settings.stride
    padding = settings.padding
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(["layer"] + CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    window = try container.decode(Extent2D.self, forKey: .window)
    stride = try container.decodeIfPresent(Extent2D.self, forKey: .stride)
    padding = try container.decodeIfPresent(Padding.self, forKey: .padding) ?? .valid
    countsPadding = try container.decodeIfPresent(Bool.self, forKey: .countsPadding)
  }
}
