import BackendCore

/// A convolution of images: `[N, C, H, W]` → `[N, filters, H′, W′]`, y = activation(x ⋆ W + b), where ⋆ is the
/// cross-correlation, as in every framework.
///
/// ```swift
/// Conv2D(32, kernel: 3, padding: .same, activation: .relu)     // [N, 1, 28, 28] → [N, 32, 28, 28]
/// Conv2D(64, kernel: 3, stride: 2, groups: 32)                 // two filters for each of 32 channels
/// ```
///
/// W is `[filters, C/groups, kernel height, kernel width]` and b `[filters]`, with the layout and initialization of
/// PyTorch. H′ is ⌊(H + padding − dilation·(kernel − 1) − 1)/stride⌋ + 1.
public final class Conv2D: Layer {
  /// W, `[filters, C/groups, kernel height, kernel width]`.
  public let weight: Parameter
  /// b, `[filters]`; nil if there is none.
  public let bias: Parameter?
  /// All settings.
  public let configuration: ConvolutionConfiguration<Extent2D, Padding>
  /// The number of output channels.
  public var filters: Int { configuration.filters }
  /// The number of groups into which inputs and outputs are divided, each with its own filters.
  public var groups: Int { configuration.groups }
  /// The activation function.
  public var activation: ActivationFunction { configuration.activation }
  let settings: WindowSettings

  /// Creates a convolution of images.
  /// - Parameters:
  ///   - filters: The number of output channels.
  ///   - kernel: The size of the window.
  ///   - stride: The distance from one window to the next.
  ///   - padding: The padding at the edges.
  ///   - dilation: The distance from one element of the window to the next.
  ///   - groups: The number of groups. Must divide the channels and the filters; one group per channel is a depthwise
  ///     convolution.
  ///   - activation: The activation function.
  ///   - useBias: Whether the layer has a bias.
  ///   - initializer: The initializer of the weight and, with `.pytorchDefault`, also of the bias.
  ///   - regularizer: A penalty on the weight.
  ///   - paddingMode: How the padding is filled; with zeros by default.
  public convenience init(
    _ filters: Int, kernel: Extent2D, stride: Extent2D = 1, padding: Padding = .valid, dilation: Extent2D = 1,
    groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    initializer: Initializer = .pytorchDefault, regularizer: Regularizer? = nil, paddingMode: PaddingMode = .zeros
  ) {
    self.init(
      configuration: ConvolutionConfiguration(
        filters: filters, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups,
        activation: activation, useBias: useBias, initializer: initializer, regularizer: regularizer,
        paddingMode: paddingMode))
  }

  public init(configuration: ConvolutionConfiguration<Extent2D, Padding>) {
    self.configuration = configuration
    settings = WindowSettings(
      kernel: configuration.kernel, stride: configuration.stride, padding: configuration.padding,
      dilation: configuration.dilation, paddingMode: configuration.paddingMode)
    (weight, bias) = ConvolutionParameters.make(configuration)
  }

  public func prepare(inputShape: [Int]) throws {
    try settings.check(layer: "Conv2D", inputShape: inputShape)
    try ConvolutionParameters(layer: "Conv2D", weight, bias, isTransposed: false)
      .declare(configuration, kernel: [settings.kernel.height, settings.kernel.width], inputShape: inputShape)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images, extent: weight.knownExtent(1).map { $0 * groups })
    let sums = settings.convolve(
      input, weight.value, bias: bias?.value, groups: groups, activation: activation.operation)
    return activation.finishing(sums)
  }

  public var allowsReplay: Bool { activation.allowsReplay }
}

extension Conv2D: ConfigurableLayer {}
