import HostSystem
import NeuralNetworks

/// Labeled text files in a folder with one subfolder for each class (Keras' `text_dataset_from_directory`).
///
/// ```swift
/// let reviews = try TextFolder("aclImdb/train", omitting: ["unsup"])
/// let vectorization = try reviews.vectorization(maxTokens: 20_000, output: .integers(length: 250))
/// let (train, validation) = reviews.vectorized(by: vectorization).split(0.8, seed: 1)
/// ```
///
/// The classes are the subfolders, sorted by the bytes of their names. The examples are the files, at any depth inside
/// the folder of their class, whose names end in `.txt` in any case, sorted by class and path. They contain UTF-8 text,
/// plain or gzip. Names that start with a period, and other files, are ignored.
public struct TextFolder: Sendable {
  /// The name of each class, by class index.
  public let classNames: [String]
  /// The path of each text.
  public let files: [String]
  /// The class index of each text.
  public let labels: [Int32]
  private let byteLimit: Int
  private let threads: Int

  /// Lists the texts of a folder, without reading them.
  /// - Parameters:
  ///   - folder: The folder with the subfolders.
  ///   - classNames: The names of the subfolders in the order of the class indices, for example those of the training
  ///     data; nil for all subfolders, sorted.
  ///   - omitting: The names of subfolders that are not classes.
  ///   - byteLimit: The maximum size of a text in bytes.
  ///   - threads: The number of threads that read the texts of a batch; nil for one on each processor.
  /// - Throws: `DataError` if the folder cannot be read or has no subfolders, if subfolders differ from `classNames` or
  ///   a name occurs twice there, for a name to omit that does not exist, and for a class without a text.
  public init(
    _ folder: String, classNames: [String]? = nil, omitting: [String] = [], byteLimit: Int = 1 << 26,
    threads: Int? = nil
  ) throws(DataError) {
    if let threads, threads < 1 { ProgrammerError.end("TextFolder: at least 1 thread is needed, not \(threads)") }
    if byteLimit < 0 { ProgrammerError.end("TextFolder: byteLimit is at least 0, not \(byteLimit)") }
    let listing = try ClassFolders(folder, .texts, classNames: classNames, omitting: omitting)
    (self.classNames, files, labels) = (listing.classNames, listing.files, listing.labels)
    (self.byteLimit, self.threads) = (byteLimit, threads ?? onlineProcessors())
  }

  /// The number of texts.
  public var count: Int { files.count }

  /// Reads the text at a position from 0 to below `count`.
  /// - Throws: `DataError` for a file that cannot be read, is not UTF-8, or has more bytes than the limit.
  public func text(at index: Int) throws(DataError) -> String {
    if !files.indices.contains(index) {
      ProgrammerError.end("TextFolder: text \(index) is out of range; the folder has \(count)")
    }
    return try TextFile.read(files[index], limit: byteLimit)
  }

  /// Reads all texts, one after another, and returns a vectorization with their most frequent tokens.
  /// - Parameters:
  ///   - indices: The positions of the texts that count, such as those for training; nil for all.
  ///   - maxTokens: The maximum number of tokens, including those for padding (0) and unknown words (1), at least 3; nil
  ///     for no limit.
  ///   - standardization: The changes to a text before it is split.
  ///   - splitting: The way in which a text is split into tokens.
  ///   - ngrams: The maximum number of consecutive words that form a token, at least 1.
  ///   - output: The numbers that a text becomes.
  /// - Throws: `DataError` for the first text that cannot be read.
  public func vectorization(
    of indices: [Int]? = nil, maxTokens: Int? = nil,
    standardization: TextVectorization.Standardization = .lowercaseAndStripPunctuation,
    splitting: TextVectorization.Splitting = .whitespace, ngrams: Int = 1, output: TextVectorization.Output
  ) throws(DataError) -> TextVectorization {
    var statistics = TokenStatistics(
      TextVectorization(
        vocabulary: Vocabulary(words: []), standardization: standardization, splitting: splitting, ngrams: ngrams,
        output: output))
    for index in indices ?? Array(files.indices) { statistics.add(try text(at: index)) }
    return statistics.vectorization(maxTokens: maxTokens)
  }

  /// Returns the texts as a dataset: inputs as the vectorization returns them, targets int32 class indices `[count]`.
  ///
  /// Each batch is read from the files on several threads, so only its texts are in memory. The numbers do not depend
  /// on the number of threads. If all numbers fit into memory, `cached()` saves reading the files in each epoch.
  public func vectorized(by vectorization: TextVectorization) -> Examples {
    Examples(folder: self, vectorization: vectorization)
  }

  /// The texts of a folder as numbers.
  public struct Examples: Dataset {
    /// The texts.
    public let folder: TextFolder
    /// The conversion of texts to numbers.
    public let vectorization: TextVectorization

    public var count: Int { folder.count }

    /// Returns the texts at these positions, in this order.
    /// - Throws: `DataError` for the first of these texts that cannot be read; `TrainingError.noSuchExample` for a
    ///   position out of range.
    public func batch(at indices: [Int]) throws -> Batch {
      try checkPositions(indices, below: count)
      let tokens = try concurrentResults(indices.count, threads: folder.threads) { place throws(DataError) in
        vectorization.tokens(of: try folder.text(at: indices[place]))
      }
      return Batch(
        input: vectorization.tensor(tokens), target: Tensor(indices.map { folder.labels[$0] }, shape: [indices.count]))
    }
  }
}

extension ClassFolders.Kind {
  /// Text files.
  static let texts = ClassFolders.Kind("texts", details: "texts (.txt)") { path throws(DataError) in
    path.lowercased().hasSuffix(".txt")
  }
}
