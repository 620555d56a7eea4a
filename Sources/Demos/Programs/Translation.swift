import NeuralNetworks

extension Demo {
  static let translation = Demo(
    "translation", "Sequence to sequence with attention: \"the 4th of july 1998\" becomes 1998-07-04."
  ) { context in
    let (train, test) = (
      Dates(context.passes(4000, quick: 1000), seed: context.seed), Dates(200, seed: context.seed &+ 1)
    )
    let model = Translator()
    try model.build(on: context.device, seed: context.seed) { model in
      let zeros = Tensor.zeros([1, 2], dtype: .int32)
      _ = model.scores(model.read(zeros, .inference), previous: zeros, .inference)
    }
    let optimizer = Optimizer.adam(learningRate: .cosine(from: 4e-3, steps: context.passes(1500, quick: 150)))
    let random = RandomStream(seed: context.seed)
    var losses: [Double] = []
    for _ in 0..<context.passes(12, quick: 5) {
      var (total, steps) = (0.0, 0)
      var batches = train.dataset.batches(of: 32, shuffledBy: random, on: context.device)
      while let batch = try batches.next() {
        let (loss, gradients) = valueAndGradient(at: model) { model in
          // During training, the decoder receives the correct letters so far, preceded by a start token.
          let previous = Tensor.concatenated(
            [.zeros(like: batch.target[0..., 0..<1]), batch.target[0..., 0..<9]], axis: 1)
          let scores = model.scores(model.read(batch.input, .inference), previous: previous, .inference)
          return Loss.crossEntropy()(scores, batch.target)
        }
        try optimizer.update(model, with: gradients)
        total += try loss.item()
        steps += 1
      }
      losses.append(total / Double(steps))
    }
    let answers = try model.translate(test.words, on: context.device)
    for index in 0..<4 { context.show("\(test.texts[index]) → \(answers[index])") }
    let right = Double(zip(answers, test.answers).count { $0 == $1 }) / Double(test.answers.count)
    context.show(
      "\(DemoContext.text(100 * right, digits: 1)) % of \(test.answers.count) new dates are right to the last digit")
    return ["first loss": losses[0], "loss": losses.last ?? .nan, "accuracy": right]
  }
}

/// The encoder reads the words in both directions. The decoder writes the date letter by letter; before each letter, it
/// attends to the relevant words. Bahdanau, Cho, and Bengio 2015.
private final class Translator: Module {
  private let letters = Embedding(Dates.alphabet.count, 32), digits = Embedding(Dates.digits.count, 32)
  private let encoder = Bidirectional { LSTM(48, returnsSequence: true) }
  private let decoder = LSTM(96, returnsSequence: true)
  private let attention = MultiHeadAttention(heads: 1, width: 96)
  private let output = Dense(Dates.digits.count)

  func read(_ words: Tensor, _ context: Context) -> Tensor { encoder(letters(words, context), context) }

  /// Scores for the next letter after each of `previous`.
  func scores(_ memory: Tensor, previous: Tensor, _ context: Context) -> Tensor {
    scores(memory, previous: previous, from: nil, context).scores
  }

  private func scores(
    _ memory: Tensor, previous: Tensor, from state: LSTM.State?, _ context: Context
  ) -> (scores: Tensor, state: LSTM.State) {
    let (written, after) = decoder(digits(previous, context), from: state, context)
    let seen = attention(written, key: memory, value: memory, context)
    return (output(Tensor.concatenated([written, seen], axis: -1), context), after)
  }

  /// Writes the most likely letter, ten times.
  func translate(_ words: Tensor, on device: Device) throws -> [String] {
    let memory = read(words.moved(to: device), .inference)
    var (state, last): (LSTM.State?, Tensor) = (nil, .zeros([words.shape[0], 1], dtype: .int32, on: device))
    var columns: [[Int32]] = []
    for _ in 0..<10 {
      let (scores, after) = scores(memory, previous: last, from: state, .inference)
      (state, last) = (after, scores.argmax(axis: 2))
      columns.append(try last.scalars(as: Int32.self))
    }
    return (0..<words.shape[0]).map { row in String(columns.map { Dates.digits[Int($0[row])] }) }
  }
}

/// Dates in human-readable and in machine-readable form.
private struct Dates {
  static let alphabet = Array(" abcdefghijklmnopqrstuvwxyz0123456789,")
  /// The characters of dates; the first one is the start token.
  static let digits = Array("#0123456789-")
  private static let length = 26

  let texts, answers: [String]
  let words: Tensor
  private let targets: Tensor

  init(_ count: Int, seed: UInt64) {
    let months = [
      "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
      "december",
    ]
    var random = RandomNumbers(seed: seed)
    var (texts, answers): ([String], [String]) = ([], [])
    for _ in 0..<count {
      let (year, month, day) = (1900 + Int(random.next() * 200), Int(random.next() * 12), 1 + Int(random.next() * 28))
      let name = random.next() < 0.5 ? months[month] : String(months[month].prefix(3))
      let ending =
        day % 10 == 1 && day != 11 ? "st" : day % 10 == 2 && day != 12 ? "nd" : day % 10 == 3 && day != 13 ? "rd" : "th"
      switch Int(random.next() * 4) {
      case 0: texts.append("the \(day)\(ending) of \(name) \(year)")
      case 1: texts.append("\(name) \(day), \(year)")
      case 2: texts.append("\(day) \(name) \(year)")
      default: texts.append("\(name) the \(day)\(ending), \(year)")
      }
      func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
      answers.append("\(year)-\(two(month + 1))-\(two(day))")
    }
    self.texts = texts
    self.answers = answers
    func numbers(_ text: String, _ letters: [Character], _ length: Int) -> [Int32] {
      let known = text.map { letter in Int32(letters.firstIndex(of: letter) ?? 0) }
      return known + [Int32](repeating: 0, count: length - known.count)
    }
    words = Tensor(texts.flatMap { numbers($0, Dates.alphabet, Dates.length) }, shape: [count, Dates.length])
    targets = Tensor(answers.flatMap { numbers($0, Dates.digits, 10) }, shape: [count, 10])
  }

  var dataset: TensorDataset { TensorDataset(words, targets) }
}
