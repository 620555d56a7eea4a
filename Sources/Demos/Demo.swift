/// A program of an introduction to neural networks, written with what the package offers to everybody.
///
/// ```swift
/// let outcome = try Demo.named("perceptron")!.run(on: Stage(device: .cpu))
/// print(outcome["accuracy"]!)
/// ```
public struct Demo: Sendable {
  /// What it is called on the command line: "perceptron".
  public let name: String
  /// What it shows, in a sentence.
  public let summary: String
  private let body: @Sendable (Stage) throws -> Outcome

  init(_ name: String, _ summary: String, _ body: @escaping @Sendable (Stage) throws -> Outcome) {
    self.name = name
    self.summary = summary
    self.body = body
  }

  /// Runs the program.
  /// - Returns: What it has measured.
  /// - Throws: What the library throws, also for data that is not there.
  public func run(on stage: Stage) throws -> Outcome { try body(stage) }

  /// All of them, in the order in which a course would have them.
  public static let all: [Demo] = [
    perceptron, line, layer, flowers, backpropagation, regression, fashion, convolution, sentiment, characters,
    translation, autoencoder, variational, cartPole,
  ]

  /// The one with a name.
  public static func named(_ name: String) -> Demo? { all.first { $0.name == name } }
}

/// What a demonstration has measured, by name, in the order of measuring.
public struct Outcome: Sendable, ExpressibleByDictionaryLiteral {
  /// The figures.
  public let figures: [(name: String, value: Double)]

  public init(dictionaryLiteral figures: (String, Double)...) { self.figures = figures.map { ($0.0, $0.1) } }

  /// One of the figures.
  public subscript(name: String) -> Double? { figures.first { $0.name == name }?.value }
}
