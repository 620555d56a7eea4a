/// A dense layer along any axes, which an equation names: y = activation(einsum(equation, x, W) + b) (Keras).
///
/// ```swift
/// EinsumDense("abc,cd->abd", outputShape: [-1, 64], biasAxes: "d")           // [N, T, C] → [N, T, 64]
/// EinsumDense("abc,cde->abde", outputShape: [-1, 8, 16], biasAxes: "de")     // [N, T, C] → [N, T, 8, 16]
/// EinsumDense("...x,xy->...y", outputShape: [64], biasAxes: "y")             // [N, …, C] → [N, …, 64]
/// ```
///
/// The equation has one letter for each axis of the input, of W, and of the result, as in `Tensor.einsum`. The first
/// letter of the input and of the result is the batch axis. The input and the result may hide axes that do not change
/// behind "...": at the end, or at the beginning, together with the batch axis.
///
/// W has the axes that the equation gives it, with the layout of Keras. b has the axes of the result from the first one
/// in `biasAxes` on, with an extent of 1 for those that are not in it. Numbers are drawn as for a matrix with one row for
/// each number of W in a sum.
public final class EinsumDense: Layer {
  /// W, with the axes that the equation gives it.
  public let weight: Parameter
  /// b; nil if there is none.
  public let bias: Parameter?
  /// All settings.
  public let configuration: Configuration
  /// The activation function, applied to einsum(equation, x, W) + b.
  public var activation: ActivationFunction { configuration.activation }
  private let axes: EinsumDenseAxes?
  private let equation: EinsumEquation

  /// Creates a dense layer along any axes.
  /// - Parameters:
  ///   - equation: The axes of the input, of the weight, and of the result.
  ///   - outputShape: The extents of the result, without the batch axis and without hidden axes; -1 for an axis with the
  ///     extent that it has in the input (Keras' `None`).
  ///   - biasAxes: The axes of the result along which the bias varies; nil for no bias.
  ///   - activation: The activation function.
  ///   - initializer: The initializer of the weight and, with `.pytorchDefault`, also of the bias.
  ///   - regularizer: A penalty on the weight.
  public convenience init(
    _ equation: String, outputShape: [Int], biasAxes: String? = nil, activation: ActivationFunction = .linear,
    initializer: Initializer = .pytorchDefault, regularizer: Regularizer? = nil
  ) {
    self.init(
      configuration: Configuration(
        equation: equation, outputShape: outputShape, biasAxes: biasAxes, activation: activation,
        initializer: initializer, regularizer: regularizer))
  }

  public init(configuration: Configuration) {
    self.configuration = configuration
    axes = EinsumDenseAxes(configuration.equation)
    equation = EinsumEquation(configuration.equation)
    weight = Parameter(nil, configuration.initializer)
    weight.regularizer = configuration.regularizer
    bias = configuration.biasAxes == nil ? nil : Parameter(nil, .zeros)
  }

  public func prepare(inputShape: [Int]) throws {
    let shapes = try shapes(for: inputShape)
    try configuration.regularizer?.check(layer: "EinsumDense")
    weight.declare(shape: shapes.weight)
    weight.initializer = configuration.initializer.matrix(rows: shapes.summed)
    if let shape = shapes.bias { bias?.declare(shape: shape) }
    bias?.initializer = configuration.initializer.forBias(fanIn: shapes.summed)
  }

  public func forward(_ input: Tensor, _ context: Context) -> Tensor {
    if (try? shapes(for: Array(input.shape.dropFirst()))) == nil {
      ProgrammerError.end(
        "EinsumDense: the input has the shape \(input.shape), which does not fit \"\(configuration.equation)\" with a "
          + "weight of shape \(weight.shape ?? [])",
        hint: input.rank + 1 == axes?.input.count ? "one example needs a batch axis, as in x.expanded(axis: 0)" : nil)
    }
    let products = Tensor.einsum(equation, [input, weight.value])
    return activation(bias.map { products + $0.value } ?? products)
  }

  public var allowsReplay: Bool { activation.allowsReplay }

  /// Returns the shapes of the parameters for examples of a shape.
  /// - Throws: `ModelError` for settings and shapes that do not fit, also for a weight that has another shape already.
  private func shapes(for inputShape: [Int]) throws -> EinsumDenseShapes {
    func fail(_ reason: String) throws -> Never {
      throw ModelError.invalidConfiguration(
        layer: "EinsumDense", reason: "the equation \"\(configuration.equation)\" \(reason)")
    }
    guard let axes else {
      try fail(
        "is not like \"abc,cd->abd\", \"...x,xy->...y\", or \"ab...,bc->ac...\", with different letters for the axes "
          + "of each tensor")
    }
    let shapes = try EinsumDenseShapes(axes, configuration, inputShape, fail)
    if let known = weight.shape, weight.slab != nil, known != shapes.weight {
      try fail(
        "asks for a weight of shape \(shapes.weight) for examples of shape \(inputShape), but it has the shape \(known)"
      )
    }
    return shapes
  }
}

extension EinsumDense: ConfigurableLayer {
  /// The configuration of an `EinsumDense` in a model description. All settings except `equation` and `outputShape` are
  /// optional.
  public struct Configuration: Codable, Sendable, LayerSettings {
    /// The axes of the input, of the weight, and of the result.
    public var equation: String
    /// The extents of the result without the batch axis and hidden axes; -1 for the extent of the axis in the input.
    public var outputShape: [Int]
    /// The axes of the result along which the bias varies; none by default, for no bias.
    public var biasAxes: String?
    /// The activation function; linear by default.
    public var activation: ActivationFunction = .linear
    /// The initializer of the weight; PyTorch's default by default.
    public var initializer: Initializer = .pytorchDefault
    /// A penalty on the weight; none by default.
    public var regularizer: Regularizer?

    static var template: Self { Self(equation: "", outputShape: []) }
    static let required: Set = ["equation", "outputShape"]
  }
}

extension EinsumDense.Configuration {
  /// Creates the configuration of a layer with this equation and output shape. The other settings have their defaults.
  public init(equation: String, outputShape: [Int]) {
    self.init(equation: equation, outputShape: outputShape, biasAxes: nil)
  }
}

extension Initializer {
  /// Returns this initializer with numbers as for a matrix of this many rows.
  fileprivate func matrix(rows: Int) -> Initializer {
    Initializer(name) { shape, random in
      let count = shape.reduce(1, *)
      return rows > 0 ? values([rows, count / rows], random) : values(shape, random)
    }
  }
}
