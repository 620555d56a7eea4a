/// The settings of a convolution in a description of a model; all but `filters` and `kernel` may be left out.
///
/// `Extent` is a size along the axes that windows move over, `Edge` what they see beyond them.
public struct ConvolutionConfiguration<Extent: WindowExtent, Edge: WindowEdge>: Codable, Sendable {
  /// The number of output channels.
  public var filters: Int
  /// The size of the window.
  public var kernel: Extent
  /// From one window to the next.
  public var stride: Extent = 1
  /// What windows see beyond the edges: how many zeros.
  public var padding: Edge = .valid
  /// From one element of the window to the next.
  public var dilation: Extent = 1
  /// Divides the channels and the filters.
  public var groups = 1
  /// What is applied to the sums.
  public var activation: ActivationFunction = .linear
  /// Whether there is a bias.
  public var useBias = true
  /// What the weight is drawn with, and with `.pytorchDefault` the bias too.
  public var initializer: Initializer = .pytorchDefault
  /// A penalty on the weight.
  public var regularizer: Regularizer?

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case filters, kernel, stride, padding, dilation, groups, activation, useBias, initializer, regularizer
  }

  public init(filters: Int, kernel: Extent) {
    self.filters = filters
    self.kernel = kernel
  }

  public init(from decoder: any Decoder) throws { try self.init(from: decoder, beside: []) }

  /// - Parameter others: Settings that stand beside these.
  init(from decoder: any Decoder, beside others: [String]) throws {
    try decoder.refuseUnknownKeys(["layer"] + CodingKeys.allCases.map(\.rawValue) + others)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      filters: try container.decode(Int.self, forKey: .filters),
      kernel: try container.decode(Extent.self, forKey: .kernel))
    stride = try container.decodeIfPresent(Extent.self, forKey: .stride) ?? stride
    padding = try container.decodeIfPresent(Edge.self, forKey: .padding) ?? padding
    dilation = try container.decodeIfPresent(Extent.self, forKey: .dilation) ?? dilation
    groups = try container.decodeIfPresent(Int.self, forKey: .groups) ?? groups
    activation = try container.decodeIfPresent(ActivationFunction.self, forKey: .activation) ?? activation
    useBias = try container.decodeIfPresent(Bool.self, forKey: .useBias) ?? useBias
    initializer = try container.decodeIfPresent(Initializer.self, forKey: .initializer) ?? initializer
    regularizer = try container.decodeIfPresent(Regularizer.self, forKey: .regularizer)
  }
}

/// The settings of a transposed convolution in a description of a model: those of a convolution, and `outputPadding`.
public struct TransposedConvolutionConfiguration<Extent: WindowExtent, Edge: WindowEdge>: Codable, Sendable {
  public var convolution: ConvolutionConfiguration<Extent, Edge>
  /// Positions behind the last output, on one side alone; 0 unless given.
  public var outputPadding: Extent = 0

  private enum CodingKeys: String, CodingKey { case outputPadding }

  public init(_ convolution: ConvolutionConfiguration<Extent, Edge>) { self.convolution = convolution }

  public init(from decoder: any Decoder) throws {
    convolution = try ConvolutionConfiguration(from: decoder, beside: [CodingKeys.outputPadding.rawValue])
    let container = try decoder.container(keyedBy: CodingKeys.self)
    outputPadding = try container.decodeIfPresent(Extent.self, forKey: .outputPadding) ?? outputPadding
  }

  public func encode(to encoder: any Encoder) throws {
    try convolution.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(outputPadding, forKey: .outputPadding)
  }
}

/// A size along the axes that windows move over: `Extent2D` of an image, `Int` of a sequence.
public protocol WindowExtent: Codable, Sendable, Hashable, ExpressibleByIntegerLiteral {}
extension Extent2D: WindowExtent {}
extension Int: WindowExtent {}

/// What windows see beyond the edges: `Padding` of an image, `Padding1D` of a sequence.
public protocol WindowEdge: Codable, Sendable, Hashable {
  /// Windows lie inside.
  static var valid: Self { get }
}
extension Padding: WindowEdge {}
extension Padding1D: WindowEdge {}
