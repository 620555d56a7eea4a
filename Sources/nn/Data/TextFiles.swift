import CommandSupport
import Datasets
import Files
import HostSystem
import ModelFormats
import NeuralNetworks

/// Folders of text files as examples.
extension DataOptions {
  /// Loads texts. The vocabulary is that of the model or, in training, consists of the most frequent words of the training
  /// texts.
  func texts(_ part: Part, model: SavedModel?, seed: UInt64) throws -> Examples {
    if let model, vocabulary != nil || length != nil {
      throw Failure.usage(
        "\(vocabulary != nil ? "--vocabulary" : "--length"): --model determines the words (\(model.file))")
    }
    let path = data ?? ""
    // The words are not needed for listing the texts.
    let unread = TextVectorization(vocabulary: Vocabulary(words: []), output: .integers(length: 1))
    let known = try model.map { try $0.requireText() }
    let parts = try classFolders(part, of: "texts", model: model, seed: seed) { path, classNames in
      try TextFolder(path, classNames: classNames).vectorized(by: unread)
    }
    let text = try known ?? vectorization(of: parts.train)
    func tensors(_ part: Subset) throws -> TensorDataset {
      guard let listed = part.base as? TextFolder.Examples else { throw Failure("\(path): expected texts") }
      let examples = Subset(listed.folder.vectorized(by: text), indices: part.indices)
      func failure(_ error: any Error) -> Failure {
        Failure("\(path): \(error): choose a smaller --length, or use --limit")
      }
      // Another program may have saved a model of counts.
      guard case .integers = text.output else {
        return try examples.tensors(inputShape: text.outputShape, as: Float.self, failure: failure)
      }
      return try examples.tensors(inputShape: text.outputShape, as: Int32.self, failure: failure)
    }
    return Examples(
      train: try parts.train.map(tensors), test: try tensors(parts.test), classNames: parts.classNames, scaling: .none,
      source: path, text: text)
  }

  /// The vectorization with the words of the training texts.
  private func vectorization(of train: Subset?) throws -> TextVectorization {
    guard let train, let texts = train.base as? TextFolder.Examples else {
      throw Failure("\(data ?? ""): texts need --model, a model of texts")
    }
    return try texts.folder.vectorization(
      of: train.indices, maxTokens: max(vocabulary ?? 20_000, 1) + 2, output: .integers(length: length ?? 250))
  }
}

extension SavedModel {
  /// The conversion of texts to inputs of the model.
  /// - Throws: `Failure` if it is not a model of texts.
  func requireText() throws -> TextVectorization {
    guard let text else { throw Failure("\(file): expected a model of texts, with a vocabulary, found none") }
    return text
  }

  /// Converts a text file, or standard input if the path is "-", to an input.
  func readText(_ path: String) throws -> Tensor {
    let limit = 1 << 26
    let text =
      path == "-"
      ? try TextFile.text(try StandardInput.read(limit: limit), "standard input")
      : try TextFile.read(path, limit: limit)
    return try requireText()([text])
  }
}

/// The standard input of the command.
private enum StandardInput {
  /// Reads all bytes.
  /// - Throws: `DataError` if it cannot be read, or has more bytes than `limit`.
  static func read(limit: Int) throws(DataError) -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      var failure: Int32 = 0
      let piece = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
        let got = HostSystem.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
        if got < 0 { failure = errno }
        count = max(got, 0)
      }
      if failure == EINTR { continue }
      if failure != 0 { throw .unreadable(file: "standard input", reason: systemMessage(failure)) }
      if piece.isEmpty { return bytes }
      bytes += piece
      if bytes.count > limit {
        throw .malformed(file: "standard input", offset: nil, expected: "at most \(limit) bytes", found: "more")
      }
    }
  }
}
