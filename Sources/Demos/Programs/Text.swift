import Datasets
import NeuralNetworks

extension Demo {
  static let sentiment = Demo(
    "sentiment", "Whether a sentence is a friendly one: words, Embedding, an LSTM from both ends, one sigmoid."
  ) { stage in
    let text = try stage.reviews()
    let model = Sequential {
      Embedding(text.vocabulary.count, 32, padding: Vocabulary.padding, initializer: .normal(deviation: 0.1))
      Bidirectional { LSTM(32, masksZeros: true) }
      Dropout(0.5)
      Dense(1, activation: .sigmoid)
    }
    model.compile(
      optimizer: .adam(learningRate: 2e-3), loss: .binaryCrossEntropy(), metrics: [.accuracy], device: stage.device)
    try model.fit(text.train, epochs: stage.passes(5, quick: 3), seed: stage.seed, verbosity: .silent)
    let accuracy = try model.evaluate(text.test)["accuracy"] ?? 0
    stage.show("test accuracy \(Stage.text(100 * accuracy, digits: 1)) %")
    let sentences = [
      "I love this place!", "The food was bad and the service slow.", "It works great.", "A waste of time.",
    ]
    let answers = try model.predict(text.tokens(sentences)).scalars()
    for (sentence, answer) in zip(sentences, answers) {
      stage.show("\(Stage.text(Double(answer), digits: 2))  \(sentence)")
    }
    return ["accuracy": accuracy]
  }

  static let characters = Demo(
    "characters", "Text letter by letter: an LSTM says which letter comes next, and so writes on by itself."
  ) { stage in
    let text = Array(stage.tale())
    let letters = Set(text).sorted()
    let numbers = text.map { letter in letters.firstIndex(of: letter) ?? 0 }
    // Stretches of text, and the same one letter later.
    let (length, step) = (32, 8)
    let starts = Array(stride(from: 0, to: text.count - length - 1, by: step))
    func stretches(from offset: Int) -> Tensor {
      Tensor(integers: starts.flatMap { numbers[$0 + offset..<$0 + offset + length] }).reshaped([starts.count, length])
    }
    let model = Sequential {
      Embedding(letters.count, 16)
      LSTM(64, returnsSequence: true)
      Dense(letters.count)
    }
    model.compile(
      optimizer: .adam(learningRate: 0.01), loss: .crossEntropy(), metrics: [.accuracy], device: stage.device)
    let data = TensorDataset(stretches(from: 0), stretches(from: 1))
    let history = try model.fit(
      data, epochs: stage.passes(20, quick: 8), seed: stage.seed, verbosity: .silent)
    var written = Array(numbers[0..<length])
    for _ in 0..<stage.passes(160, quick: 40) {
      let seen = Tensor(integers: Array(written.suffix(length))).reshaped([1, length])
      let next = try model.predict(seen)[0, -1].argmax(axis: 0).item()
      written.append(Int(next))
    }
    stage.show(String(written.map { letters[$0] }))
    return ["accuracy": history.epochs.last?["accuracy"] ?? 0]
  }
}

extension Stage {
  /// Sentences of reviews from the folder with the data; where there is none, some that are made up.
  fileprivate func reviews() throws -> TextDataset {
    if let data {
      let names = ["amazon_cells", "imdb", "yelp"].map { data + "/sentiment/\($0)_labelled.txt" }
      return try LabelledText.load(tsv: names[0], names[1], names[2], vocabulary: 4000, length: 32)
    }
    show("no folder with data: the sentences are made up")
    let things = ["food", "film", "phone", "place", "service", "story", "battery", "music", "room", "price"]
    let words = [
      ["bad", "slow", "poor", "a waste of time", "awful"], ["good", "great", "lovely", "excellent", "fun"],
    ]
    var sentences: [(text: String, label: Int)] = []
    for thing in things {
      for label in 0...1 {
        for word in words[label] {
          for opening in ["The", "I think the", "This"] { sentences.append(("\(opening) \(thing) is \(word).", label)) }
        }
      }
    }
    return LabelledText.dataset(sentences, vocabulary: 100, length: 12)
  }

  /// Sentences that repeat each other's parts, in an order that the seed decides.
  fileprivate func tale() -> String {
    let who = ["the old man", "a small bird", "the grey cat", "my brother", "the wind"]
    let does = ["sings", "sleeps", "waits", "walks", "turns around"]
    let place = ["in the garden", "by the river", "under a tree", "near the house", "on the hill"]
    let order = RandomStream(seed: seed)
    let draws = order.uniforms(3 * 120)
    return (0..<120).map { index in
      func pick(_ words: [String], _ part: Int) -> String { words[Int(draws[3 * index + part] * Double(words.count))] }
      return "\(pick(who, 0)) \(pick(does, 1)) \(pick(place, 2)). "
    }.joined()
  }
}
