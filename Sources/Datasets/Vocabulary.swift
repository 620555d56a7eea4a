import HostSystem
import NeuralNetworks

/// Words and their tokens. Token 0 is padding, token 1 is any unknown word, and tokens from 2 on are the words of a
/// text, the most frequent first. Equally frequent words are ordered by their bytes; words are also compared by bytes.
public struct Vocabulary: Sendable, Hashable {
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
    self.init(distinct: frequent)
  }

  /// Creates a vocabulary of given words, such as those of another program.
  /// - Parameter words: Distinct words: token 2 is the first of them. They do not include padding and unknown words.
  public init(words: [String]) {
    let keys = words.map(ByteKey.init)
    if let twice = Vocabulary.firstRepetition(in: keys) {
      ProgrammerError.end("Vocabulary: expected distinct words, found \"\(words[twice].shortened(to: 100))\" twice")
    }
    self.init(distinct: keys)
  }

  private init(distinct keys: [ByteKey]) {
    words = ["<padding>", "<unknown>"] + keys.map(\.text)
    tokens = Dictionary(uniqueKeysWithValues: keys.enumerated().map { ($1, Int32($0 + 2)) })
  }

  /// The index of the first key that also occurs before it.
  private static func firstRepetition(in keys: [ByteKey]) -> Int? {
    var known: Set<ByteKey> = []
    return keys.firstIndex { !known.insert($0).inserted }
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
    return sentences.lazy.map { $0.prefix(length).map { Int32(token($0)) } }.padded(to: length)
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

// MARK: Saving

/// A vocabulary is encoded as the list of its words, without the names of padding and unknown words.
extension Vocabulary: Codable {
  /// Decodes a vocabulary.
  /// - Throws: `DecodingError` if a word occurs twice.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let keys = try container.decode([String].self).map(ByteKey.init)
    if let twice = Vocabulary.firstRepetition(in: keys) {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "expected distinct words, found \"\(keys[twice].text.shortened(to: 100))\" twice")
    }
    self.init(distinct: keys)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Array(words.dropFirst(2)))
  }

  /// Reads a vocabulary from a text file, plain or gzip, with one word on each line: token 2 is the word of the first
  /// line.
  /// - Throws: `DataError` for a file that cannot be read, is not UTF-8, or has more than 1 GiB, for an empty line, for
  ///   a word that occurs twice, and if there is not enough memory.
  public init(file path: String) throws(DataError) {
    let text = try TextFile.read(path, limit: 1 << 30)
    var keys: [ByteKey] = []
    var known: Set<ByteKey> = []
    // One line after another: a list of all lines may need much more memory than the text.
    var rest = text.unicodeScalars[...]
    while !rest.isEmpty {
      let line = rest.prefix { $0 != "\n" }
      rest = rest[line.endIndex...].dropFirst()
      let key = ByteKey(String(line.last == "\r" ? line.dropLast() : line))
      guard !key.text.isEmpty, known.insert(key).inserted else {
        throw .malformedLine(
          file: path, line: keys.count + 1, expected: "a word that is not on another line",
          found: key.text.isEmpty ? "an empty line" : "\"\(key.text.shortened(to: 100))\" again")
      }
      // The list and the set grow to twice their sizes.
      if keys.count & (keys.count - 1) == 0 {
        do { try HostMemory.check(2 * keys.count, of: Vocabulary.bytesOfWord) } catch {
          throw .unreadable(file: path, reason: "\(error)")
        }
      }
      keys.append(key)
    }
    self.init(distinct: keys)
  }

  /// The bytes for a word in addition to its text: in three lists, and in two hash tables, which are at most half full.
  private static let bytesOfWord =
    2 * (2 * MemoryLayout<ByteKey>.stride + MemoryLayout<Int32>.stride) + 2 * MemoryLayout<ByteKey>.stride
    + MemoryLayout<String>.stride
}
