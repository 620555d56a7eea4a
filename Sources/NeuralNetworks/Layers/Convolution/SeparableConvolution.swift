import BackendCore

/// A separable convolution of images: `[N, C, H, W]` → `[N, filters, H′, W′]`. A depthwise convolution filters each channel
/// by itself, and a convolution with windows of one pixel mixes the results (Chollet 2017; Keras' `SeparableConv2D`).
///
/// ```swift
/// SeparableConv2D(64, kernel: 3, padding: .same, activation: .relu)
/// ```
///
/// Parameters: `depthwiseWeight`, `[C·depthMultiplier, 1, kernel height, kernel width]`, `pointwiseWeight`,
/// `[filters, C·depthMultiplier, 1, 1]`, and `bias`, `[filters]`. A depthwise convolution alone is a `Conv2D` with one group
/// per channel.
public final class SeparableConv2D: Layer {
  /// The filters of the channels, `[C·depthMultiplier, 1, kernel height, kernel width]`.
  public let depthwiseWeight: Parameter
  /// The weight of each filtered channel in each output, `[filters, C·depthMultiplier, 1, 1]`.
  public let pointwiseWeight: Parameter
  /// The bias, `[filters]`; nil if there is none.
  public let bias: Parameter?
  /// All settings.
  public let configuration: SeparableConvolutionConfiguration<Extent2D, Padding>
  private let settings: WindowSettings

  /// Creates a separable convolution of images.
  /// - Parameters:
  ///   - filters: The number of output channels.
  ///   - kernel: The size of the window of the depthwise convolution.
  ///   - stride: The distance from one window to the next.
  ///   - padding: The zero padding at the edges.
  ///   - dilation: The distance from one element of the window to the next.
  ///   - depthMultiplier: The number of filters of each channel.
  ///   - activation: The activation function.
  ///   - useBias: Whether the layer has a bias, which starts at 0.
  ///   - initializer: The initializer of both weights.
  public convenience init(
    _ filters: Int, kernel: Extent2D, stride: Extent2D = 1, padding: Padding = .valid, dilation: Extent2D = 1,
    depthMultiplier: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    initializer: Initializer = .glorotUniform
  ) {
    self.init(
      configuration: SeparableConvolutionConfiguration(
        filters: filters, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
        depthMultiplier: depthMultiplier, activation: activation, useBias: useBias, initializer: initializer))
  }

  public init(configuration: SeparableConvolutionConfiguration<Extent2D, Padding>) {
    self.configuration = configuration
    settings = WindowSettings(
      kernel: configuration.kernel, stride: configuration.stride, padding: configuration.padding,
      dilation: configuration.dilation)
    (depthwiseWeight, pointwiseWeight, bias) = configuration.makeParameters()
  }

  public func prepare(inputShape: [Int]) throws {
    try settings.check(layer: "SeparableConv2D", inputShape: inputShape)
    let channels = try configuration.filteredChannels(
      "SeparableConv2D", inputShape, kernel: [settings.kernel.height, settings.kernel.width], depthwiseWeight)
    depthwiseWeight.declare(shape: [channels, 1, settings.kernel.height, settings.kernel.width])
    pointwiseWeight.declare(shape: [configuration.filters, channels, 1, 1])
    bias?.declare(shape: [configuration.filters])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    let channels = depthwiseWeight.knownExtent(0).map { $0 / configuration.depthMultiplier }
    check(input, .images, extent: channels)
    let filtered = settings.convolve(input, depthwiseWeight.value, bias: nil, groups: input.shape[1])
    let sums = filtered.convolution(
      pointwiseWeight.value, bias: bias?.value, WindowGeometry(kernel: (1, 1)),
      activation: configuration.activation.operation)
    return configuration.activation.finishing(sums)
  }

  public var allowsReplay: Bool { configuration.activation.allowsReplay }
}

/// A separable convolution of sequences: `[N, C, L]` → `[N, filters, L′]` (Keras' `SeparableConv1D`). See
/// `SeparableConv2D`.
///
/// Parameters: `depthwiseWeight`, `[C·depthMultiplier, 1, kernel]`, `pointwiseWeight`, `[filters, C·depthMultiplier, 1]`, and
/// `bias`, `[filters]`.
public final class SeparableConv1D: Layer {
  /// The filters of the channels, `[C·depthMultiplier, 1, kernel]`.
  public let depthwiseWeight: Parameter
  /// The weight of each filtered channel in each output, `[filters, C·depthMultiplier, 1]`.
  public let pointwiseWeight: Parameter
  /// The bias, `[filters]`; nil if there is none.
  public let bias: Parameter?
  /// All settings.
  public let configuration: SeparableConvolutionConfiguration<Int, Padding1D>
  private let settings: WindowSettings

