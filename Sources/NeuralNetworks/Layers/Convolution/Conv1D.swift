import BackendCore

/// A convolution of sequences: `[N, C, L]` → `[N, filters, L′]`, y = activation(x ⋆ W + b), where ⋆ is the
/// cross-correlation.
///
/// ```swift
/// Conv1D(32, kernel: 5, padding: .same, activation: .relu)     // [N, 8, 100] → [N, 32, 100]
/// ```
///
/// W is `[filters, C/groups, kernel]` and b `[filters]`, with the layout and initialization of PyTorch. L′ is
/// ⌊(L + padding − dilation·(kernel − 1) − 1)/stride⌋ + 1.
public final class Conv1D: Layer {
  /// W, `[filters, C/groups, kernel]`.
  public let weight: Parameter
  /// b, `[filters]`; nil if there is none.
  public let bias: Parameter?
  /// All settings.
  public let configuration: ConvolutionConfiguration<Int, Padding1D>
  /// The number of output channels.
  public var filters: Int { configuration.filters }
  let settings: WindowSettings

  /// Creates a convolution of sequences.
  /// - Parameters:
  ///   - filters: The number of output channels.
  ///   - kernel: The length of the window.
  ///   - stride: The distance from one window to the next.
  ///   - padding: The padding at the ends.
  ///   - dilation: The distance from one element of the window to the next.
  ///   - groups: The number of groups. Must divide the channels and the filters; one group per channel is a depthwise
  ///     convolution.
  ///   - activation: The activation function.
  ///   - useBias: Whether the layer has a bias.
  ///   - initializer: The initializer of the weight and, with `.pytorchDefault`, also of the bias.
  ///   - regularizer: A penalty on the weight.
  ///   - paddingMode: How the padding is filled; with zeros by default.
  public convenience init(
    _ filters: Int, kernel: Int, stride: Int = 1, padding: Padding1D = .valid, dilation: Int = 1, groups: Int = 1,
    activation: ActivationFunction = .linear, useBias: Bool = true, initializer: Initializer = .pytorchDefault,
    regularizer: Regularizer? = nil, paddingMode: PaddingMode = .zeros
  ) {
    self.init(
      configuration: ConvolutionConfiguration(
        filters: filters, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups,
        activation: activation, useBias: useBias, initializer: initializer, regularizer: regularizer,
        paddingMode: paddingMode))
  }

  public init(configuration: ConvolutionConfiguration<Int, Padding1D>) {
    self.configuration = configuration
    settings = WindowSettings(ofRow: configuration)
    (weight, bias) = ConvolutionParameters.make(configuration)
  }

  public func prepare(inputShape: [Int]) throws {
    try settings.check(layer: "Conv1D", inputShape: inputShape)
    try ConvolutionParameters(layer: "Conv1D", weight, bias, isTransposed: false)
      .declare(configuration, kernel: [configuration.kernel], inputShape: inputShape)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .sequences, extent: weight.knownExtent(1).map { $0 * configuration.groups })
    let sums = settings.convolve(
      input.asRow, weight.value.asRow, bias: bias?.value, groups: configuration.groups,
      activation: configuration.activation.operation)
    return configuration.activation.finishing(sums.withoutRowAxis)
  }

  public var allowsReplay: Bool { configuration.activation.allowsReplay }
}

extension Conv1D: ConfigurableLayer {}

extension Tensor {
  /// The sequences `[N, C, L]` as images of one row.
  var asRow: Tensor { expanded(axis: 2) }
  /// The images of one row as sequences `[N, C, L]`.
  var withoutRowAxis: Tensor { squeezed(axis: 2) }
}

extension ActivationFunction {
  /// Completes the sums of a fused operation: applies this function unless the operation has applied it.
  func finishing(_ sums: Tensor) -> Tensor { operation == nil && !isLinear ? self(sums) : sums }
}

extension WindowSettings {
  /// Creates the settings for windows over an image of one row.
  init(ofRow configuration: ConvolutionConfiguration<Int, Padding1D>) {
    self.init(
      kernel: Extent2D(1, configuration.kernel), stride: Extent2D(1, configuration.stride),
      padding: configuration.padding.ofRow, dilation: Extent2D(1, configuration.dilation), isRow: true,
      isCausal: configuration.padding == .causal, paddingMode: configuration.paddingMode)
  }
}
