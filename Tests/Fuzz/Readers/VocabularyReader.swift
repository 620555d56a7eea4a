import Datasets
import NeuralNetworks

extension FuzzReader {
  /// A file of words. Each of them has the token of its line.
  static let vocabulary = FuzzReader("vocabulary") { path in
    let vocabulary = try Vocabulary(file: path)
    for (token, word) in vocabulary.words.enumerated().dropFirst(2) {
      require(vocabulary.token(word) == token, "vocabulary: a word has another token")
    }
    let text = TextVectorization(vocabulary: vocabulary, splitting: .words, ngrams: 2, output: .integers(length: 4))
    require(text([vocabulary.words.joined(separator: " ")]).shape == [1, 4], "vocabulary: another shape")
  }
}
