import NeuralNetworks
import TestSupport
import Testing

@testable import Datasets

@Suite struct TextFolderTests {
  private static func example() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write("A good film.", "pos/2_9.txt")
    try folder.write("\u{FEFF}A lovely film", "pos/10_8.TXT")
    try folder.write("bad", "neg/deep/0.txt")
    try folder.write("notes", "neg/notes.md")
    try folder.write("hidden", "neg/.1.txt")
    try folder.write("not labeled", "unsup/0.txt")
    return folder
  }

  @Test func textsAreSortedByClassAndPath() throws {
    let folder = try Self.example()
    let texts = try TextFolder(folder.path, omitting: ["unsup"])
    #expect(texts.classNames == ["neg", "pos"] && texts.labels == [0, 1, 1] && texts.count == 3)
    #expect(texts.files == ["neg/deep/0.txt", "pos/10_8.TXT", "pos/2_9.txt"].map { folder($0) })
    #expect(try texts.text(at: 1) == "A lovely film")
    let vectorization = try texts.vectorization(maxTokens: 5, output: .integers(length: 3))
    #expect(vectorization.vocabulary.words.dropFirst(2) == ["a", "film", "bad"])
    let some = try texts.vectorization(of: [0, 2], output: .multiHot)
    #expect(some.vocabulary.words.dropFirst(2) == ["a", "bad", "film", "good"])
    for threads in [1, 2, 16] {
      let data = try TextFolder(folder.path, omitting: ["unsup"], threads: threads).vectorized(by: vectorization)
      let batch = try data.batch(at: [2, 0, 1, 0])
      #expect(try batch.input.scalars(as: Int32.self) == [2, 1, 3, 4, 0, 0, 2, 1, 3, 4, 0, 0])
      #expect(try batch.target.scalars(as: Int32.self) == [1, 0, 1, 0])
      #expect(try data.batch(at: []).input.shape == [0, 3])
      #expect(throws: TrainingError.noSuchExample(index: 3, count: 3)) { try data.batch(at: [0, 3]) }
    }
    #expect(try TextFolder(folder.path, classNames: ["pos", "unsup", "neg"]).labels == [0, 0, 1, 2])
  }

  @Test func foldersThatMakeNoSense() throws {
    let folder = try Self.example()
    func fault(_ path: String, classNames: [String]? = nil, omitting: [String] = []) -> String {
      do {
        _ = try TextFolder(path, classNames: classNames, omitting: omitting)
        return "none"
      } catch { return "\(error)" }
    }
    #expect(fault("nowhere") == "nowhere: no such file")
    #expect(
      fault(folder("pos")) == "\(folder("pos")): expected a subfolder with texts for each class, found no subfolders")
    #expect(
      fault(folder.path, classNames: ["neg", "pos"])
        == "\(folder.path): expected only subfolders for the 2 given classes, found the subfolder unsup")
    #expect(fault(folder.path, omitting: ["none"]) == "\(folder.path): expected a subfolder none to omit, found none")
    try folder.makeFolder("empty")
    #expect(fault(folder.path) == "\(folder("empty")): expected texts (.txt) of a class, found none")
  }

  @Test func theFirstUnreadableTextIsNamed() throws {
    let folder = try TemporaryFolder()
    for index in 10..<40 { try folder.write("text", "a/\(index).txt") }
    try folder.write([0x61, 0xC3, 0x28], "a/20.txt")
    try folder.write("more than 8 bytes", "a/30.txt")
    let data = try TextFolder(folder.path, byteLimit: 8, threads: 4)
      .vectorized(by: TextVectorization(vocabulary: Vocabulary(words: ["text"]), output: .counts))
    let fault = DataError.malformed(
      file: folder("a/20.txt"), offset: 1, expected: "text in UTF-8", found: "the byte 0xC3")
    for _ in 0..<20 { #expect(throws: fault) { try data.batch(at: Array(0..<30)) } }
    #expect(
      throws: DataError.malformed(
        file: folder("a/30.txt"), offset: nil, expected: "at most 8 bytes", found: "17 bytes")
    ) { try data.batch(at: [20]) }
  }

  /// Real sentences, in a folder like that of the IMDB reviews.
  @Test func aModelLearnsRealTexts() throws {
    guard let path = SharedData.path("sentiment/imdb_labelled.txt") else { return }
    let folder = try TemporaryFolder()
    let lines = try TextFile.read(path, limit: 1 << 20).split(separator: "\n")
    for (index, line) in lines.enumerated() {
      let part = line.split(separator: "\t", maxSplits: 1)
      guard part.count == 2 else { continue }
      try folder.write(String(part[0]), "\(part[1].contains("1") ? "pos" : "neg")/\(index).txt")
    }
    let texts = try TextFolder(folder.path)
    #expect(texts.count == 1000 && texts.classNames == ["neg", "pos"])
    let words = try texts.vectorization(maxTokens: 3000, output: .integers(length: 40))
    let (train, test) = texts.vectorized(by: words).split(0.8, seed: 1)
    let model = Sequential {
      Embedding(
        words.vocabulary.count, 16, padding: Vocabulary.padding, initializer: .normal(deviation: 0.05))
      SequenceAverage(masksZeros: true)
      Dense(2)
    }
    model.compile(optimizer: .adam(learningRate: 0.02), loss: .crossEntropy(), metrics: [.accuracy])
    try model.fit(train.cached(), epochs: 8, seed: 1, verbosity: .silent)
    #expect(try #require(model.evaluate(test)["accuracy"]) > 0.68)
  }
}
