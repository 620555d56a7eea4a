import NeuralNetworks

extension Demo {
  static let characters = Demo("characters", "An LSTM reads a text letter by letter, and goes on with one of its own.")
  { context in
    let text = Letters.text
    let alphabet = Array(Set(text)).sorted()
    let numbers = text.map { letter in Int32(alphabet.firstIndex(of: letter) ?? 0) }
    let (length, stride) = (40, 7)
    let starts = Array(Swift.stride(from: 0, to: numbers.count - length - 1, by: stride))
    func windows(_ shift: Int) -> Tensor {
      Tensor(starts.flatMap { numbers[$0 + shift..<$0 + shift + length] }, shape: [starts.count, length])
    }
    let writer = Writer(letters: alphabet.count)
    let model = Model(writer)
    model.compile(
      optimizer: .adam(learningRate: 5e-3), loss: .crossEntropy(), metrics: [.accuracy], device: context.device)
    let history = try model.fit(
      TensorDataset(windows(0), windows(1)), epochs: context.passes(40, quick: 6), batchSize: 16, seed: context.seed,
      verbosity: .silent)
    context.show(
      "guesses the next letter: \(DemoContext.text(100 * (history["accuracy"].last ?? 0), digits: 0)) % of them, "
        + "\(DemoContext.text(100 / Double(alphabet.count), digits: 0)) % by chance")

    var random = RandomNumbers(seed: context.seed)
    let written = try writer.write(120, after: "the ", alphabet, &random, on: context.device)
    context.show("it writes: \(written)")
    let known = Set(text.split(separator: " "))
    let words = written.split(separator: " ").dropLast()
    let share = Double(words.count { known.contains($0) }) / Double(max(words.count, 1))
    return [
      "first loss": history["loss"][0], "loss": history["loss"].last ?? .nan,
      "accuracy": history["accuracy"].last ?? 0, "known words": share,
    ]
  }
}

/// Scores for the next letter after each letter of a text.
private final class Writer: Layer {
  private let embedding: Embedding
  private let memory = LSTM(96, returnsSequence: true)
  private let output: Dense

  init(letters: Int) {
    embedding = Embedding(letters, 24)
    output = Dense(letters)
  }

  func forward(_ letters: Tensor, _ context: Context) -> Tensor {
    output(memory(embedding(letters, context), context), context)
  }

  var allowsReplay: Bool { true }

  /// Draws one letter at a time, with probabilities given by the previous letter and the memory.
  func write(
    _ count: Int, after start: String, _ alphabet: [Character], _ random: inout RandomNumbers, on device: Device
  ) throws -> String {
    var (state, text): (LSTM.State?, String) = (nil, "")
    var next = Array(start)
    for _ in 0..<count {
      let numbers = next.map { letter in Int32(alphabet.firstIndex(of: letter) ?? 0) }
      text += String(next)
      let letters = Tensor(numbers, shape: [1, numbers.count], on: device)
      let (features, after) = memory(embedding(letters, .inference), from: state, .inference)
      state = after
      let scores = output(features, .inference)[0][numbers.count - 1] / 0.5
      next = [alphabet[random.pick(try scores.softmax().scalars(as: Double.self))]]
    }
    return text
  }
}

private enum Letters {
  /// A text written for this program: many sentences from a small vocabulary.
  static let text: String = {
    let who = ["the fox", "the old man", "a small boat", "the wind", "my sister"]
    let verb = ["follows", "finds", "forgets", "carries", "waits for"]
    let what = ["the river", "a green stone", "the last light", "her song", "the road home"]
    var sentences: [String] = []
    for index in 0..<60 {
      sentences.append("\(who[index % 5]) \(verb[index * 3 / 5 % 5]) \(what[index * 7 / 3 % 5]).")
    }
    return sentences.joined(separator: " ")
  }()
}
