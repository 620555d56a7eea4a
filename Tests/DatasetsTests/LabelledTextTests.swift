import Datasets
import NeuralNetworks
import TestSupport
import Testing

@Suite struct LabelledTextTests {
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

  /// Every sentence is in one part, the same each time; words of the test part alone have no token.
  @Test func partsAreFixed() throws {
    let folder = try TemporaryFolder()
    let lines = (0..<50).map { "word\($0) is here\t\($0 % 3)\r\n" }.joined()
    let path = try folder.write(lines, "text.tsv")
    let text = try LabelledText.load(tsv: path, vocabulary: 100, length: 4)
    #expect(text.train.count == 40 && text.test.count == 10)
    #expect(text.train.inputs.shape == [40, 4] && text.test.targets.shape == [10])
    #expect(text.vocabulary.count == 2 + 2 + 40)
    #expect(try text.test.inputs[.all, 0].scalars(as: Int32.self).allSatisfy { $0 == 1 })
    let again = try LabelledText.load(tsv: path, vocabulary: 100, length: 4)
    #expect(again.vocabulary.words == text.vocabulary.words)
    let other = try LabelledText.load(tsv: path, vocabulary: 100, length: 4, seed: 1)
    #expect(other.vocabulary.words != text.vocabulary.words)
    let sentence = try text.tokens(["Is here what?"]).scalars(as: Int32.self)
    #expect(sentence == [3, 2, 1, 1] || sentence == [2, 3, 1, 1])
    let both = try LabelledText.load(tsv: path, path, vocabulary: 10, length: 4)
    #expect(both.train.count == 80 && both.vocabulary.count == 10)
  }

  @Test func badLinesAreNamed() throws {
    let folder = try TemporaryFolder()
    func message(_ text: String) throws -> String {
      let path = try folder.write(text, "bad.tsv")
      do {
        _ = try LabelledText.load(tsv: path, vocabulary: 10, length: 4)
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
        "line 2: expected a class of 0, 1, 2 … behind the tab, found \"good\""))
    #expect(try message("bad\t-1\n").contains("line 1"))
    #expect(try message("").contains("expected sentences to train on, found 0 sentences"))
    #expect(throws: DataError.self) { try LabelledText.load(tsv: folder.path + "/none", vocabulary: 10, length: 4) }
  }
}
