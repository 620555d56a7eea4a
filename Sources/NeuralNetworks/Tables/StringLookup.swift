import HostSystem

/// Converts texts to int32 indices (Keras' `StringLookup`). Tensors do not hold texts, so this is a step on the host,
/// before the model; it is `Codable`, so that it can be saved.
///
/// ```swift
/// var cities = StringLookup()
/// cities.adapt(to: ["Lima", "Kyiv", "Lima"])
/// print(cities.vocabulary)                                   // ["Lima", "Kyiv"]
/// print(cities.indices(of: ["Kyiv", "Oslo"]))                // [2, 0]
/// ```
///
/// As in Keras, index 0 stands for texts that are not in the vocabulary. With `masksMissing`, index 0 stands for missing
/// values, and index 1 for unknown texts. The indices of the vocabulary follow.
public struct StringLookup: Sendable, Hashable {
  /// The known texts, in the order of their indices.
  public private(set) var vocabulary: [String]
  /// The maximum number of indices, including those for missing and unknown texts; nil for no limit.
  public let maxTokens: Int?
  /// Whether missing values have an index, 0. Otherwise, they count as unknown.
  public let masksMissing: Bool
  private var indexOfText: [ByteKey: Int32]

  /// Creates a lookup.
  /// - Parameters:
  ///   - vocabulary: Distinct texts in the order of their indices; empty before `adapt(to:)`.
  ///   - maxTokens: The maximum number of indices.
  ///   - masksMissing: Whether missing values have an index.
  public init(vocabulary: [String] = [], maxTokens: Int? = nil, masksMissing: Bool = false) {
    let special = masksMissing ? 2 : 1
    if let maxTokens, maxTokens <= special {
      ProgrammerError.end("StringLookup: maxTokens is more than \(special), not \(maxTokens)")
    }
    if let maxTokens, vocabulary.count > maxTokens - special {
      ProgrammerError.end(
        "StringLookup: \(vocabulary.count) texts and \(special) other indices are more than \(maxTokens) tokens")
    }
    self.maxTokens = maxTokens
    self.masksMissing = masksMissing
    self.vocabulary = []
    indexOfText = [:]
    if let twice = set(vocabulary) { ProgrammerError.end("StringLookup: the vocabulary has \"\(twice)\" twice") }
  }

  /// Replaces the vocabulary, and returns a text that it has twice.
  private mutating func set(_ texts: [String]) -> String? {
    var indices: [ByteKey: Int32] = [:]
    for (index, text) in texts.enumerated() {
      if indices.updateValue(Int32(index + unknownIndex + 1), forKey: ByteKey(text)) != nil { return text }
    }
    (vocabulary, indexOfText) = (texts, indices)
    return nil
  }

  /// The index of texts that are not in the vocabulary.
  public var unknownIndex: Int { masksMissing ? 1 : 0 }

  /// The number of indices, including those for missing and unknown texts.
  public var count: Int { vocabulary.count + unknownIndex + 1 }

  /// Replaces the vocabulary with the distinct texts, the most frequent first; equally frequent ones are ordered by their
  /// bytes. Missing values are left out.
  public mutating func adapt(to texts: some Sequence<String?>) {
    var counts: [ByteKey: Int] = [:]
    for text in texts { if let text { counts[ByteKey(text), default: 0] += 1 } }
    let frequent = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    _ = set(frequent.prefix(maxTokens.map { $0 - unknownIndex - 1 } ?? .max).map(\.key.text))
  }

  /// Returns the index of a text; nil is a missing value.
  public func index(of text: String?) -> Int {
    guard let text else { return 0 }
    return indexOfText[ByteKey(text)].map(Int.init) ?? unknownIndex
  }

  /// Returns the text with an index; nil for the indices of missing and unknown texts, and for one out of range.
  public func text(at index: Int) -> String? {
    index > unknownIndex && index < count ? vocabulary[index - unknownIndex - 1] : nil
  }

  /// Converts texts to int32 indices `[count]`.
  public func indices(of texts: [String?]) -> Tensor { Tensor(texts.map { Int32(index(of: $0)) }) }

  /// Converts texts to rows of zeros with a 1 at the index, float32 `[count, self.count]` (Keras' `one_hot` mode). Rows
  /// of several texts each are encoded by `CategoryEncoding` from their indices.
  public func oneHot(_ texts: [String?]) -> Tensor { indices(of: texts).oneHot(classes: count) }
}

extension StringLookup: Codable {
  private enum CodingKeys: CodingKey { case vocabulary, maxTokens, masksMissing }

  /// Encodes the vocabulary and the settings.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(vocabulary, forKey: .vocabulary)
    try container.encodeIfPresent(maxTokens, forKey: .maxTokens)
    try container.encode(masksMissing, forKey: .masksMissing)
  }

  /// Decodes a lookup. Throws `DecodingError`, also for a text that occurs twice and for fewer tokens than the texts
  /// need.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let texts = try container.decode([String].self, forKey: .vocabulary)
    maxTokens = try container.decodeIfPresent(Int.self, forKey: .maxTokens)
    masksMissing = try container.decode(Bool.self, forKey: .masksMissing)
    (vocabulary, indexOfText) = ([], [:])
    func fault(_ reason: String) -> DecodingError {
      DecodingError.dataCorruptedError(forKey: .vocabulary, in: container, debugDescription: reason)
    }
    let special = unknownIndex + 1
    if let maxTokens, maxTokens <= special || texts.count > maxTokens - special {
      throw fault("maxTokens is \(maxTokens), with \(texts.count) texts and \(special) other indices")
    }
    if let twice = set(texts) { throw fault("the text \"\(twice.shortened(to: 100))\" occurs twice") }
  }
}
