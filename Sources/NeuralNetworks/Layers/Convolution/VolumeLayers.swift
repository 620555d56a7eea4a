/// A convolution of volumes, such as videos or scans: `[N, C, D, H, W]` → `[N, filters, D′, H′, W′]`, y = activation(x ⋆ W +
/// b). See `Conv2D`.
///
/// ```swift
/// Conv3D(16, kernel: [3, 5, 5], padding: .same, activation: .relu)     // [N, 1, 16, 64, 64] → [N, 16, 16, 64, 64]
/// ```
///
/// W is `[filters, C/groups, kernel depth, kernel height, kernel width]` and b `[filters]`, with the layout and
/// initialization of PyTorch's `Conv3d`.
public final class Conv3D: Layer {
  /// W, `[filters, C/groups, kernel depth, kernel height, kernel width]`.
  public let weight: Parameter
  /// b, `[filters]`; nil if there is none.
  public let bias: Parameter?
  /// All settings.
  public let configuration: ConvolutionConfiguration<Extent3D, Padding3D>
  private let settings: VolumeSettings

  /// Creates a convolution of volumes.
  /// - Parameters:
  ///   - filters: The number of output channels.
  ///   - kernel: The size of the window.
  ///   - stride: The distance from one window to the next.
  ///   - padding: The padding at the edges.
  ///   - dilation: The distance from one element of the window to the next.
  ///   - groups: The number of groups. Must divide the channels and the filters.
  ///   - activation: The activation function.
  ///   - useBias: Whether the layer has a bias.
  ///   - initializer: The initializer of the weight and, with `.pytorchDefault`, also of the bias.
  ///   - regularizer: A penalty on the weight.
  ///   - paddingMode: How the padding is filled; with zeros by default.
  public convenience init(
    _ filters: Int, kernel: Extent3D, stride: Extent3D = 1, padding: Padding3D = .valid, dilation: Extent3D = 1,
    groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    initializer: Initializer = .pytorchDefault, regularizer: Regularizer? = nil, paddingMode: PaddingMode = .zeros
  ) {
    self.init(
      configuration: ConvolutionConfiguration(
        filters: filters, kernel: kernel, stride: stride, padding: padding, dilation: dilation, groups: groups,
        activation: activation, useBias: useBias, initializer: initializer, regularizer: regularizer,
        paddingMode: paddingMode))
  }

  public init(configuration: ConvolutionConfiguration<Extent3D, Padding3D>) {
    self.configuration = configuration
    settings = VolumeSettings(
      kernel: configuration.kernel, stride: configuration.stride, padding: configuration.padding,
      dilation: configuration.dilation, paddingMode: configuration.paddingMode)
    (weight, bias) = ConvolutionParameters.make(configuration)
  }

  public func prepare(inputShape: [Int]) throws {
    try settings.check(layer: "Conv3D", inputShape: inputShape)
    try ConvolutionParameters(layer: "Conv3D", weight, bias, isTransposed: false)
      .declare(configuration, kernel: configuration.kernel.numbers, inputShape: inputShape)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .volumes, extent: weight.knownExtent(1).map { $0 * configuration.groups })
    let edges = [(before: 0, after: 0), (0, 0)] + settings.edges(Array(input.shape.dropFirst(2)))
    let sums = input.padded(edges, mode: settings.paddingMode).convolution(
      weight.value, bias: bias?.value, stride: settings.stride.spatial, dilation: settings.dilation.spatial,
      groups: configuration.groups)
    return configuration.activation(sums)
  }

  public var allowsReplay: Bool { configuration.activation.allowsReplay }
}

/// The maximum of each window of volumes: `[N, C, D, H, W]` → `[N, C, D′, H′, W′]`. Padding is never the maximum, and the
/// gradient goes to the first of equal numbers (PyTorch's `MaxPool3d`).
public final class MaxPool3D: Layer {
  public let configuration: PoolingConfiguration<Extent3D, Padding3D>

  /// Creates a max pooling layer for volumes.
  /// - Parameters:
  ///   - window: The size of the window.
  ///   - stride: The distance from one window to the next; the size of the window by default.
  ///   - padding: The padding at the edges, at most half a window. `.same` is not possible.
  public convenience init(_ window: Extent3D, stride: Extent3D? = nil, padding: Padding3D = .valid) {
    self.init(configuration: PoolingConfiguration(window: window, stride: stride, padding: padding))
  }

