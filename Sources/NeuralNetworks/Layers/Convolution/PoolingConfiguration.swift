/// The configuration of a pooling layer in a model description. All settings except `window` are optional.
public struct PoolingConfiguration<Extent: WindowExtent, Edge: WindowEdge>: Codable, Sendable {
  /// The size of the window.
  public var window: Extent
  /// The distance from one window to the next; the window size by default.
  public var stride: Extent?
  /// The padding at the edges; none (`.valid`) by default.
  public var padding: Edge
  /// Whether padding counts as zeros, for average pooling only; true by default.
  public var countsPadding: Bool?

  private enum CodingKeys: String, CodingKey, CaseIterable { case window, stride, padding, countsPadding }

  public init(window: Extent, stride: Extent? = nil, padding: Edge = .valid, countsPadding: Bool? = nil) {
    (self.window, self.stride, self.padding, self.countsPadding) = (window, stride, padding, countsPadding)
  }

  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(["layer"] + CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    window = try container.decode(Extent.self, forKey: .window)
    stride = try container.decodeIfPresent(Extent.self, forKey: .stride)
    padding = try container.decodeIfPresent(Edge.self, forKey: .padding) ?? .valid
    countsPadding = try container.decodeIfPresent(Bool.self, forKey: .countsPadding)
  }
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
