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
  public let weight: Parameter
  public let bias: Parameter?
  /// The number of output channels.
  public let filters: Int
  /// Inputs and outputs are divided into as many groups, each with filters of its own.
  public let groups: Int
  public let activation: ActivationFunction
  let settings: WindowSettings
  let initializer: Initializer
  let regularizer: Regularizer?

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
  public init(
    _ filters: Int, kernel: Extent2D, stride: Extent2D = 1, padding: Padding = .valid, dilation: Extent2D = 1,
    groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
    initializer: Initializer = .pytorchDefault, regularizer: Regularizer? = nil
  ) {
    self.filters = filters
    self.groups = groups
    self.activation = activation
    self.initializer = initializer
    self.regularizer = regularizer
    settings = WindowSettings(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
    weight = Parameter(nil, initializer)
    weight.regularizer = regularizer
    bias = useBias ? Parameter(nil, .zeros) : nil
  }

  public func prepare(inputShape: [Int]) throws {
    guard filters > 0 else {
      throw ModelError.invalidConfiguration(
        layer: "Conv2D", reason: "there are \(filters) filters; at least 1 is needed")
    }
    try settings.check(layer: "Conv2D", inputShape: inputShape)
    let channels = inputShape[0]
    guard groups > 0, channels % groups == 0, filters % groups == 0 else {
      throw ModelError.invalidConfiguration(
        layer: "Conv2D", reason: "\(groups) groups do not divide \(channels) channels and \(filters) filters")
    }
    try regularizer?.check(layer: "Conv2D")
    let shape = [filters, channels / groups, settings.kernel.height, settings.kernel.width]
    if let known = weight.shape, known != shape, weight.slab != nil {
      throw ModelError.inputShape(
        layer: "Conv2D", expected: [known[1] * groups] + inputShape.dropFirst(), found: inputShape)
    }
    weight.declare(shape: shape)
    bias?.declare(shape: [filters])
    bias?.initializer = initializer.forBias(fanIn: shape.dropFirst().reduce(1, *))
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    let sums = input.convolution(
      weight.value, bias: bias?.value, settings.geometry(for: input), groups: groups,
      activation: activation.operation)
    return activation.operation == nil && !activation.isLinear ? activation(sums) : sums
  }

  public var allowsReplay: Bool { activation.allowsReplay }
}

extension Conv2D: ConfigurableLayer {
  /// The settings of a `Conv2D` in a description of a model; all but `filters` and `kernel` may be left out.
  public struct Configuration: Codable, Sendable {
    public var filters: Int
    public var kernel: Extent2D
    public var stride: Extent2D = 1
    public var padding: Padding = .valid
    public var dilation: Extent2D = 1
    public var groups = 1
    public var activation: ActivationFunction = .linear
    public var useBias = true
    public var initializer: Initializer = .pytorchDefault
    public var regularizer: Regularizer?

    private enum CodingKeys: String, CodingKey, CaseIterable {
      case filters, kernel, stride, padding, dilation, groups, activation, useBias, initializer, regularizer
    }

    public init(filters: Int, kernel: Extent2D) {
      self.filters = filters
      self.kernel = kernel
    }

    public init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(["layer"] + CodingKeys.allCases.map(\.rawValue))
      let container = try decoder.container(keyedBy: CodingKeys.self)
      self.init(
        filters: try container.decode(Int.self, forKey: .filters),
        kernel: try container.decode(Extent2D.self, forKey: .kernel))
      stride = try container.decodeIfPresent(Extent2D.self, forKey: .stride) ?? stride
      padding = try container.decodeIfPresent(Padding.self, forKey: .padding) ?? padding
      dilation = try container.decodeIfPresent(Extent2D.self, forKey: .dilation) ?? dilation
      groups = try container.decodeIfPresent(Int.self, forKey: .groups) ?? groups
      activation = try container.decodeIfPresent(ActivationFunction.self, forKey: .activation) ?? activation
      useBias = try container.decodeIfPresent(Bool.self, forKey: .useBias) ?? useBias
      initializer = try container.decodeIfPresent(Initializer.self, forKey: .initializer) ?? initializer
      regularizer = try container.decodeIfPresent(Regularizer.self, forKey: .regularizer)
    }
  }

  public var configuration: Configuration {
    var configuration = Configuration(filters: filters, kernel: settings.kernel)
    configuration.stride = settings.stride
    configuration.padding = settings.padding
    configuration.dilation = settings.dilation
    configuration.groups = groups
    configuration.activation = activation
    configuration.useBias = bias != nil
    configuration.initializer = initializer
    configuration.regularizer = regularizer
    return configuration
  }

  public convenience init(configuration: Configuration) {
    self.init(
      configuration.filters, kernel: configuration.kernel, stride: configuration.stride,
      padding: configuration.padding, dilation: configuration.dilation, groups: configuration.groups,
      activation: configuration.activation, useBias: configuration.useBias, initializer: configuration.initializer,
      regularizer: configuration.regularizer)
  }
}
