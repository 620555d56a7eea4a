import BackendCore
import NeuralNetworks

/// Sentences with a class each, read from two-column tables: one `sentence<TAB>class` per line.
public enum LabeledText {
  /// Reads sentences and splits them into training and test data. The split depends only on the seed and the position
  /// of each sentence. Only words of the training data receive tokens, the most frequent words first.
  ///
  /// ```swift
  /// let text = try LabeledText.load(tsv: "reviews.tsv", vocabulary: 8000, length: 64)
  /// ```
  /// - Parameters:
  ///   - paths: One or more files, plain or gzip. The class follows the last tab: 0, 1, 2 …
  ///   - vocabulary: The maximum number of tokens, including those for padding (0) and unknown words (1).
  ///   - length: The number of tokens per sentence. Longer sentences are truncated, shorter ones padded at the end.
  ///   - testPart: The fraction of sentences for testing, at least 0 and less than 1, rounded to the nearest count.
  ///   - seed: The random seed of the split. The same seed always gives the same parts.
  /// - Throws: `DataError`, with the file and the line.
  public static func load(
    tsv paths: String..., vocabulary: Int, length: Int, testPart: Double = 0.2, seed: UInt64 = 0
  ) throws -> TextDataset {
    var sentences = Sentences()
    for path in paths { try sentences.append(tsv: path) }
    let testCount = LabeledText.testCount(testPart, of: sentences.count)
    if testCount == sentences.count {
      throw DataError.malformed(
        file: paths.joined(separator: ", "), offset: nil, expected: "sentences to train on",
        found: "\(sentences.count) sentences")
    }
    return dataset(sentences, vocabulary: vocabulary, length: length, testCount: testCount, seed: seed)
  }

  /// Creates a dataset from sentences in memory.
  /// - Parameters:
  ///   - sentences: Sentences with their classes: 0, 1, 2 …
  ///   - vocabulary: The maximum number of tokens, including those for padding (0) and unknown words (1).
  ///   - length: The number of tokens per sentence.
  ///   - testPart: The fraction of sentences for testing, at least 0 and less than 1.
  ///   - seed: The random seed of the split.
  public static func dataset(
    _ sentences: [(text: String, label: Int)], vocabulary: Int, length: Int, testPart: Double = 0.2, seed: UInt64 = 0
  ) -> TextDataset {
    let testCount = testCount(testPart, of: sentences.count)
    if testCount == sentences.count { ProgrammerError.end("LabeledText.dataset: there are no sentences to train on") }
    for (index, sentence) in sentences.enumerated() where Int32(exactly: sentence.label) == nil || sentence.label < 0 {
      ProgrammerError.end(
        "LabeledText.dataset: the class \(sentence.label) of sentence \(index) is not from 0 to \(Int32.max)")
    }
    var all = Sentences()
    for sentence in sentences { all.append(sentence.text, label: Int32(sentence.label)) }
    return dataset(all, vocabulary: vocabulary, length: length, testCount: testCount, seed: seed)
  }

  private static func testCount(_ part: Double, of count: Int) -> Int {
    if !(0..<1).contains(part) { ProgrammerError.end("LabeledText: testPart is from 0 to below 1, not \(part)") }
    return Int((part * Double(count)).rounded())
  }

  private static func dataset(
    _ sentences: Sentences, vocabulary: Int, length: Int, testCount: Int, seed: UInt64
  ) -> TextDataset {
    if vocabulary < 3 || length < 1 {
      ProgrammerError.end(
        "LabeledText: vocabulary is at least 3 and length at least 1, not \(vocabulary) and \(length)")
    }
    let order = shuffled(sentences.count, seed: seed)
    let test = order[..<testCount].sorted(), train = order[testCount...].sorted()
    let words = sentences.vocabulary(of: train, limit: vocabulary)
    let tokens = sentences.tokens(in: words)
    func dataset(_ part: [Int]) -> TensorDataset {
      let rows = part.lazy.map { place in sentences.words(of: place).prefix(length).map { tokens[$0] } }
      return TensorDataset(rows.padded(to: length), Tensor(part.map { sentences.labels[$0] }))
    }
    return TextDataset(train: dataset(train), test: dataset(test), vocabulary: words, length: length)
  }

  /// The positions in a random order determined by the seed.
  private static func shuffled(_ count: Int, seed: UInt64) -> [Int] {
    let source = RandomSource(key: RandomSource.derivedKey(seed: seed, "labelled text"))
    let keys = (0..<count).map { index -> UInt64 in
      let words = source.block(index)
      return UInt64(words.x) << 32 | UInt64(words.y)
    }
    return (0..<count).sorted { (keys[$0], $0) < (keys[$1], $1) }
  }
}

/// Tokenized sentences with class labels.
public struct TextDataset: Sendable {
  /// Inputs int32 `[count, length]`, targets int32 `[count]`.
  public let train, test: TensorDataset
  /// The words and their tokens.
  public let vocabulary: Vocabulary
  /// The number of tokens per sentence.
  public let length: Int

  /// Converts new sentences to model input: int32 `[count, length]`.
  public func tokens(_ sentences: [String]) -> Tensor {
    vocabulary.tokens(sentences.map(Vocabulary.words), length: length)
  }
}
