/// The initializer of a parameter.
///
/// Values are drawn on the host, in Double, from the seed and the path of the parameter, with the same bits on every
/// device. fanIn and fanOut are the numbers of inputs and outputs of one unit: `shape[0]` and `shape[1]` of a matrix
/// `[inputs, units]`; `shape[1]·k` and `shape[0]·k` of a convolution `[outputs, inputs, …]`, where k is the product of
/// the other sizes; the length of a vector. The formulas match PyTorch (`torch.nn.init`). Normal distributions are not
/// truncated unless their name says so.
public struct Initializer: Sendable {
  /// The built-in initializers, which a model description can refer to by name.
  enum Kind: Sendable, Hashable {
    case zeros, ones, pytorchDefault, orthogonal(gain: Double), identity(gain: Double)
    case constant(Double)
    case normal(mean: Double, deviation: Double)
    case truncatedNormal(mean: Double, deviation: Double)
    case uniform(Double, Double)
    case varianceScaling(Double, Fan, Distribution)
    case scaled(Scaling, isNormal: Bool)
    case custom
  }

  /// The divisor of the variance.
  enum Scaling: String, Sendable, CaseIterable { case glorot, he, lecun }

  /// A number by which a variance is divided.
  public enum Fan: String, Sendable, CaseIterable {
    /// The number of inputs of a unit.
    case fanIn = "fan_in"
    /// The number of outputs of a unit.
    case fanOut = "fan_out"
    /// The mean of both.
    case average = "fan_avg"
  }

  /// A distribution of initial values.
  public enum Distribution: String, Sendable, CaseIterable {
    /// A normal distribution whose values beyond two standard deviations are drawn again.
    case truncatedNormal = "truncated_normal"
    /// A normal distribution (Keras' `untruncated_normal`).
    case normal = "untruncated_normal"
    /// A uniform distribution with mean 0.
    case uniform
  }

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

  /// The normal distribution whose values beyond two standard deviations are drawn again (Keras' `TruncatedNormal`).
  /// `deviation` is that of the distribution before it is truncated; the values have a deviation of about 0.88 of it.
  public static func truncatedNormal(mean: Double = 0, deviation: Double = 0.05) -> Initializer {
    Initializer("truncated_normal", .truncatedNormal(mean: mean, deviation: deviation)) { shape, random in
      truncatedNormals(shape.reduce(1, *), random).map { mean + deviation * $0 }
    }
  }

  /// Values with mean 0 and the variance scale/n, where n is fanIn, fanOut, or their mean, as Keras' `VarianceScaling`,
  /// whose defaults these are.
  public static func varianceScaling(
    scale: Double = 1, fan: Fan = .fanIn, distribution: Distribution = .truncatedNormal
  ) -> Initializer {
    let name = scalingName(fan, distribution)
    return Initializer(name, .varianceScaling(scale, fan, distribution)) { shape, random in
      let (fanIn, fanOut) = fans(shape)
      let divisor: Double =
        switch fan {
        case .fanIn: Double(fanIn)
        case .fanOut: Double(fanOut)
        case .average: (Double(fanIn) + Double(fanOut)) / 2
        }
      return numbers(shape, distribution, variance: scale / Swift.max(divisor, 1), random)
    }
  }

  private static func scalingName(_ fan: Fan, _ distribution: Distribution) -> String {
    "variance_scaling_\(fan.rawValue)_\(distribution.rawValue)"
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
      return numbers(shape, isNormal ? .normal : .uniform, variance: variance, random)
    }
  }

  /// Returns values with mean 0.
  private static func numbers(
    _ shape: [Int], _ distribution: Distribution, variance: Double, _ random: RandomStream
  ) -> [Double] {
    let count = shape.reduce(1, *)
    switch distribution {
    case .normal: return random.normals(count, deviation: variance.squareRoot())
    case .truncatedNormal:
      // The standard deviation of a standard normal distribution that is truncated at ±2.
      let deviation = variance.squareRoot() / 0.87962566103423978
      return truncatedNormals(count, random).map { deviation * $0 }
    case .uniform:
      let bound = (3 * variance).squareRoot()
      return spread(random.uniforms(count), -bound, bound)
    }
  }

  /// Returns numbers from the standard normal distribution without those beyond ±2.
  private static func truncatedNormals(_ count: Int, _ random: RandomStream) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(count)
    while result.count < count {
      result += random.normals(count - result.count).filter { $0.magnitude <= 2 }
    }
    return result
  }

  private static func numbers(_ shape: [Int], _ value: Double) -> [Double] {
    [Double](repeating: value, count: shape.reduce(1, *))
  }

  private static func spread(_ uniforms: [Double], _ lower: Double, _ upper: Double) -> [Double] {
    uniforms.map { lower + (upper - lower) * $0 }
  }
}

