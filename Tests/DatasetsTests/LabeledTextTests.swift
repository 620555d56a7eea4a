import Datasets
import NeuralNetworks
import TestSupport
import Testing

@Suite struct LabeledTextTests {
  @Test func wordsAreFound() {
    #expect(
      Vocabulary.words("It's GREAT -- isn't it?! 'Yes' (10/10).") == [
        "it's", "great", "isn't", "it", "?", "!", "yes", "10", "10",
      ])
    #expect(Vocabulary.words(" \u{85}Déjà vu… ") == ["déjà", "vu"])
    #expect(Vocabulary.words("").isEmpty)
  }

  @Test func wordsAreNumberedByFrequency() throws {
    let words = Vocabulary(of: [["b", "a", "c"], ["c", "d", "b"], ["c"]], limit: 5)
    #expect(words.words == ["<padding>", "<unknown>", "c", "b", "a"])
    #expect(words.token("c") == 2 && words.token("d") == 1)
    let tokens = words.tokens([["a"], ["c", "d", "b", "a"], []], length: 3)
    #expect(try tokens.scalars(as: Int32.self) == [4, 0, 0, 2, 1, 3, 0, 0, 0])
  }

  /// As a `String`, the first word takes ten seconds to look up.
  @Test func combiningMarksCostNoTime() throws {
    let marks = String(repeating: "\u{301}\u{323}", count: 40_000)
    let sentences = (0..<10).map { (text: "a\(marks) b'\(marks) !\(marks) c\($0)", label: $0 % 2) }
    let seconds = processorSeconds {
      let text = LabeledText.dataset(sentences, vocabulary: 100, length: 4)
      #expect(text.vocabulary.words.contains { $0.utf8.count == 1 + marks.utf8.count })
      #expect(text.vocabulary.token("a\(marks)") > Vocabulary.unknown)
    }
    #expect(seconds < 5)
  }

  @Test func wordsAreToldApartByTheirBytes() {
    let words = Vocabulary(of: [["\u{E9}", "e\u{301}", "e\u{301}"]], limit: 5)
    #expect(words.count == 4 && words.token("e\u{301}") == 2 && words.token("\u{E9}") == 3)
  }

  /// Every sentence is in one part, the same each time; words of the test part alone have no token.
  @Test func partsAreFixed() throws {
    let folder = try TemporaryFolder()
    let lines = (0..<50).map { "word\($0) is here\t\($0 % 3)\r\n" }.joined()
    let path = try folder.write(lines, "text.tsv")
    let text = try LabeledText.load(tsv: path, vocabulary: 100, length: 4)
    #expect(text.train.count == 40 && text.test.count == 10)
    #expect(text.train.inputs.shape == [40, 4] && text.test.targets.shape == [10])
    #expect(text.vocabulary.count == 2 + 2 + 40)
    #expect(try text.test.inputs[.all, 0].scalars(as: Int32.self).allSatisfy { $0 == 1 })
    let again = try LabeledText.load(tsv: path, vocabulary: 100, length: 4)
    #expect(again.vocabulary.words == text.vocabulary.words)
    let other = try LabeledText.load(tsv: path, vocabulary: 100, length: 4, seed: 1)
    #expect(other.vocabulary.words != text.vocabulary.words)
    let sentence = try text.tokens(["Is here what?"]).scalars(as: Int32.self)
    #expect(sentence == [3, 2, 1, 1] || sentence == [2, 3, 1, 1])
    let both = try LabeledText.load(tsv: path, path, vocabulary: 10, length: 4)
    #expect(both.train.count == 80 && both.vocabulary.count == 10)
  }

  @Test func badLinesAreNamed() throws {
    let folder = try TemporaryFolder()
    func message(_ text: String) throws -> String {
      let path = try folder.write(text, "bad.tsv")
      do {
        _ = try LabeledText.load(tsv: path, vocabulary: 10, length: 4)
        return "loaded"
      } catch {
        return "\(error)"
      }
    }
    #expect(
      try message("fine\t1\n\nno class\n").hasSuffix(
        "bad.tsv, line 3: expected a sentence, a tab and a class, found no tab"))
    #expect(
      try message("fine\t1\nbad\tgood\n").contains(
        "line 2: expected a class of 0, 1, 2 … after the tab, found \"good\""))
    #expect(try message("bad\t-1\n").contains("line 1"))
    for label in ["1 2", "1.0", "1x", "", " ", "99999999999"] {
      #expect(
        try message("fine\t1\nbad\t\(label)\n").hasSuffix(
          "line 2: expected a class of 0, 1, 2 … after the tab, found \"\(label)\""))
    }
    #expect(try message("fine\t 1  \nfine too\t2\n") == "loaded")
    #expect(try message("").contains("expected sentences to train on, found 0 sentences"))
    #expect(throws: DataError.self) { try LabeledText.load(tsv: folder.path + "/none", vocabulary: 10, length: 4) }
  }
}

/// Mistakes with vocabularies end the program with their text.
@Suite struct VocabularyMistakeTests {
  @Test func aNegativeLengthIsNamed() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Vocabulary(of: [["a"]], limit: 9).tokens([["a"]], length: -1)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("the length is at least 0, not -1"), "\(message)")
  }
}
