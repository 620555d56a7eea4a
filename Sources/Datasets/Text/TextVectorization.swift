import NeuralNetworks

/// Converts texts to numbers with a vocabulary: token indices, or one number for each word of the vocabulary (Keras'
/// `TextVectorization`).
///
/// ```swift
/// let vectorization = TextVectorization(adaptedTo: ["A good film.", "A bad film!"], output: .integers(length: 4))
/// print(vectorization.vocabulary.words)              // ["<padding>", "<unknown>", "a", "film", "bad", "good"]
/// print(vectorization(["a new film"]))               // [[2, 1, 3, 0]]
/// ```
///
/// It is `Codable`, so it can be stored in the file of a model (`ModelInformation.attachments`).
public struct TextVectorization: Sendable, Hashable {
  /// The changes to a text before it is split.
  public enum Standardization: String, Sendable, Hashable, Codable, CaseIterable {
    /// Lowercase letters, without the 32 ASCII punctuation characters.
    case lowercaseAndStripPunctuation
    /// Lowercase letters. Keras changes only the letters A to Z.
    case lowercase
    /// Without the 32 ASCII punctuation characters.
    case stripPunctuation
    /// No changes.
    case none
  }

  /// The way in which a text is split into tokens.
  public enum Splitting: String, Sendable, Hashable, Codable, CaseIterable {
    /// At white space.
    case whitespace
    /// Each Unicode scalar is a token.
    case characters
    /// As `Vocabulary.words(_:)`, which converts to lowercase.
    case words
    /// Not at all: the text is one token.
    case none
  }

  /// The numbers that a text becomes.
  public enum Output: Sendable, Hashable, Codable {
    /// Token indices, int32 `[N, length]`: 0 pads short texts, 1 is an unknown word, and long texts are truncated.
    case integers(length: Int)
    /// For each token from 1 on, 1 if the text contains it, otherwise 0: float32 `[N, vocabulary.count − 1]`.
    case multiHot
    /// For each token from 1 on, how often the text contains it: float32 `[N, vocabulary.count − 1]`.
    case counts
    /// These counts times the inverse document frequencies ln(1 + documents / (1 + documents with the token)), of which
    /// that of unknown words is the mean: float32 `[N, vocabulary.count − 1]`.
    case tfIDF
  }

  /// The changes to a text before it is split.
  public let standardization: Standardization
  /// The way in which a text is split into tokens.
  public let splitting: Splitting
  /// The maximum number of consecutive words that are joined, with a space, to form a token.
  public let ngrams: Int
  /// The numbers that a text becomes.
  public let output: Output
  /// The tokens.
  public let vocabulary: Vocabulary
  /// For `.tfIDF`, the inverse document frequency of each token from 2 on; otherwise empty.
  public let inverseDocumentFrequencies: [Float]

  /// Creates a vectorization with a given vocabulary.
  /// - Parameters:
  ///   - vocabulary: The tokens.
  ///   - standardization: The changes to a text before it is split.
  ///   - splitting: The way in which a text is split into tokens.
  ///   - ngrams: The maximum number of consecutive words that form a token, at least 1. Single words come first, then
  ///     pairs, and so on.
  ///   - output: The numbers that a text becomes. A length is at least 1.
  ///   - inverseDocumentFrequencies: For `.tfIDF`, one finite number for each token from 2 on; otherwise empty.
  public init(
    vocabulary: Vocabulary, standardization: Standardization = .lowercaseAndStripPunctuation,
    splitting: Splitting = .whitespace, ngrams: Int = 1, output: Output, inverseDocumentFrequencies: [Float] = []
  ) {
    self.vocabulary = vocabulary
    self.standardization = standardization
    self.splitting = splitting
    self.ngrams = ngrams
    self.output = output
    self.inverseDocumentFrequencies = inverseDocumentFrequencies
    if let fault { ProgrammerError.end("TextVectorization: \(fault)") }
  }

  /// Creates a vectorization with the most frequent tokens of texts.
  /// - Parameters:
  ///   - texts: The texts.
  ///   - maxTokens: The maximum number of tokens, including those for padding (0) and unknown words (1); nil for no limit.
  ///   - standardization: The changes to a text before it is split.
  ///   - splitting: The way in which a text is split into tokens.
  ///   - ngrams: The maximum number of consecutive words that form a token, at least 1.
  ///   - output: The numbers that a text becomes. A length is at least 1.
  public init(
    adaptedTo texts: some Sequence<String>, maxTokens: Int? = nil,
    standardization: Standardization = .lowercaseAndStripPunctuation, splitting: Splitting = .whitespace,
    ngrams: Int = 1, output: Output
  ) {
    var statistics = TokenStatistics(
      TextVectorization(
        vocabulary: Vocabulary(words: []), standardization: standardization, splitting: splitting, ngrams: ngrams,
        output: output))
    for text in texts { statistics.add(text) }
    self = statistics.vectorization(maxTokens: maxTokens)
  }

