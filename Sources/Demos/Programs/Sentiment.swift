import Datasets
import NeuralNetworks

extension Demo {
  static let sentiment = Demo(
    "sentiment", "Does a sentence praise or complain? Three networks read it: an average, a convolution, an LSTM."
  ) { context in
    let sentences = try Sentences(context)
    let text = sentences.text
    var accuracies: [Double] = []
    for (name, reader) in Sentences.readers {
      let model = Sequential {
        Embedding(text.vocabulary.count, 32, padding: Vocabulary.padding, initializer: .normal(deviation: 0.05))
        Dropout(0.4)
        reader()
        Dense(1, activation: .sigmoid)
      }
      model.compile(
        optimizer: .adam(learningRate: 5e-3), loss: .binaryCrossEntropy(), metrics: [.binaryAccuracy],
        device: context.device)
      try model.fit(text.train, epochs: context.passes(8, quick: 4), seed: context.seed, verbosity: .silent)
      let accuracy = try model.evaluate(text.test)["binary_accuracy"] ?? 0
      accuracies.append(accuracy)
      context.show("\(name): \(DemoContext.text(100 * accuracy, digits: 1)) % of \(text.test.count) new sentences")
      if name == "average" { try sentences.say(model, context) }
    }
    return ["average": accuracies[0], "convolution": accuracies[1], "lstm": accuracies[2]]
  }
}

/// Positive and negative sentences, from the data set or made up.
private struct Sentences {
  let text: TextDataset

  /// The layers that can be used between the embedding and the last neuron.
  static let readers: [(name: String, make: @Sendable () -> any Layer)] = [
    ("average", { SequenceAverage(masksZeros: true) }),
    (
      "convolution",
      {
        Sequential {
          Transposed()
          Conv1D(32, kernel: 3, padding: .same, activation: .relu)
          GlobalMaxPool1D()
        }
      }
    ),
    ("lstm", { LSTM(32, masksZeros: true) }),
  ]

  init(_ context: DemoContext) throws {
    if let data = context.data {
      let folder = "\(data)/\(Demo.DataSet.sentences.rawValue)"
      let files = ["amazon_cells", "imdb", "yelp"].map { "\(folder)/\($0)_labelled.txt" }
      text = try LabeledText.load(tsv: files[0], files[1], files[2], vocabulary: 6000, length: 40)
    } else {
      context.show("no folder with data: the sentences are made up")
      let sentences = (0..<800).map { (text: Sentences.madeUp($0), label: $0 % 2) }
      text = LabeledText.dataset(sentences, vocabulary: 100, length: 12)
    }
  }

  /// Even sentences are negative, odd ones positive.
  private static func madeUp(_ index: Int) -> String {
    let things = ["the food", "this phone", "the film", "our waiter", "the sound", "that story", "the battery"]
    let praise = ["is wonderful", "was a delight", "works perfectly", "made me smile", "is the best"]
    let complaint = ["is awful", "was a waste", "never works", "made me angry", "is the worst"]
    let place = ["", " here", " every time", " in this town", " so far"]
    let number = index / 2
    let verdict = (index % 2 == 1 ? praise : complaint)[number / things.count % 5]
    return things[number % things.count] + " " + verdict + place[number / 3 % place.count]
  }

  /// Shows the model's predictions for two sentences.
  func say(_ model: Sequential, _ context: DemoContext) throws {
    for sentence in ["This is the best food, I loved it", "A waste of time, it is awful"] {
      let praise = try model.predict(text.tokens([sentence])).item()
      context.show("\"\(sentence)\": praise with probability \(DemoContext.text(praise))")
    }
  }
}

/// `[N, steps, features]` → `[N, features, steps]`, the layout of convolutions for sequences.
private final class Transposed: Layer {
  func forward(_ input: Tensor, _ context: Context) -> Tensor { input.transposed() }
  var allowsReplay: Bool { true }
}
