import BackendCore

/// A transposed convolution of sequences: `[N, C, L]` → `[N, filters, L′]`. Each input adds a window of the output.
///
/// ```swift
/// ConvTranspose1D(8, kernel: 4, stride: 2, padding: 1)          // [N, 16, 50] → [N, 8, 100]
/// ```
///
/// W is `[C, filters/groups, kernel]` and b `[filters]`, with the layout and initialization of PyTorch. L′ is
/// (L − 1)·stride − padding + dilation·(kernel − 1) + outputPadding + 1, where padding counts both ends. With `.same`,
/// it is L·stride.
public final class ConvTranspose1D: Layer {
  /// W, `[C, filters/groups, kernel]`.
  public let weight: Parameter
  /// b, `[filters]`; nil if there is none.
  public let bias: Parameter?
  /// All settings.
  public let configuration: TransposedConvolutionConfiguration<Int, Padding1D>
  /// The number of output channels.
  public var filters: Int { configuration.convolution.filters }
  let settings: TransposedSettings

  /// Creates a transposed convolution of sequences.
  /// - Parameters:
  ///   - filters: The number of output channels.
  ///   - kernel: The length of the window.
  ///   - stride: The distance from the window of one input to the window of the next.
  ///   - padding: The number of positions removed from the ends of the output.
  ///   - outputPadding: The number of positions added at the end, less than the stride.
  ///   - dilation: The distance from one element of the window to the next.
  ///   - groups: The number of groups. Must divide the channels and the filters.
  ///   - activation: The activation function.
  ///   - useBias: Whether the layer has a bias.
  ///   - initializer: The initializer of the weight and, with `.pytorchDefault`, also of the bias.
  ///   - regularizer: A penalty on the weight.
  public convenience init(
    _ filters: Int, kernel: Int, stride: Int = 1, padding: Padding1D = .valid, outputPadding: Int = 0,
    dilation: Int = 1, groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    initializer: Initializer = .pytorchDefault, regularizer: Regularizer? = nil
  ) {
    var configuration = TransposedConvolutionConfiguration(
      ConvolutionConfiguration(
        filters: filters, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups,
        activation: activation, useBias: useBias, initializer: initializer, regularizer: regularizer))
    configuration.outputPadding = outputPadding
    self.init(configuration: configuration)
  }

  public init(configuration: TransposedConvolutionConfiguration<Int, Padding1D>) {
    self.configuration = configuration
    settings = TransposedSettings(
      windows: WindowSettings(ofRow: configuration.convolution), outputPadding: Extent2D(0, configuration.outputPadding)
    )
    (weight, bias) = ConvolutionParameters.make(configuration.convolution)
  }

  public func prepare(inputShape: [Int]) throws {
    try settings.check(layer: "ConvTranspose1D", inputShape: inputShape)
    try ConvolutionParameters(layer: "ConvTranspose1D", weight, bias, isTransposed: true)
      .declare(configuration.convolution, kernel: [configuration.convolution.kernel], inputShape: inputShape)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .sequences, extent: weight.knownExtent(0))
    return settings.apply(
      input.asRow, weight.value.asRow, bias?.value, groups: configuration.convolution.groups,
      configuration.convolution.activation
    ).withoutRowAxis
  }

  public var allowsReplay: Bool { configuration.convolution.activation.allowsReplay }
}

extension ConvTranspose1D: ConfigurableLayer {}
