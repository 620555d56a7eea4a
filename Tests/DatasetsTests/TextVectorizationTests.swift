import NeuralNetworks
import TestSupport
import Testing

@testable import Datasets

@Suite struct TextVectorizationTests {
  /// Values of `keras.utils.pad_sequences(s, maxlen=2, padding=…, truncating=…, value=9)`.
  @Test func sequencesArePaddedAsInKeras() throws {
    let sequences: [[Int32]] = [[1], [2, 3], [4, 5, 6]]
    func padded(_ padding: SequenceEnd, _ truncation: SequenceEnd) throws -> [Int32] {
      try sequences.padded(to: 2, value: 9, padding: padding, truncation: truncation).scalars(as: Int32.self)
    }
    #expect(try padded(.start, .start) == [9, 1, 2, 3, 5, 6])
    #expect(try padded(.start, .end) == [9, 1, 2, 3, 4, 5])
    #expect(try padded(.end, .start) == [1, 9, 2, 3, 5, 6])
    #expect(try padded(.end, .end) == [1, 9, 2, 3, 4, 5])
    let whole = sequences.padded(padding: .start)
    #expect(whole.shape == [3, 3] && whole.dtype == .int32)
    #expect(try whole.scalars(as: Int32.self) == [0, 0, 1, 0, 2, 3, 4, 5, 6])
    #expect(([] as [[Float]]).padded().shape == [0, 0] && [[1.5 as Float]].padded(to: 0).shape == [1, 0])
    #expect(try [[1.5 as Float], []].padded(value: .infinity).scalars() == [1.5, .infinity])
  }

  private func words(
    _ text: String, _ standardization: TextVectorization.Standardization, _ splitting: TextVectorization.Splitting,
    ngrams: Int = 1
  ) -> [String] {
    TextVectorization(
      vocabulary: Vocabulary(words: []), standardization: standardization, splitting: splitting, ngrams: ngrams,
      output: .counts
    ).words(of: text)
  }

  /// Keras removes the characters of the regular expression [!"#$%&()*+,-./:;<=>?@[\]^_`{|}~'].
  @Test func textsAreStandardizedAndSplit() {
    let text = " It's <br /> GREAT,\tisn't it?\u{A0}_Déjà_ vu…"
    #expect(
      words(text, .lowercaseAndStripPunctuation, .whitespace) == [
        "its", "br", "great", "isnt", "it", "déjà", "vu…",
      ])
    #expect(words(text, .lowercase, .whitespace).prefix(4) == ["it's", "<br", "/>", "great,"])
    #expect(words(text, .stripPunctuation, .whitespace).prefix(3) == ["Its", "br", "GREAT"])
    #expect(words(text, .none, .none) == [text])
    #expect(words("a-B", .lowercaseAndStripPunctuation, .characters) == ["a", "b"])
    #expect(words("Isn't it?", .none, .words) == ["isn't", "it", "?"])
    let punctuation = String(String.UnicodeScalarView((0x21...0x7E).compactMap(Unicode.Scalar.init)))
    let left = words(punctuation, .stripPunctuation, .characters)
    #expect(left.count == 62 && left.allSatisfy { $0.first?.isLetter == true || $0.first?.isNumber == true })
    #expect(words(" \n", .none, .whitespace).isEmpty)
    #expect(words("a b c", .none, .whitespace, ngrams: 3) == ["a", "b", "c", "a b", "b c", "a b c"])
    #expect(words("a", .none, .whitespace, ngrams: 3) == ["a"])
  }

  @Test func integersArePaddedAndTruncated() throws {
    let vectorization = TextVectorization(
      adaptedTo: ["A good film.", "A bad film!", "a a"], maxTokens: 5, output: .integers(length: 4))
    #expect(vectorization.vocabulary.words == ["<padding>", "<unknown>", "a", "film", "bad"])
    let tokens = vectorization(["a good Film", "", "bad bad bad bad bad"])
    #expect(tokens.shape == [3, 4] && vectorization.outputShape == [4])
    #expect(try tokens.scalars(as: Int32.self) == [2, 1, 3, 0, 0, 0, 0, 0, 4, 4, 4, 4])
  }

  /// The inverse document frequencies are log(1 + 3/(1 + n)) for n texts with the word, computed in Python.
  @Test func wordsAreCountedAndWeighted() throws {
    let texts = ["a b b", "a c", "a"]
    func row(_ output: TextVectorization.Output) throws -> [Float] {
      let vectorization = TextVectorization(adaptedTo: texts, output: output)
      #expect(vectorization.vocabulary.words.dropFirst(2) == ["a", "b", "c"])
      return try vectorization(["b x b a y"]).scalars()
    }
    #expect(try row(.multiHot) == [1, 1, 1, 0])
    #expect(try row(.counts) == [2, 1, 2, 0])
    let expected: [Float] = [2 * 0.7973990838945776, 0.5596157879354227, 2 * 0.9162907318741551, 0]
    for (found, expected) in zip(try row(.tfIDF), expected) { #expect((found - expected).magnitude < 1e-6) }
  }

  @Test func vocabulariesComeFromWordsAndFiles() throws {
    let words = Vocabulary(words: ["b", "a"])
    #expect(words.words == ["<padding>", "<unknown>", "b", "a"] && words.token("b") == 2 && words.token("c") == 1)
    let folder = try TemporaryFolder()
    #expect(try Vocabulary(file: folder.write("\u{FEFF}b\r\na\r\n", "words.txt")) == words)
    #expect(try Vocabulary(file: folder.write("", "empty.txt")).count == 2)
    func fault(_ text: String) throws -> String {
      let path = try folder.write(text, "bad.txt")
      do {
        _ = try Vocabulary(file: path)
        return "none"
      } catch { return String("\(error)".dropFirst(path.count)) }
    }
    #expect(try fault("a\nb\na\n") == ", line 3: expected a word that is not on another line, found \"a\" again")
    #expect(try fault("a\n\nb") == ", line 2: expected a word that is not on another line, found an empty line")
    let bad = try folder.write([0x61, 0x0A, 0xE9, 0x0A], "latin.txt")
    #expect(
      throws: DataError.malformed(file: bad, offset: 2, expected: "text in UTF-8", found: "the byte 0xE9")
    ) { try Vocabulary(file: bad) }
    // A byte order mark counts.
    let marked = try folder.write([0xEF, 0xBB, 0xBF, 0x61, 0xE9], "marked.txt")
    #expect(
      throws: DataError.malformed(file: marked, offset: 4, expected: "text in UTF-8", found: "the byte 0xE9")
    ) { try Vocabulary(file: marked) }
  }
}
