/// A fully connected layer: y = activation(x·W + b), along the last axis of the input.
///
/// ```swift
/// Dense(128, activation: .relu)          // [N, 784] → [N, 128]
/// ```
///
/// W is `[inputs, units]` (PyTorch's `Linear` stores the transpose), and b is `[units]`. All axes before the last are
/// kept.
public final class Dense: Layer {
  /// W, `[inputs, units]`.
  public let weight: Parameter
  /// b, `[units]`; nil if there is none.
  public let bias: Parameter?
  /// All settings.
  public let configuration: Configuration
  /// The number of outputs.
  public var units: Int { configuration.units }
  /// The activation function, applied to x·W + b.
  public var activation: ActivationFunction { configuration.activation }
  /// The initializer of the weight.
  public var initializer: Initializer { configuration.initializer }
  /// A penalty on the weight, which is added to the loss during training.
  public var regularizer: Regularizer? { configuration.regularizer }

  /// Creates a dense layer.
  /// - Parameters:
  ///   - units: The number of outputs.
  ///   - activation: The activation function.
  ///   - useBias: Whether the layer has a bias.
  ///   - initializer: The initializer of the weight. With `.pytorchDefault`, the bias is also initialized, from
  ///     U(±1/√inputs). With any other initializer, the bias starts at 0.
  ///   - regularizer: A penalty on the weight.
  public convenience init(
    _ units: Int, activation: ActivationFunction = .linear, useBias: Bool = true,
    initializer: Initializer = .pytorchDefault, regularizer: Regularizer? = nil
  ) {
    self.init(
      configuration: Configuration(
        units: units, activation: activation, useBias: useBias, initializer: initializer, regularizer: regularizer))
  }

  public init(configuration: Configuration) {
    self.configuration = configuration
    weight = Parameter(nil, configuration.initializer)
    weight.regularizer = configuration.regularizer
    bias = configuration.useBias ? Parameter(nil, .zeros) : nil
  }

  public func prepare(inputShape: [Int]) throws {
    guard units > 0 else {
      throw ModelError.invalidConfiguration(layer: "Dense", reason: "there are \(units) units; at least 1 is needed")
    }
    guard let inputs = inputShape.last else {
      throw ModelError.invalidConfiguration(
        layer: "Dense", reason: "the input has no axis other than the batch's; one number an example has the shape [1]")
    }
    try regularizer?.check(layer: "Dense")
    if let shape = weight.shape, shape.count == 2, shape[0] != inputs, weight.hasValue {
      throw ModelError.inputShape(layer: "Dense", expected: inputShape.dropLast() + [shape[0]], found: inputShape)
    }
    weight.declare(shape: [inputs, units])
    bias?.declare(shape: [units])
    bias?.initializer = initializer.forBias(fanIn: inputs)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    if let quantized = weight.quantizedForComputing {
      let sums = quantized.linear(input, bias: bias?.value)
      return activation.isLinear ? sums : activation(sums)
    }
    if let operation = activation.operation {
      return input.linear(weight.value, bias: bias?.value, activation: operation)
    }
    let sums = input.linear(weight.value, bias: bias?.value, activation: nil)
    return activation.isLinear ? sums : activation(sums)
  }

  public var allowsReplay: Bool { activation.allowsReplay }
}

extension Dense: ConfigurableLayer {
  /// The configuration of a `Dense` in a model description. All settings except `units` are optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The number of outputs.
    public var units: Int
    /// The activation function; linear by default.
    public var activation: ActivationFunction = .linear
    /// Whether the layer has a bias; true by default.
    public var useBias = true
    /// The initializer of the weight; PyTorch's default by default.
    public var initializer: Initializer = .pytorchDefault
    /// A penalty on the weight; none by default.
    public var regularizer: Regularizer?

    static var template: Self { Self(units: 1) }
    static let required: Set = ["units"]
  }
}

extension Dense.Configuration {
  /// Creates the configuration of a layer with this number of outputs. The other settings have their defaults.
  public init(units: Int) { self.init(units: units, useBias: true) }
}
