/// The weight and the bias of a convolution, with shapes that depend on the channels.
struct ConvolutionParameters {
  let layer: String
  let weight: Parameter
  let bias: Parameter?
  let isTransposed: Bool

  init(layer: String, _ weight: Parameter, _ bias: Parameter?, isTransposed: Bool) {
    (self.layer, self.weight, self.bias, self.isTransposed) = (layer, weight, bias, isTransposed)
  }

  static func make<Extent, Edge>(
    _ configuration: ConvolutionConfiguration<Extent, Edge>
  ) -> (weight: Parameter, bias: Parameter?) {
    let weight = Parameter(nil, configuration.initializer)
    weight.regularizer = configuration.regularizer
    return (weight, configuration.useBias ? Parameter(nil, .zeros) : nil)
  }

  /// Declares the weight, `[filters, C/groups, kernel…]`, or `[C, filters/groups, kernel…]` for a transposed
  /// convolution, and the bias, `[filters]`.
  /// - Throws: `ModelError` for invalid filters or groups, or if the weight was created for a different number of
  ///   channels.
  func declare<Extent, Edge>(
    _ configuration: ConvolutionConfiguration<Extent, Edge>, kernel: [Int], inputShape: [Int]
  ) throws {
    let (filters, groups, channels) = (configuration.filters, configuration.groups, inputShape[0])
    guard filters > 0 else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "there are \(filters) filters; at least 1 is needed")
    }
    guard groups > 0, channels % groups == 0, filters % groups == 0 else {
      throw ModelError.invalidConfiguration(
        layer: layer, reason: "\(groups) groups do not divide \(channels) channels and \(filters) filters")
    }
    try configuration.regularizer?.check(layer: layer)
    let shape = (isTransposed ? [channels, filters / groups] : [filters, channels / groups]) + kernel
    if let known = weight.shape, known != shape, weight.hasValue {
      let expected = isTransposed ? known[0] : known[1] * groups
      throw ModelError.inputShape(layer: layer, expected: [expected] + inputShape.dropFirst(), found: inputShape)
    }
    weight.declare(shape: shape)
    bias?.declare(shape: [filters])
    let fanIn = SizeLimit.count(Array(shape.dropFirst())) ?? SizeLimit.tensor
    bias?.initializer = configuration.initializer.forBias(fanIn: fanIn)
  }
}
