/// The configuration of a convolution in a model description. All settings except `filters` and `kernel` are optional.
///
/// `Extent` is a size along the window axes, and `Edge` is the padding at their ends.
public struct ConvolutionConfiguration<Extent: WindowExtent, Edge: WindowEdge>: Codable, Sendable, LayerSettings {
  /// The number of output channels.
  public var filters: Int
  /// The size of the window.
  public var kernel: Extent
  /// The distance from one window to the next.
  public var stride: Extent = 1
  /// The padding at the edges, which `paddingMode` fills.
  public var padding: Edge = .valid
  /// The distance from one element of the window to the next.
  public var dilation: Extent = 1
  /// The number of groups. Must divide the channels and the filters.
  public var groups = 1
  /// The activation function.
  public var activation: ActivationFunction = .linear
  /// Whether the layer has a bias.
  public var useBias = true
  /// The initializer of the weight and, with `.pytorchDefault`, also of the bias.
  public var initializer: Initializer = .pytorchDefault
  /// A penalty on the weight.
  public var regularizer: Regularizer?
  /// How the padding is filled; with zeros by default.
  public var paddingMode = PaddingMode.zeros

  static var template: Self { Self(filters: 1, kernel: 1) }
  static var required: Set<String> { ["filters", "kernel"] }
}

extension ConvolutionConfiguration {
  /// Creates the configuration of a layer with these filters. The other settings have their defaults.
  public init(filters: Int, kernel: Extent) { self.init(filters: filters, kernel: kernel, useBias: true) }
}

/// The configuration of a transposed convolution in a model description: the settings of a convolution and
/// `outputPadding`.
public struct TransposedConvolutionConfiguration<Extent: WindowExtent, Edge: WindowEdge>: Codable, Sendable {
  public var convolution: ConvolutionConfiguration<Extent, Edge>
  /// The number of positions after the last output, on one side only; 0 by default.
  public var outputPadding: Extent = 0

  private enum CodingKeys: String, CodingKey { case outputPadding }

  public init(_ convolution: ConvolutionConfiguration<Extent, Edge>) { self.convolution = convolution }

  public init(from decoder: any Decoder) throws {
    convolution = try .decoded(from: decoder, nextTo: ["layer", CodingKeys.outputPadding.rawValue])
    let container = try decoder.container(keyedBy: CodingKeys.self)
    outputPadding = try container.decodeIfPresent(Extent.self, forKey: .outputPadding) ?? outputPadding
  }

  public func encode(to encoder: any Encoder) throws {
    try convolution.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(outputPadding, forKey: .outputPadding)
  }
}

/// A size along the window axes: `Extent2D` for images, `Int` for sequences.
public protocol WindowExtent: Codable, Sendable, Hashable, ExpressibleByIntegerLiteral {}
extension Extent2D: WindowExtent {}
extension Int: WindowExtent {}

/// The padding at the edges: `Padding` for images, `Padding1D` for sequences.
public protocol WindowEdge: Codable, Sendable, Hashable {
  /// No padding: windows stay inside.
  static var valid: Self { get }
}
extension Padding: WindowEdge {}
extension Padding1D: WindowEdge {}

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
    try checkPlainPadding(layer: layer)
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
