/// A demo program for an introduction to neural networks, written with the public API of the package.
///
/// ```swift
/// let outcome = try Demo.named("perceptron")!.run(on: Stage(device: .cpu))
/// print(outcome["accuracy"]!)
/// ```
public struct Demo: Sendable {
  /// The name on the command line, such as "perceptron".
  public let name: String
  /// A one-sentence description.
  public let summary: String
  private let body: @Sendable (Stage) throws -> Outcome

  init(_ name: String, _ summary: String, _ body: @escaping @Sendable (Stage) throws -> Outcome) {
    self.name = name
    self.summary = summary
    self.body = body
  }

  /// Runs the program.
  /// - Returns: The measured results.
  /// - Throws: Errors of the library, including those for missing data.
  public func run(on stage: Stage) throws -> Outcome { try body(stage) }

  /// All demos, in the order of a course.
  public static let all: [Demo] = [
    perceptron, line, layer, flowers, backpropagation, regression, fashion, convolution, sentiment, characters,
    translation, autoencoder, variational, cartPole,
  ]

  /// The data sets that demos read: folders in `Stage.data`.
  public static let dataSets = DataSet.allCases.map(\.rawValue)

  enum DataSet: String, CaseIterable {
    case digits = "mnist-10k"
    case clothes = "fashion-mnist-900"
    case sentences = "sentiment"
  }

  /// The demo with this name.
  public static func named(_ name: String) -> Demo? { all.first { $0.name == name } }
}

/// The results of a demo by name, in the order of measurement.
public struct Outcome: Sendable, ExpressibleByDictionaryLiteral {
  /// The names and values.
  public let figures: [(name: String, value: Double)]

  public init(dictionaryLiteral figures: (String, Double)...) { self.figures = figures.map { ($0.0, $0.1) } }

  /// The value with this name.
  public subscript(name: String) -> Double? { figures.first { $0.name == name }?.value }
}
