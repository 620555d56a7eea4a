/// A transposed convolution of volumes: `[N, C, D, H, W]` → `[N, filters, D′, H′, W′]`. Each input adds a window of the
/// output. This is the operation that computes the input gradient of a `Conv3D`.
///
/// ```swift
/// ConvTranspose3D(8, kernel: 2, stride: 2, activation: .relu)        // [N, 16, 4, 7, 7] → [N, 8, 8, 14, 14]
/// ConvTranspose3D(1, kernel: 3, stride: [1, 2, 2], padding: .same)   // [N, 8, 8, 14, 14] → [N, 1, 8, 28, 28]
/// ```
///
/// W is `[C, filters/groups, kernel depth, kernel height, kernel width]` and b `[filters]`, with the layout and
/// initialization of PyTorch's `ConvTranspose3d`. D′ is (D − 1)·stride − padding + dilation·(kernel − 1) + outputPadding
/// + 1, where padding counts both sides. With `.same`, it is D·stride.
public final class ConvTranspose3D: Layer {
  /// W, `[C, filters/groups, kernel depth, kernel height, kernel width]`.
  public let weight: Parameter
  /// b, `[filters]`; nil if there is none.
  public let bias: Parameter?
  /// All settings.
  public let configuration: TransposedConvolutionConfiguration<Extent3D, Padding3D>
  /// The number of output channels.
  public var filters: Int { configuration.convolution.filters }
  private let settings: TransposedVolumeSettings

  /// Creates a transposed convolution of volumes.
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
    _ filters: Int, kernel: Extent3D, stride: Extent3D = 1, padding: Padding3D = .valid, outputPadding: Extent3D = 0,
    dilation: Extent3D = 1, groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    initializer: Initializer = .pytorchDefault, regularizer: Regularizer? = nil
  ) {
    var configuration = TransposedConvolutionConfiguration(
      ConvolutionConfiguration<Extent3D, Padding3D>(
        filters: filters, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups,
        activation: activation, useBias: useBias, initializer: initializer, regularizer: regularizer))
    configuration.outputPadding = outputPadding
    self.init(configuration: configuration)
  }

  public init(configuration: TransposedConvolutionConfiguration<Extent3D, Padding3D>) {
    self.configuration = configuration
    let convolution = configuration.convolution
    settings = TransposedVolumeSettings(
      windows: VolumeSettings(
        kernel: convolution.kernel, stride: convolution.stride, padding: convolution.padding,
        dilation: convolution.dilation, paddingMode: convolution.paddingMode),
      outputPadding: configuration.outputPadding)
    (weight, bias) = ConvolutionParameters.make(convolution)
  }

  public func prepare(inputShape: [Int]) throws {
    try settings.check(layer: "ConvTranspose3D", inputShape: inputShape)
    try ConvolutionParameters(layer: "ConvTranspose3D", weight, bias, isTransposed: true)
      .declare(configuration.convolution, kernel: configuration.convolution.kernel.numbers, inputShape: inputShape)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .volumes, extent: weight.knownExtent(0))
    let convolution = configuration.convolution
    return convolution.activation(settings.apply(input, weight.value, bias?.value, groups: convolution.groups))
  }

  public var allowsReplay: Bool { configuration.convolution.activation.allowsReplay }
}

extension ConvTranspose3D: ConfigurableLayer {}

/// The positions of the windows of a transposed convolution over its output.
private struct TransposedVolumeSettings: Sendable {
  let windows: VolumeSettings
  let outputPadding: Extent3D

  /// Returns the output size for an input size.
  private func output(_ input: [Int]) -> [Int] {
    input.indices.map { axis in
      let stride = windows.stride.numbers[axis]
      let whole = (input[axis] - 1) * stride + reach(axis)
      switch windows.padding {
      case .valid: return whole + outputPadding.numbers[axis]
      case .same: return input[axis] * stride
      case .explicit(let extent): return whole + outputPadding.numbers[axis] - 2 * extent.numbers[axis]
      }
    }
  }

  /// The number of positions from the first to the last element of a window.
  private func reach(_ axis: Int) -> Int {
    (windows.kernel.numbers[axis] - 1) * windows.dilation.numbers[axis] + 1
  }

  /// Throws an error for invalid settings.
  /// - Parameter inputShape: The shape of one example, `[C, D, H, W]`.
  func check(layer: String, inputShape: [Int]) throws {
    func fail(_ reason: String) throws -> Never { throw ModelError.invalidConfiguration(layer: layer, reason: reason) }
    if windows.paddingMode != .zeros { try fail("a padding \(windows.paddingMode), which only a convolution has") }
    try windows.checkNumbers(layer: layer, inputShape: inputShape)
    let (behind, stride) = (outputPadding.numbers, windows.stride.numbers)
    if zip(behind, stride).contains(where: { $0 < 0 || $0 >= $1 }) {
      try fail("an output padding of \(behind); each number is less than the stride of \(stride)")
    }
    if windows.padding == .same && outputPadding != 0 {
      try fail("an output padding together with the padding \"same\"")
    }
    let size = output(Array(inputShape.dropFirst()))
    if size.contains(where: { $0 < 1 }) { try fail("a padding that leaves an output of \(size)") }
    try WindowSettings.checkSize(layer: layer, size)
  }

  /// Returns the transposed convolution of x with w, plus the bias.
  func apply(_ x: Tensor, _ weight: Tensor, _ bias: Tensor?, groups: Int) -> Tensor {
    let size = output(Array(x.shape.dropFirst(2)))
    let stride = windows.stride.numbers
    var (padding, added) = ([0, 0, 0], outputPadding.numbers)
    switch windows.padding {
    case .valid: break
    case .explicit(let extent): padding = extent.numbers
    case .same:
      // Windows that overlap reach over the ends; the first end gives up half of the positions. Windows with gaps
      // between them leave positions behind the last one.
      padding = stride.indices.map { max(0, reach($0) - stride[$0]) / 2 }
      added = stride.indices.map { max(0, stride[$0] - reach($0)) }
    }
    let y = x.transposedConvolution(
      weight, bias: bias, stride: windows.stride.spatial, padding: SpatialExtent(padding),
      outputPadding: SpatialExtent(added), dilation: windows.dilation.spatial, groups: groups)
    if y.shape.dropFirst(2).elementsEqual(size) { return y }
    // With `.same`, the last end gives up an odd position.
    return y[.all, .all, ..<size[0], ..<size[1], ..<size[2]]
  }
}