extension Initializer {
  /// The identity matrix times a gain, with zeros in the rows or columns that a square does not have (PyTorch's `eye_`;
  /// Keras' `Identity`).
  ///
  /// A kernel of a convolution is the identity at its middle position and 0 elsewhere, so that the convolution returns its
  /// input (PyTorch's `dirac_`). All elements of a vector are the gain.
  public static func identity(gain: Double = 1) -> Initializer {
    Initializer("identity", .identity(gain: gain)) { shape, _ in
      guard shape.count >= 2 else { return numbers(shape, gain) }
      var values = numbers(shape, 0)
      let field = shape[2...].reduce(1, *)
      let middle = shape[2...].reduce(0) { $0 * $1 + $1 / 2 }
      if field == 0 { return values }
      for index in 0..<Swift.min(shape[0], shape[1]) { values[(index * shape[1] + index) * field + middle] = gain }
      return values
    }
  }

  /// A matrix with orthonormal rows or columns, whichever are fewer, times a gain. Saxe, McClelland, and Ganguli 2014.
  ///
  /// A tensor with more than two axes is treated as a matrix with `shape[0]` rows; with fewer, as a matrix with a
  /// single row. The result is the Q of the QR decomposition of a matrix of normal numbers, with signs that make the
  /// diagonal of R positive, so it is uniformly distributed (Mezzadri 2007), as in PyTorch.
  public static func orthogonal(gain: Double = 1) -> Initializer {
    Initializer("orthogonal", .orthogonal(gain: gain)) { shape, random in
      let count = shape.reduce(1, *)
      let rows = shape.count < 2 ? Swift.min(count, 1) : shape[0]
      if count == 0 { return [] }
      let columns = count / rows
      // The vectors have the longer extent and are orthonormalized one after the other.
      let (vectors, length) = (Swift.min(rows, columns), Swift.max(rows, columns))
      var basis = random.normals(vectors * length)
      orthonormalize(&basis, vectors: vectors, length: length)
      var result = [Double](repeating: 0, count: count)
      for vector in 0..<vectors {
        for index in 0..<length {
          let position = rows <= columns ? vector * columns + index : index * columns + vector
          result[position] = gain * basis[vector * length + index]
        }
      }
      return result
    }
  }

  /// Applies modified Gram-Schmidt, with each vector orthogonalized twice ("twice is enough": Giraud et al. 2005). The
  /// vectors are stored one after the other.
  private static func orthonormalize(_ basis: inout [Double], vectors: Int, length: Int) {
    basis.withUnsafeMutableBufferPointer { basis in
      for vector in 0..<vectors {
        let own = vector * length
        for _ in 0..<2 {
          for earlier in 0..<vector {
            let other = earlier * length
            var product = 0.0
            for index in 0..<length { product += basis[own + index] * basis[other + index] }
            for index in 0..<length { basis[own + index] -= product * basis[other + index] }
          }
        }
        var square = 0.0
        for index in 0..<length { square += basis[own + index] * basis[own + index] }
        let factor = 1 / square.squareRoot()
        for index in 0..<length { basis[own + index] *= factor }
      }
    }
  }
}

extension Initializer: Codable {
  /// Decodes an initializer from its name and constants: "he_normal", "uniform(-0.1, 0.1)". A custom initializer is
  /// decoded by name only: it draws like `pytorchDefault`, which does not matter if values are loaded.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let formula = FormulaText(parsing: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not an initializer")
    }
    let custom = Initializer(formula.name, .custom) { Initializer.pytorchDefault.values($0, $1).map(Double.init) }
    self = Initializer.builtIn(formula) ?? custom
  }

  public func encode(to encoder: any Encoder) throws {
    let constants: [Double] =
      switch kind {
      case .constant(let value): [value]
      case .normal(let mean, let deviation), .truncatedNormal(let mean, let deviation): [mean, deviation]
      case .uniform(let lower, let upper): [lower, upper]
      case .orthogonal(let gain), .identity(let gain): [gain]
      case .varianceScaling(let scale, _, _): [scale]
      case .zeros, .ones, .pytorchDefault, .scaled, .custom: []
      }
    var container = encoder.singleValueContainer()
    try container.encode(FormulaText(name, constants).text)
  }

  private static let simple: [Initializer] = [
    .zeros, .ones, .pytorchDefault, .glorotUniform, .glorotNormal, .heUniform, .heNormal, .lecunUniform, .lecunNormal,
  ]

  private static func builtIn(_ formula: FormulaText) -> Initializer? {
    let constants = formula.constants
    return switch (formula.name, constants.count) {
    case ("constant", 1): .constant(constants[0])
    case ("normal", 1): .normal(deviation: constants[0])
    case ("normal", 2): .normal(mean: constants[0], deviation: constants[1])
    case ("truncated_normal", 2): .truncatedNormal(mean: constants[0], deviation: constants[1])
    case ("uniform", 2): .uniform(constants[0], constants[1])
    case ("orthogonal", 0): .orthogonal()
    case ("orthogonal", 1): .orthogonal(gain: constants[0])
    case ("identity", 0): .identity()
    case ("identity", 1): .identity(gain: constants[0])
    case (let name, 0): simple.first { $0.name == name }
    case (let name, 1): varianceScaling(named: name, scale: constants[0])
    default: nil
    }
  }

  private static func varianceScaling(named name: String, scale: Double) -> Initializer? {
    for fan in Fan.allCases {
      for distribution in Distribution.allCases where scalingName(fan, distribution) == name {
        return varianceScaling(scale: scale, fan: fan, distribution: distribution)
      }
    }
    return nil
  }
}
