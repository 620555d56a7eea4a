import BackendCore

/// A transposed convolution of images: `[N, C, H, W]` → `[N, filters, H′, W′]`. Each input adds a window of the output.
/// This is the operation that computes the input gradient of a `Conv2D`.
///
/// ```swift
/// ConvTranspose2D(32, kernel: 2, stride: 2, activation: .relu)                 // [N, 64, 7, 7] → [N, 32, 14, 14]
/// ConvTranspose2D(1, kernel: 3, stride: 2, padding: 1, outputPadding: 1)        // [N, 32, 14, 14] → [N, 1, 28, 28]
/// ```
///
/// W is `[C, filters/groups, kernel height, kernel width]` and b `[filters]`, with the layout and initialization of
/// PyTorch. H′ is (H − 1)·stride − padding + dilation·(kernel − 1) + outputPadding + 1, where padding counts both
/// sides. With `.same`, it is H·stride.
public final class ConvTranspose2D: Layer {
  /// W, `[C, filters/groups, kernel height, kernel width]`.
  public let weight: Parameter
  /// b, `[filters]`; nil if there is none.
  public let bias: Parameter?
  /// All settings.
  public let configuration: TransposedConvolutionConfiguration<Extent2D, Padding>
  /// The number of output channels.
  public var filters: Int { configuration.convolution.filters }
  let settings: TransposedSettings

  /// Creates a transposed convolution of images.
  /// - Parameters:
  ///   - filters: The number of output channels.
  ///   - kernel: The size of the window.
  ///   - stride: The distance from the window of one input to the window of the next.
  ///   - padding: The number of positions removed from the edges of the output.
  ///   - outputPadding: The number of positions added at the end, less than the stride.
  ///   - dilation: The distance from one element of the window to the next.
  ///   - groups: The number of groups. Must divide the channels and the filters.
  ///   - activation: The activation function.
  ///   - useBias: Whether the layer has a bias.
  ///   - initializer: The initializer of the weight and, with `.pytorchDefault`, also of the bias.
  ///   - regularizer: A penalty on the weight.
  public convenience init(
    _ filters: Int, kernel: Extent2D, stride: Extent2D = 1, padding: Padding = .valid, outputPadding: Extent2D = 0,
    dilation: Extent2D = 1, groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    initializer: Initializer = .pytorchDefault, regularizer: Regularizer? = nil
  ) {
    var configuration = TransposedConvolutionConfiguration(
      ConvolutionConfiguration(
        filters: filters, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups,
        activation: activation, useBias: useBias, initializer: initializer, regularizer: regularizer))
    configuration.outputPadding = outputPadding
    self.init(configuration: configuration)
  }

  public init(configuration: TransposedConvolutionConfiguration<Extent2D, Padding>) {
    self.configuration = configuration
    let convolution = configuration.convolution
    settings = TransposedSettings(
      windows: WindowSettings(
        kernel: convolution.kernel, stride: convolution.stride, padding: convolution.padding,
        dilation: convolution.dilation, paddingMode: convolution.paddingMode),
      outputPadding: configuration.outputPadding)
    (weight, bias) = ConvolutionParameters.make(convolution)
  }

  public func prepare(inputShape: [Int]) throws {
    try settings.check(layer: "ConvTranspose2D", inputShape: inputShape)
    let kernel = configuration.convolution.kernel
    try ConvolutionParameters(layer: "ConvTranspose2D", weight, bias, isTransposed: true)
      .declare(configuration.convolution, kernel: [kernel.height, kernel.width], inputShape: inputShape)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .images, extent: weight.knownExtent(0))
    return settings.apply(
      input, weight.value, bias?.value, groups: configuration.convolution.groups, configuration.convolution.activation)
  }

  public var allowsReplay: Bool { configuration.convolution.activation.allowsReplay }
}

extension ConvTranspose2D: ConfigurableLayer {}
