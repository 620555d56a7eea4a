import NeuralNetworks

/// Words and their tokens. Token 0 is padding, token 1 is any unknown word, and tokens from 2 on are the words of a
/// text, the most frequent first. Equally frequent words are ordered by their bytes; words are also compared by bytes.
public struct Vocabulary: Sendable {
  /// The padding token.
  public static let padding = 0
  /// The token of unknown words.
  public static let unknown = 1

  /// The words by token. The first two are names for padding and unknown words.
  public let words: [String]
  private let tokens: [ByteKey: Int32]

  /// Creates a vocabulary of the most frequent words of sentences.
  /// - Parameters:
  ///   - sentences: The words of each sentence.
  ///   - limit: The maximum number of tokens.
  public init(of sentences: [[String]], limit: Int) {
    var counts: [ByteKey: Int] = [:]
    for sentence in sentences { for word in sentence { counts[ByteKey(word), default: 0] += 1 } }
    self.init(counts: counts.map { ($0.key, $0.value) }, limit: limit)
  }

  /// Creates a vocabulary of the most frequent of the given words, which are distinct.
  init(counts: [(key: ByteKey, value: Int)], limit: Int) {
    let frequent = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(max(limit - 2, 0)).map(\.key)
    words = ["<padding>", "<unknown>"] + frequent.map(\.text)
    tokens = Dictionary(uniqueKeysWithValues: frequent.enumerated().map { ($1, Int32($0 + 2)) })
  }

  /// The number of tokens.
  public var count: Int { words.count }

  /// Returns the token of a word in lowercase.
  public func token(_ word: String) -> Int { Int(tokens[ByteKey(word)] ?? Int32(Vocabulary.unknown)) }

  /// Converts sentences to int32 `[count, length]`: truncated, or padded at the end.
  /// - Parameters:
  ///   - sentences: The words of each sentence.
  ///   - length: The number of tokens per sentence, at least 0.
  public func tokens(_ sentences: [[String]], length: Int) -> Tensor {
    if length < 0 { ProgrammerError.end("Vocabulary.tokens: the length is at least 0, not \(length)") }
    return Vocabulary.rows(sentences.lazy.map { $0.prefix(length).map { Int32(token($0)) } }, length: length)
  }

  /// Converts at most `length` tokens of each sentence to int32 `[count, length]`, padded at the end.
  static func rows(_ sentences: some Collection<[Int32]>, length: Int) -> Tensor {
    var numbers: [Int32] = []
    numbers.reserveCapacity(sentences.count * length)
    for known in sentences {
      numbers += known
      for _ in known.count..<length { numbers.append(Int32(padding)) }
    }
    return Tensor(numbers, shape: [sentences.count, length])
  }

  /// Returns the words of a sentence in lowercase: sequences of letters and digits, with apostrophes inside them; each
  /// `!` and `?` is a separate word.
  public static func words(_ sentence: String) -> [String] {
    var words: [String] = []
    forEachWord(of: sentence) { words.append($0) }
    return words
  }

  /// Calls `body` with each word of a sentence.
  static func forEachWord(of sentence: some StringProtocol, _ body: (String) -> Void) {
    var word = ""
    func end() {
      while word.utf8.last == UInt8(ascii: "'") { word.unicodeScalars.removeLast() }
      if !word.isEmpty { body(word) }
      word = ""
    }
    for character in sentence.lowercased() {
      // Compared as a scalar, because comparing a character with thousands of combining marks takes quadratic time.
      let scalars = character.unicodeScalars
      let only = scalars.dropFirst().isEmpty ? scalars.first : nil
      if character.isLetter || character.isNumber {
        word.append(character)
      } else if only == "'" || only == "\u{2019}" {
        if !word.isEmpty { word.append("'") }
      } else {
        end()
        if only == "!" || only == "?" { body(String(character)) }
      }
    }
    end()
  }
}