  public init(configuration: PoolingConfiguration<Extent3D, Padding3D>) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    try configuration.settings.check(layer: "MaxPool3D", inputShape: inputShape, pools: true)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .volumes)
    prepareCall(input)
    let settings = configuration.settings
    return input.maxPooled(settings.kernel.spatial, stride: settings.stride.spatial, padding: settings.symmetricPadding)
  }

  public var allowsReplay: Bool { true }
}

/// The mean of each window of volumes: `[N, C, D, H, W]` → `[N, C, D′, H′, W′]`. Padding counts as zeros, as in PyTorch's
/// `AvgPool3d`, unless `countsPadding` is false (Keras).
public final class AveragePool3D: Layer {
  public let configuration: PoolingConfiguration<Extent3D, Padding3D>

  /// Creates an average pooling layer for volumes.
  /// - Parameters:
  ///   - window: The size of the window.
  ///   - stride: The distance from one window to the next; the size of the window by default.
  ///   - padding: The padding at the edges, at most half a window. `.same` is not possible.
  ///   - countsPadding: Whether padding counts as zeros.
  public convenience init(
    _ window: Extent3D, stride: Extent3D? = nil, padding: Padding3D = .valid, countsPadding: Bool = true
  ) {
    self.init(
      configuration: PoolingConfiguration(
        window: window, stride: stride, padding: padding, countsPadding: countsPadding ? nil : false))
  }

  public init(configuration: PoolingConfiguration<Extent3D, Padding3D>) { self.configuration = configuration }

  public func prepare(inputShape: [Int]) throws {
    try configuration.settings.check(layer: "AveragePool3D", inputShape: inputShape, pools: true)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .volumes)
    prepareCall(input)
    let settings = configuration.settings
    return input.averagePooled(
      settings.kernel.spatial, stride: settings.stride.spatial, padding: settings.symmetricPadding,
      countsPadding: configuration.countsPadding ?? true)
  }

  public var allowsReplay: Bool { true }
}

/// The mean of each channel of a volume: `[N, C, D, H, W]` → `[N, C]`.
public final class GlobalAveragePool3D: Layer {
  public init() {}

  public func prepare(inputShape: [Int]) throws { try checkVolumes("GlobalAveragePool3D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .volumes)
    return input.mean(axes: [2, 3, 4])
  }

  public var allowsReplay: Bool { true }
}

/// The maximum of each channel of a volume: `[N, C, D, H, W]` → `[N, C]`. Equal maxima share the gradient.
public final class GlobalMaxPool3D: Layer {
  public init() {}

  public func prepare(inputShape: [Int]) throws { try checkVolumes("GlobalMaxPool3D", inputShape) }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    check(input, .volumes)
    return input.max(axes: [2, 3, 4])
  }

  public var allowsReplay: Bool { true }
}

private func checkVolumes(_ layer: String, _ inputShape: [Int]) throws {
  guard inputShape.count == 4, !inputShape.contains(0) else {
    throw ModelError.invalidConfiguration(
      layer: layer, reason: "an example is a volume [channels, depth, height, width], not \(inputShape)")
  }
}

extension Conv3D: ConfigurableLayer {}
extension MaxPool3D: ConfigurableLayer {}
extension AveragePool3D: ConfigurableLayer {}

extension GlobalAveragePool3D: ConfigurableLayer {
  public var configuration: NoSettings { NoSettings() }
  public convenience init(configuration: NoSettings) { self.init() }
}

extension GlobalMaxPool3D: ConfigurableLayer {
  public var configuration: NoSettings { NoSettings() }
  public convenience init(configuration: NoSettings) { self.init() }
}

extension PoolingConfiguration where Extent == Extent3D, Edge == Padding3D {
  fileprivate var settings: VolumeSettings {
    VolumeSettings(kernel: window, stride: stride ?? window, padding: padding)
  }
}

extension VolumeSettings {
  /// The same number of positions before and after each axis.
  fileprivate var symmetricPadding: SpatialExtent {
    if case .explicit(let extent) = padding { extent.spatial } else { 0 }
  }
}
