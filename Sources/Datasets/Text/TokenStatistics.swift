import HostSystem
import NeuralNetworks

/// The number of occurrences of each token in texts, and of the texts with that token.
struct TokenStatistics {
  /// The settings for splitting texts.
  private let settings: TextVectorization
  private var counts: [ByteKey: (occurrences: Int, documents: Int, lastDocument: Int)] = [:]
  private var documents = 0

  /// Creates empty statistics.
  /// - Parameter settings: The vectorization, with any vocabulary.
  init(_ settings: TextVectorization) { self.settings = settings }

  /// Counts the tokens of a text.
  mutating func add(_ text: String) {
    documents += 1
    for word in settings.words(of: text) {
      var entry = counts[ByteKey(word)] ?? (0, 0, 0)
      entry.occurrences += 1
      if entry.lastDocument != documents { entry.documents += 1 }
      entry.lastDocument = documents
      counts[ByteKey(word)] = entry
    }
  }

  /// The vectorization with the most frequent tokens.
  /// - Parameter maxTokens: The maximum number of tokens, including those for padding and unknown words; nil for no limit.
  func vectorization(maxTokens: Int?) -> TextVectorization {
    if let maxTokens, maxTokens < 3 {
      ProgrammerError.end("TextVectorization: maxTokens is at least 3, not \(maxTokens)")
    }
    let vocabulary = Vocabulary(counts: counts.map { ($0.key, $0.value.occurrences) }, limit: maxTokens ?? .max)
    let frequencies = vocabulary.words.dropFirst(2).map { word in
      Float(log(1 + Double(documents) / Double(1 + (counts[ByteKey(word)]?.documents ?? 0))))
    }
    return TextVectorization(
      vocabulary: vocabulary, standardization: settings.standardization, splitting: settings.splitting,
      ngrams: settings.ngrams, output: settings.output,
      inverseDocumentFrequencies: settings.output == .tfIDF ? frequencies : [])
  }
}