  /// The reason why the settings are invalid.
  private var fault: String? {
    if ngrams < 1 || ngrams > 1000 { return "ngrams is from 1 to 1000, not \(ngrams)" }
    if case .integers(let length) = output, length < 1 || length > Int(Int32.max) {
      return "the length is from 1 to \(Int32.max), not \(length)"
    }
    let expected = output == .tfIDF ? vocabulary.count - 2 : 0
    if inverseDocumentFrequencies.count != expected {
      return "expected \(expected) inverse document frequencies, found \(inverseDocumentFrequencies.count)"
    }
    return inverseDocumentFrequencies.allSatisfy(\.isFinite) ? nil : "inverse document frequencies are finite"
  }
}

// MARK: Texts

extension TextVectorization {
  /// The shape of the numbers of a text.
  public var outputShape: [Int] {
    if case .integers(let length) = output { [length] } else { [vocabulary.count - 1] }
  }

  /// Converts texts to a tensor `[texts.count] + outputShape`, int32 for `.integers`, otherwise float32.
  public func callAsFunction(_ texts: [String]) -> Tensor { tensor(texts.map(tokens(of:))) }

  /// Returns the token indices of a text, at most `length` for `.integers(length:)`.
  public func tokens(of text: String) -> [Int32] {
    let words = words(of: text)
    if case .integers(let length) = output { return words.prefix(length).map { Int32(vocabulary.token($0)) } }
    return words.map { Int32(vocabulary.token($0)) }
  }

  /// Converts token indices of texts.
  func tensor(_ tokens: [[Int32]]) -> Tensor {
    if case .integers(let length) = output { return tokens.padded(to: length) }
    let width = vocabulary.count - 1
    requireMemory(for: "TextVectorization", tokens.count, of: 4 * width)
    var numbers = [Float](repeating: 0, count: tokens.count * width)
    for (row, tokens) in tokens.enumerated() {
      for token in tokens {
        let place = row * width + Int(token) - 1
        numbers[place] = output == .multiHot ? 1 : numbers[place] + 1
      }
    }
    let result = Tensor(numbers, shape: [tokens.count, width])
    return output == .tfIDF ? result * Tensor(weights) : result
  }

  /// The inverse document frequencies from token 1 on.
  private var weights: [Float] {
    let known = inverseDocumentFrequencies
    return [known.reduce(0, +) / Float(max(known.count, 1))] + known
  }

  /// Splits a text into the words, or n-grams, to look up.
  public func words(of text: String) -> [String] {
    let words = splitting.pieces(of: standardization.applied(to: text))
    if ngrams == 1 { return words }
    return (1...ngrams).flatMap { length in
      stride(from: 0, through: words.count - length, by: 1).map { words[$0..<$0 + length].joined(separator: " ") }
    }
  }
}

extension TextVectorization.Standardization {
  func applied(to text: String) -> String {
    let cased = self == .lowercaseAndStripPunctuation || self == .lowercase ? text.lowercased() : text
    guard self == .lowercaseAndStripPunctuation || self == .stripPunctuation else { return cased }
    return String(String.UnicodeScalarView(cased.unicodeScalars.filter { !Self.isPunctuation($0) }))
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
    default: false
    }
  }
}

extension TextVectorization.Splitting {
  func pieces(of text: String) -> [String] {
    switch self {
    case .whitespace: text.unicodeScalars.split { $0.properties.isWhitespace }.map { String($0) }
    case .characters: text.unicodeScalars.map { String($0) }
    case .words: Vocabulary.words(text)
    case .none: [text]
    }
  }
}

// MARK: Saving

extension TextVectorization: Codable {
  private enum CodingKeys: String, CodingKey {
    case standardization, splitting, ngrams, output, vocabulary, inverseDocumentFrequencies
  }

  /// Decodes a vectorization.
  /// - Throws: `DecodingError` for invalid settings.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    standardization = try values.decode(Standardization.self, forKey: .standardization)
    splitting = try values.decode(Splitting.self, forKey: .splitting)
    ngrams = try values.decode(Int.self, forKey: .ngrams)
    output = try values.decode(Output.self, forKey: .output)
    vocabulary = try values.decode(Vocabulary.self, forKey: .vocabulary)
    inverseDocumentFrequencies = try values.decode([Float].self, forKey: .inverseDocumentFrequencies)
    if let fault {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: fault))
    }
  }
}
