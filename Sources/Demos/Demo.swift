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
    perceptron, line, layer, flowers, backpropagation, regression, fashion, convolution, sentiment, characters,
    translation, autoencoder, variational, cartPole,
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
