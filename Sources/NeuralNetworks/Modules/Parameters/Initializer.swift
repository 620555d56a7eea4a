/// The initializer of a parameter.
///
/// Values are drawn on the host, in Double, from the seed and the path of the parameter, with the same bits on every
/// device. fanIn and fanOut are the numbers of inputs and outputs of one unit: `shape[0]` and `shape[1]` of a matrix
/// `[inputs, units]`; `shape[1]·k` and `shape[0]·k` of a convolution `[outputs, inputs, …]`, where k is the product of
/// the other sizes; the length of a vector. The formulas match PyTorch (`torch.nn.init`). Normal distributions are not
/// truncated.
public struct Initializer: Sendable {
  /// The built-in initializers, which a model description can refer to by name.
  enum Kind: Sendable, Hashable {
    case zeros, ones, pytorchDefault, orthogonal(gain: Double)
    case constant(Double)
    case normal(mean: Double, deviation: Double)
    case uniform(Double, Double)
    case scaled(Scaling, isNormal: Bool)
    case custom
  }

  /// The divisor of the variance.
  enum Scaling: String, Sendable, CaseIterable { case glorot, he, lecun }

  /// The name in a model description: "glorot_uniform".
  public let name: String
  let kind: Kind
  private let draw: @Sendable (_ shape: [Int], _ random: RandomStream) -> [Double]

  /// Creates a custom initializer.
  /// - Parameters:
  ///   - name: The name in a model description.
  ///   - draw: Returns as many numbers as the shape has elements, in row-major order. Use `random.uniforms(_:in:)` and
  ///     `random.normals(_:mean:deviation:)` for random numbers.
  public init(_ name: String, _ draw: @escaping @Sendable (_ shape: [Int], _ random: RandomStream) -> [Float]) {
    self.init(name, .custom) { shape, random in draw(shape, random).map(Double.init) }
  }

  init(
    _ name: String, _ kind: Kind, _ draw: @escaping @Sendable (_ shape: [Int], _ random: RandomStream) -> [Double]
  ) {
    self.name = name
    self.kind = kind
    self.draw = draw
  }

  /// Returns the initial values of a parameter.
  func values(_ shape: [Int], _ random: RandomStream) -> [Float] {
    let values = draw(shape, random)
    if values.count != shape.reduce(1, *) {
      ProgrammerError.end("the initializer \"\(name)\" gave \(values.count) numbers for the shape \(shape)")
    }
    return values.map { Float($0) }
  }

  /// Returns the bias initializer of a layer with this initializer: U(±1/√fanIn) for `pytorchDefault`, otherwise zeros.
  func forBias(fanIn: Int) -> Initializer {
    guard kind == .pytorchDefault else { return .zeros }
    let bound = Initializer.pytorchBound(fanIn: fanIn)
    return .uniform(-bound, bound)
  }

  static func pytorchBound(fanIn: Int) -> Double { 1 / Double(Swift.max(fanIn, 1)).squareRoot() }

  /// Returns the numbers of inputs and outputs of one unit.
  static func fans(_ shape: [Int]) -> (fanIn: Int, fanOut: Int) {
    switch shape.count {
    case 0: return (1, 1)
    case 1: return (shape[0], shape[0])
    case 2: return (shape[0], shape[1])
    default:
      let field = shape[2...].reduce(1, *)
      return (shape[1] * field, shape[0] * field)
    }
  }
}

extension Initializer {
  /// The value 0 for all elements.
  public static let zeros = Initializer("zeros", .zeros) { shape, _ in numbers(shape, 0) }
  /// The value 1 for all elements.
  public static let ones = Initializer("ones", .ones) { shape, _ in numbers(shape, 1) }

  /// The same number for all elements.
  public static func constant(_ value: Double) -> Initializer {
    Initializer("constant", .constant(value)) { shape, _ in numbers(shape, value) }
  }

  /// The normal distribution with mean 0.
  public static func normal(deviation: Double) -> Initializer { normal(mean: 0, deviation: deviation) }

  /// The normal distribution.
  public static func normal(mean: Double, deviation: Double) -> Initializer {
    Initializer("normal", .normal(mean: mean, deviation: deviation)) { shape, random in
      random.normals(shape.reduce(1, *), mean: mean, deviation: deviation)
    }
  }

  /// The uniform distribution from `lower` to `upper`.
  public static func uniform(_ lower: Double, _ upper: Double) -> Initializer {
    Initializer("uniform", .uniform(lower, upper)) { shape, random in
      spread(random.uniforms(shape.reduce(1, *)), lower, upper)
    }
  }

  /// U(±1/√fanIn): PyTorch's initialization of weights and biases in `Linear` and convolutions. The default of `Dense`.
  public static let pytorchDefault = Initializer("pytorch_default", .pytorchDefault) { shape, random in
    let bound = pytorchBound(fanIn: fans(shape).fanIn)
    return spread(random.uniforms(shape.reduce(1, *)), -bound, bound)
  }

  /// U(±√(6/(fanIn + fanOut))). Glorot and Bengio 2010.
  public static let glorotUniform = scaled(.glorot, isNormal: false)
  /// N(0, 2/(fanIn + fanOut)). Glorot and Bengio 2010.
  public static let glorotNormal = scaled(.glorot, isNormal: true)
  /// U(±√(6/fanIn)). He et al. 2015, for ReLU.
  public static let heUniform = scaled(.he, isNormal: false)
  /// N(0, 2/fanIn). He et al. 2015, for ReLU.
  public static let heNormal = scaled(.he, isNormal: true)
  /// U(±√(3/fanIn)). LeCun et al. 1998.
  public static let lecunUniform = scaled(.lecun, isNormal: false)
  /// N(0, 1/fanIn). LeCun et al. 1998.
  public static let lecunNormal = scaled(.lecun, isNormal: true)

  private static func scaled(_ scaling: Scaling, isNormal: Bool) -> Initializer {
    let name = "\(scaling.rawValue)_\(isNormal ? "normal" : "uniform")"
    return Initializer(name, .scaled(scaling, isNormal: isNormal)) { shape, random in
      let (fanIn, fanOut) = fans(shape)
      let variance: Double =
        switch scaling {
        case .glorot: 2 / Double(Swift.max(fanIn + fanOut, 1))
        case .he: 2 / Double(Swift.max(fanIn, 1))
        case .lecun: 1 / Double(Swift.max(fanIn, 1))
        }
      let count = shape.reduce(1, *)
      if isNormal { return random.normals(count, deviation: variance.squareRoot()) }
      let bound = (3 * variance).squareRoot()
      return spread(random.uniforms(count), -bound, bound)
    }
  }

  private static func numbers(_ shape: [Int], _ value: Double) -> [Double] {
    [Double](repeating: value, count: shape.reduce(1, *))
  }

  private static func spread(_ uniforms: [Double], _ lower: Double, _ upper: Double) -> [Double] {
    uniforms.map { lower + (upper - lower) * $0 }
  }
}
