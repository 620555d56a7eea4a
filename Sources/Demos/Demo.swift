public import NeuralNetworks

/// A demo program for an introduction to neural networks, written with the public API of the package.
///
/// ```swift
/// let result = try Demo.named("perceptron")!.run(on: DemoContext(device: .cpu))
/// print(result["accuracy"]!)
/// ```
public struct Demo: Sendable {
  /// The name on the command line, such as "perceptron".
  public let name: String
  /// A one-sentence description.
  public let summary: String
  private let body: @Sendable (DemoContext) throws -> DemoResult

  init(_ name: String, _ summary: String, _ body: @escaping @Sendable (DemoContext) throws -> DemoResult) {
    self.name = name
    self.summary = summary
    self.body = body
  }

  /// Runs the program.
  /// - Returns: The measured results.
  /// - Throws: Errors of the library, including errors for missing data.
  public func run(on context: DemoContext) throws -> DemoResult { try body(context) }

  /// All demos, in the order of a course.
  public static let all: [Demo] = [
    perceptron, line, layer, flowers, backpropagation, regression, table, fashion, convolution, transfer, series,
    sentiment, characters, translation, components, autoencoder, variational, gan, diffusion, cartPole,
  ]

  /// The data sets that demos read: folders in `DemoContext.data`.
  public static let dataSets = DataSet.allCases.map(\.rawValue)

  enum DataSet: String, CaseIterable {
    case digits = "mnist-10k"
    case clothes = "fashion-mnist-900"
    case sentences = "sentiment"
  }

  /// Returns the demo with the given name.
  public static func named(_ name: String) -> Demo? { all.first { $0.name == name } }
}

/// The results of a demo by name, in the order in which they were measured.
public struct DemoResult: Sendable, ExpressibleByDictionaryLiteral {
  /// The names and values.
  public let figures: [(name: String, value: Double)]

  public init(dictionaryLiteral figures: (String, Double)...) { self.figures = figures.map { ($0.0, $0.1) } }

  /// The value with the given name.
  public subscript(name: String) -> Double? { figures.first { $0.name == name }?.value }
}

/// The environment of a demo: a device, a seed, data, and destinations for text and pictures.
public struct DemoContext: Sendable {
  /// The device for training.
  public var device: Device
  /// The seed of weights, generated data, and the order of examples.
  public var seed: UInt64
  /// Whether to train for a shorter time, just long enough to show that the network learns.
  public var isQuick: Bool
  /// A folder with subfolders of data sets, such as "mnist-10k"; nil for generated data.
  public var data: String?
  /// Receives a line of text.
  public var show: @Sendable (String) -> Void
  /// Receives a picture: a name without an extension, and SVG.
  public var keep: @Sendable (_ name: String, _ svg: String) throws -> Void

  /// Creates a context.
  /// - Parameters:
  ///   - device: The device for training.
  ///   - seed: The seed of weights, generated data, and the order of examples.
  ///   - isQuick: Whether to train for a shorter time.
  ///   - data: A folder with data sets; nil for generated data.
  ///   - show: Receives a line of text.
  ///   - keep: Receives a picture.
  public init(
    device: Device, seed: UInt64 = 1, isQuick: Bool = false, data: String? = nil,
    show: @escaping @Sendable (String) -> Void = { _ in },
    keep: @escaping @Sendable (_ name: String, _ svg: String) throws -> Void = { _, _ in }
  ) {
    self.device = device
    self.seed = seed
    self.isQuick = isQuick
    self.data = data
    self.show = show
    self.keep = keep
  }

  /// `full`, or `quick` for a short run.
  func passes(_ full: Int, quick: Int) -> Int { isQuick ? quick : full }

  /// A number with a few digits.
  static func text(_ value: Double, digits: Int = 3) -> String {
    value.isFinite && value.magnitude < 1e12 ? NumberText.fixed(value, digits: digits) : "\(value)"
  }
}

/// √(mean x²): the typical size of errors.
func rootMeanSquare(_ errors: [Double]) -> Double {
  (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
}

/// Uniform random numbers from 0 to 1 on the host, drawn in batches.
struct RandomNumbers {
  private let random: RandomStream
  private var numbers: ArraySlice<Double> = []

  init(seed: UInt64) { random = RandomStream(seed: seed) }

  mutating func next() -> Double {
    if numbers.isEmpty {
      numbers = ((try? Tensor.uniform([4096], in: 0..<1, using: random).scalars(as: Double.self)) ?? [0.5])[...]
    }
    return numbers.removeFirst()
  }

  /// A random index into a list of weights with sum 1, with probabilities equal to the weights.
  mutating func pick(_ weights: [Double]) -> Int {
    var rest = next()
    for (index, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return index }
    }
    return weights.count - 1
  }
}
