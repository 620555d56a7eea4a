import Datasets
import NeuralNetworks

extension FuzzReader {
  static let text = FuzzReader("text") { path in
    let text = try LabeledText.load(tsv: path, vocabulary: 20, length: 4)
    let tokens = try text.train.inputs.scalars(as: Int32.self)
    require(tokens.allSatisfy { $0 >= 0 && $0 < text.vocabulary.count }, "text: a token is not in the vocabulary")
  }
}
