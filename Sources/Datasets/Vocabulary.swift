import NeuralNetworks

/// Words and their tokens: 0 is padding, 1 any word that has no token of its own, and from 2 on the words of a text, the most
/// frequent first (of equally frequent ones the first in the alphabet).
public struct Vocabulary: Sendable {
  /// The token that fills up a sentence.
  public static let padding = 0
  /// The token of any other word.
  public static let unknown = 1

  /// The words, by token; the first two are names for padding and unknown words.
  public let words: [String]
  private let tokens: [String: Int32]

  /// The most frequent words of sentences.
  /// - Parameters:
  ///   - sentences: Their words.
  ///   - limit: How many tokens there are at most.
  public init(of sentences: [[String]], limit: Int) {
    var counts: [String: Int] = [:]
    for sentence in sentences { for word in sentence { counts[word, default: 0] += 1 } }
    let frequent = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(max(limit - 2, 0)).map(\.key)
    words = ["<padding>", "<unknown>"] + frequent
    tokens = Dictionary(uniqueKeysWithValues: frequent.enumerated().map { ($1, Int32($0 + 2)) })
  }

  /// The number of tokens.
  public var count: Int { words.count }

  /// The token of a word, which is in lower case.
  public func token(_ word: String) -> Int { Int(tokens[word] ?? Int32(Vocabulary.unknown)) }

  /// Sentences as int32 `[count, length]`: cut, or filled up with padding at the end.
  public func tokens(_ sentences: [[String]], length: Int) -> Tensor {
    var numbers: [Int32] = []
    numbers.reserveCapacity(sentences.count * length)
    for sentence in sentences {
      let known = sentence.prefix(length)
      for word in known { numbers.append(Int32(token(word))) }
      for _ in known.count..<max(length, known.count) { numbers.append(Int32(Vocabulary.padding)) }
    }
    return Tensor(numbers, shape: [sentences.count, length])
  }

  /// The words of a sentence, in lower case: letters and digits that stand together, with apostrophes between them; and each
  /// `!` and `?` for itself.
  public static func words(_ sentence: String) -> [String] {
    var words: [String] = []
    var word = ""
    func end() {
      while word.last == "'" { word.removeLast() }
      if !word.isEmpty { words.append(word) }
      word = ""
    }
    for character in sentence.lowercased() {
      if character.isLetter || character.isNumber {
        word.append(character)
      } else if character == "'" || character == "\u{2019}" {
        if !word.isEmpty { word.append("'") }
      } else {
        end()
        if character == "!" || character == "?" { words.append(String(character)) }
      }
    }
    end()
    return words
  }
}
