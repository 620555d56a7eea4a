import BackendCore
import NeuralNetworks

/// Sentences with a class each, from tables of two columns: `sentence<TAB>class`, one a line.
public enum LabelledText {
  /// Reads sentences and divides them into one part to train on and one to test on: which goes where is a function of the seed
  /// and of the place alone. Words are numbered in the training part only, the most frequent first.
  ///
  /// ```swift
  /// let text = try LabelledText.load(tsv: "reviews.tsv", vocabulary: 8000, length: 64)
  /// ```
  /// - Parameters:
  ///   - paths: One file or several, plain or gzip; the class is what stands behind the last tab: 0, 1, 2 …
  ///   - vocabulary: How many tokens there are at most, with those for padding (0) and for unknown words (1).
  ///   - length: The tokens of a sentence: longer ones are cut, shorter ones filled up with padding at the end.
  ///   - testPart: How much is kept for the test, from 0 to below 1; rounded to the nearest count.
  ///   - seed: Which sentences; the same seed always gives the same parts.
  /// - Throws: `DataError`, which names the file and the line.
  public static func load(
    tsv paths: String..., vocabulary: Int, length: Int, testPart: Double = 0.2, seed: UInt64 = 0
  ) throws -> TextDataset {
    var sentences: [Sentence] = []
    for path in paths { sentences += try Sentence.read(path) }
    let testCount = LabelledText.testCount(testPart, of: sentences.count)
    if testCount == sentences.count {
      throw DataError.malformed(
        file: paths.joined(separator: ", "), offset: nil, expected: "sentences to train on",
        found: "\(sentences.count) sentences")
    }
    return dataset(sentences, vocabulary: vocabulary, length: length, testCount: testCount, seed: seed)
  }

  /// The same from sentences that are at hand.
  /// - Parameters:
  ///   - sentences: Each with its class: 0, 1, 2 …
  ///   - vocabulary: How many tokens there are at most, with those for padding (0) and for unknown words (1).
  ///   - length: The tokens of a sentence.
  ///   - testPart: How much is kept for the test, from 0 to below 1.
  ///   - seed: Which sentences.
  public static func dataset(
    _ sentences: [(text: String, label: Int)], vocabulary: Int, length: Int, testPart: Double = 0.2, seed: UInt64 = 0
  ) -> TextDataset {
    let testCount = testCount(testPart, of: sentences.count)
    if testCount == sentences.count { fatalError("LabelledText.dataset: there are no sentences to train on") }
    let sentences = sentences.map { Sentence(words: Vocabulary.words($0.text), label: Int32($0.label)) }
    return dataset(sentences, vocabulary: vocabulary, length: length, testCount: testCount, seed: seed)
  }

  private static func testCount(_ part: Double, of count: Int) -> Int {
    if !(0..<1).contains(part) { fatalError("LabelledText: the test part is from 0 to below 1, not \(part)") }
    return Int((part * Double(count)).rounded())
  }

  private static func dataset(
    _ sentences: [Sentence], vocabulary: Int, length: Int, testCount: Int, seed: UInt64
  ) -> TextDataset {
    if vocabulary < 3 || length < 1 {
      fatalError("LabelledText: at least 3 tokens and a length of 1 are needed, not \(vocabulary) and \(length)")
    }
    let order = shuffled(sentences.count, seed: seed)
    let test = order[..<testCount].sorted().map { sentences[$0] }
    let train = order[testCount...].sorted().map { sentences[$0] }
    let words = Vocabulary(of: train.map(\.words), limit: vocabulary)
    func dataset(_ part: [Sentence]) -> TensorDataset {
      TensorDataset(words.tokens(part.map(\.words), length: length), Tensor(part.map(\.label)))
    }
    return TextDataset(train: dataset(train), test: dataset(test), vocabulary: words, length: length)
  }

  /// Places in an order that the seed decides.
  private static func shuffled(_ count: Int, seed: UInt64) -> [Int] {
    let source = RandomSource(key: RandomSource.derivedKey(seed: seed, "labelled text"))
    let keys = (0..<count).map { index -> UInt64 in
      let words = source.block(index)
      return UInt64(words.x) << 32 | UInt64(words.y)
    }
    return (0..<count).sorted { (keys[$0], $0) < (keys[$1], $1) }
  }
}

/// Sentences as tokens, with a class each.
public struct TextDataset: Sendable {
  /// Inputs int32 `[count, length]`, targets int32 `[count]`.
  public let train, test: TensorDataset
  /// The words that have a token of their own.
  public let vocabulary: Vocabulary
  /// The tokens of a sentence.
  public let length: Int

  /// Sentences that are not part of the data, as an input: int32 `[count, length]`.
  public func tokens(_ sentences: [String]) -> Tensor {
    vocabulary.tokens(sentences.map(Vocabulary.words), length: length)
  }
}

/// A line of a table.
private struct Sentence {
  let words: [String]
  let label: Int32

  static func read(_ path: String) throws(DataError) -> [Sentence] {
    let bytes = try DataFile.read(path)
    var sentences: [Sentence] = []
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      if line.isEmpty { continue }
      sentences.append(try Sentence(line, file: path, line: index + 1))
    }
    return sentences
  }

  init(words: [String], label: Int32) {
    self.words = words
    self.label = label
  }

  private init(_ line: ArraySlice<UInt8>, file: String, line number: Int) throws(DataError) {
    guard let tab = line.lastIndex(of: UInt8(ascii: "\t")) else {
      throw .malformedLine(file: file, line: number, expected: "a sentence, a tab and a class", found: "no tab")
    }
    let text = String(decoding: line[(tab + 1)...], as: UTF8.self)
    guard let label = Int32(text.filter { $0 != " " }), label >= 0 else {
      throw .malformedLine(
        file: file, line: number, expected: "a class of 0, 1, 2 … behind the tab", found: "\"\(text.prefix(40))\"")
    }
    self.label = label
    words = Vocabulary.words(String(decoding: line[..<tab], as: UTF8.self))
  }
}
