/// The configuration of a pooling layer in a model description. All settings except `window` are optional.
public struct PoolingConfiguration<Extent: WindowExtent, Edge: WindowEdge>: Codable, Sendable, LayerSettings {
  /// The size of the window.
  public var window: Extent
  /// The distance from one window to the next; the window size by default.
  public var stride: Extent?
  /// The padding at the edges; none (`.valid`) by default.
  public var padding: Edge = .valid
  /// Whether padding counts as zeros, for average pooling only; true by default.
  public var countsPadding: Bool?

  static var template: Self { Self(window: 1) }
  static var required: Set<String> { ["window"] }
}

extension PoolingConfiguration {
  /// Creates the configuration of a layer with this window. The other settings have their defaults.
  public init(window: Extent) { self.init(window: window, padding: .valid) }
}

extension WindowSettings {
  /// Performs the checks of `check`, and checks that no window covers only padding.
  func checkPooling(layer: String, _ inputShape: [Int]) throws {
    try check(layer: layer, inputShape: inputShape)
    if case .explicit(let vertical, let horizontal) = padding,
      2 * vertical > kernel.height || 2 * horizontal > kernel.width
    {
      throw ModelError.invalidConfiguration(
        layer: layer,
        reason:
          "a padding of \(isRow ? "\(horizontal)" : "\(vertical) and \(horizontal)") is more than half of the window "
          + text(kernel))
    }
  }
}
