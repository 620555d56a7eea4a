import ArgumentParser
import CommandSupport
import Datasets
import NeuralNetworks

/// An activation that can follow a hidden layer: "relu", "leaky-relu".
struct ActivationName: ExpressibleByArgument {
  let function: ActivationFunction

  init?(argument: String) {
    guard let index = Self.allValueStrings.firstIndex(of: argument) else { return nil }
    function = ActivationFunction.elementwise[index]
  }

  static var allValueStrings: [String] {
    ActivationFunction.elementwise.map { $0.name.replacing("_", with: "-") }
  }
}

/// Widths of hidden layers: "128,64", or "none".
struct HiddenLayers: CustomStringConvertible {
  let widths: [Int]

  init(widths: [Int]) { self.widths = widths }

  init(word: String) throws { widths = word == "none" ? [] : try Extents(word: word).extents }

  var description: String { widths.isEmpty ? "none" : Extents(extents: widths).description }
}

/// Comma-separated integers of at least 1: "28,28".
struct Extents: CustomStringConvertible {
  let extents: [Int]

  init(extents: [Int]) { self.extents = extents }

  init(word: String) throws {
    extents = try word.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let extent = Int(part), (1...1 << 20).contains(extent) else {
        throw ValidationError("expected whole numbers from 1 to 1048576 with commas between them, as in 128,64")
      }
      return extent
    }
  }

  var description: String { extents.map(String.init).joined(separator: ",") }
}

/// A network of dense layers, after convolutions for pictures with channels, specified by options.
struct NetworkOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The widths of the hidden dense layers, as in 128,64; or none. (default: 128)", valueName: "widths"),
    transform: HiddenLayers.init(word:))
  var hidden: HiddenLayers?

  @Option(help: ArgumentHelp("The activation after each hidden layer. (default: relu)", valueName: "name"))
  var activation: ActivationName?

  @Option(
    help: ArgumentHelp(
      "The fraction of the hidden values that is dropped in training, from 0 to below 1. (default: 0)",
      valueName: "part"))
  var dropout: Double?

  func validate() throws {
    if let dropout, !(dropout >= 0 && dropout < 1) {
      throw ValidationError("--dropout \(dropout): expected 0 to below 1")
    }
  }

  /// Rejects options that are determined by a model file.
  func check(withModel model: String?) throws {
    let given = [("hidden", hidden != nil), ("activation", activation != nil), ("dropout", dropout != nil)]
    guard model != nil, let (name, _) = given.first(where: \.1) else { return }
    throw ValidationError("--\(name): --model determines the layers")
  }

  /// The widths of the hidden layers.
  var layers: HiddenLayers { hidden ?? HiddenLayers(widths: [128]) }

  /// The numbers of filters of the convolutions for inputs `[channels, height, width]`: each is followed by pooling, down
  /// to sides of 4 to 7 pixels; none for other inputs.
  private func filters(_ inputShape: [Int]) -> [Int] {
    guard inputShape.count == 3 else { return [] }
    let side = min(inputShape[1], inputShape[2])
    return [16, 32, 64, 128].enumerated().prefix { side >> $0.offset >= 8 }.map(\.element)
  }

  /// The length of the vector of a word.
  private static let wordWidth = 32

  /// The layers in a line of text: "128,64", "convolutions 16,32, hidden 128", or "mean of word vectors 32, hidden 128".
  func text(_ examples: Examples) -> String {
    if examples.text != nil { return "mean of word vectors \(NetworkOptions.wordWidth), hidden \(layers)" }
    let filters = filters(examples.inputShape)
    return filters.isEmpty
      ? layers.description : "convolutions \(Extents(extents: filters)), hidden \(layers)"
  }

  /// The layers, up to one logit per class, or a value.
  /// - Parameter tokens: The number of tokens if inputs are texts: the vectors of the words of a text are averaged.
  func makeModel(inputShape: [Int], outputs: Int, tokens: Int? = nil) -> Sequential {
    var chain: [any Layer] = filters(inputShape).flatMap { filters -> [any Layer] in
      [Conv2D(filters, kernel: 3, padding: .same, activation: activation?.function ?? .relu), MaxPool2D(2)]
    }
    if let tokens {
      // With small initial vectors, the mean of a text is not dominated by words without a meaning for its class.
      chain.append(
        Embedding(
          tokens, NetworkOptions.wordWidth, padding: Vocabulary.padding, initializer: .normal(deviation: 0.05)))
      chain.append(SequenceAverage(masksZeros: true))
    }
    if inputShape.count > 1 { chain.append(Flatten()) }
    for width in layers.widths {
      chain.append(Dense(width, activation: activation?.function ?? .relu))
      if let dropout, dropout > 0 { chain.append(Dropout(dropout)) }
    }
    return Sequential(chain + [Dense(outputs)], inputShape: inputShape)
  }
}
