import BackendCore

/// A convolution of images: `[N, C, H, W]` → `[N, filters, H′, W′]`, y = activation(x ⋆ W + b), where ⋆ is the
/// cross-correlation, as in every framework.
///
/// ```swift
/// Conv2D(32, kernel: 3, padding: .same, activation: .relu)     // [N, 1, 28, 28] → [N, 32, 28, 28]
/// Conv2D(64, kernel: 3, stride: 2, groups: 32)                 // two filters for each of 32 channels
/// ```
///
/// W is `[filters, C/groups, kernel height, kernel width]` and b `[filters]`, laid out and drawn as in PyTorch. H′ is
/// ⌊(H + padding − dilation·(kernel − 1) − 1)/stride⌋ + 1.
public final class Conv2D: Layer {
  /// W, `[filters, C/groups, kernel height, kernel width]`.
  public let weight: Parameter
  /// b, `[filters]`; nil where there is none.
  public let bias: Parameter?
  /// All settings.
  public let configuration: ConvolutionConfiguration<Extent2D, Padding>
  /// The number of output channels.
  public var filters: Int { configuration.filters }
  /// Inputs and outputs are divided into as many groups, each with filters of its own.
  public var groups: Int { configuration.groups }
  /// What is applied to the sums.
  public var activation: ActivationFunction { configuration.activation }
  let settings: WindowSettings

  /// - Parameters:
  ///   - filters: The number of output channels.
  ///   - kernel: The size of the window.
  ///   - stride: From one window to the next.
  ///   - padding: What windows see beyond the edges: zeros.
  ///   - dilation: From one element of the window to the next.
  ///   - groups: Divides the channels and the filters; as many as channels is a depthwise convolution.
  ///   - activation: What is applied to the sums.
  ///   - useBias: Whether there is a bias.
  ///   - initializer: What the weight is drawn with, and with `.pytorchDefault` the bias too.
  ///   - regularizer: A penalty on the weight.
  public convenience init(
    _ filters: Int, kernel: Extent2D, stride: Extent2D = 1, padding: Padding = .valid, dilation: Extent2D = 1,
    groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    initializer: Initializer = .pytorchDefault, regularizer: Regularizer? = nil
  ) {
    var configuration = ConvolutionConfiguration<Extent2D, Padding>(filters: filters, kernel: kernel)
    (configuration.stride, configuration.padding) = (stride, padding)
    (configuration.dilation, configuration.groups) = (dilation, groups)
    (configuration.activation, configuration.useBias) = (activation, useBias)
    (configuration.initializer, configuration.regularizer) = (initializer, regularizer)
    self.init(configuration: configuration)
  }

  public init(configuration: ConvolutionConfiguration<Extent2D, Padding>) {
    self.configuration = configuration
    settings = WindowSettings(
      kernel: configuration.kernel, stride: configuration.stride, padding: configuration.padding,
      dilation: configuration.dilation)
    (weight, bias) = ConvolutionParameters.make(configuration)
  }

  public func prepare(inputShape: [Int]) throws {
    try settings.check(layer: "Conv2D", inputShape: inputShape)
    try ConvolutionParameters(layer: "Conv2D", weight, bias, isTransposed: false)
      .declare(configuration, kernel: [settings.kernel.height, settings.kernel.width], inputShape: inputShape)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    let sums = input.convolution(
      weight.value, bias: bias?.value, settings.geometry(for: input), groups: groups,
      activation: activation.operation)
    return activation.finishing(sums)
  }

  public var allowsReplay: Bool { activation.allowsReplay }
}

extension Conv2D: ConfigurableLayer {}