  /// Creates a separable convolution of sequences.
  /// - Parameters:
  ///   - filters: The number of output channels.
  ///   - kernel: The length of the window of the depthwise convolution.
  ///   - stride: The distance from one window to the next.
  ///   - padding: The zero padding at the ends.
  ///   - dilation: The distance from one element of the window to the next.
  ///   - depthMultiplier: The number of filters of each channel.
  ///   - activation: The activation function.
  ///   - useBias: Whether the layer has a bias, which starts at 0.
  ///   - initializer: The initializer of both weights.
  public convenience init(
    _ filters: Int, kernel: Int, stride: Int = 1, padding: Padding1D = .valid, dilation: Int = 1,
    depthMultiplier: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    initializer: Initializer = .glorotUniform
  ) {
    self.init(
      configuration: SeparableConvolutionConfiguration(
        filters: filters, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
        depthMultiplier: depthMultiplier, activation: activation, useBias: useBias, initializer: initializer))
  }

  public init(configuration: SeparableConvolutionConfiguration<Int, Padding1D>) {
    self.configuration = configuration
    settings = WindowSettings(
      kernel: Extent2D(1, configuration.kernel), stride: Extent2D(1, configuration.stride),
      padding: configuration.padding.ofRow, dilation: Extent2D(1, configuration.dilation), isRow: true,
      isCausal: configuration.padding == .causal)
    (depthwiseWeight, pointwiseWeight, bias) = configuration.makeParameters()
  }

  public func prepare(inputShape: [Int]) throws {
    try settings.check(layer: "SeparableConv1D", inputShape: inputShape)
    let channels = try configuration.filteredChannels(
      "SeparableConv1D", inputShape, kernel: [configuration.kernel], depthwiseWeight)
    depthwiseWeight.declare(shape: [channels, 1, configuration.kernel])
    pointwiseWeight.declare(shape: [configuration.filters, channels, 1])
    bias?.declare(shape: [configuration.filters])
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    let channels = depthwiseWeight.knownExtent(0).map { $0 / configuration.depthMultiplier }
    check(input, .sequences, extent: channels)
    let filtered = settings.convolve(input.asRow, depthwiseWeight.value.asRow, bias: nil, groups: input.shape[1])
    let sums = filtered.convolution(
      pointwiseWeight.value.asRow, bias: bias?.value, WindowGeometry(kernel: (1, 1)),
      activation: configuration.activation.operation)
    return configuration.activation.finishing(sums.withoutRowAxis)
  }

  public var allowsReplay: Bool { configuration.activation.allowsReplay }
}

extension SeparableConv1D: ConfigurableLayer {}
extension SeparableConv2D: ConfigurableLayer {}

/// The configuration of a separable convolution in a model description. All settings except `filters` and `kernel` are
/// optional.
public struct SeparableConvolutionConfiguration<Extent: WindowExtent, Edge: WindowEdge>: Codable, Sendable,
  LayerSettings
{
  /// The number of output channels.
  public var filters: Int
  /// The size of the window.
  public var kernel: Extent
  /// The distance from one window to the next.
  public var stride: Extent = 1
  /// The zero padding at the edges.
  public var padding: Edge = .valid
  /// The distance from one element of the window to the next.
  public var dilation: Extent = 1
  /// The number of filters of each channel.
  public var depthMultiplier = 1
  /// The activation function.
  public var activation: ActivationFunction = .linear
  /// Whether the layer has a bias.
  public var useBias = true
  /// The initializer of both weights.
  public var initializer: Initializer = .glorotUniform

  static var template: Self { Self(filters: 1, kernel: 1) }
  static var required: Set<String> { ["filters", "kernel"] }

  fileprivate func makeParameters() -> (depthwise: Parameter, pointwise: Parameter, bias: Parameter?) {
    (Parameter(nil, initializer), Parameter(nil, initializer), useBias ? Parameter(nil, .zeros) : nil)
  }

  /// Returns the number of channels after the depthwise convolution.
  /// - Throws: `ModelError` for invalid numbers, or if the weight was created for a different number of channels.
  fileprivate func filteredChannels(
    _ layer: String, _ inputShape: [Int], kernel: [Int], _ depthwiseWeight: Parameter
  ) throws -> Int {
    guard filters > 0, depthMultiplier > 0 else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "\(filters) filters and a depth multiplier of \(depthMultiplier); both are at least 1")
    }
    guard let channels = SizeLimit.count([inputShape[0], depthMultiplier]), SizeLimit.count([channels] + kernel) != nil,
      SizeLimit.count([filters, channels]) != nil
    else {
      throw ModelError.invalidConfiguration(
        layer: layer,
        reason: "a weight for \(filters) filters and a depth multiplier of \(depthMultiplier) is too large")
    }
    if let known = depthwiseWeight.knownExtent(0), known != channels {
      throw ModelError.inputShape(
        layer: layer, expected: [known / depthMultiplier] + inputShape.dropFirst(), found: inputShape)
    }
    return channels
  }
}
