import Datasets
import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

@Suite struct AttachmentTests {
  /// A vocabulary is stored with the model, and converts texts as before.
  @Test(arguments: [TextVectorization.Output.integers(length: 3), .multiHot, .counts, .tfIDF])
  func theConversionOfTextsComesBack(_ output: TextVectorization.Output) throws {
    let texts = ["Déjà vu?", "a \"b\" a", "a b"]
    let vectorization = TextVectorization(
      adaptedTo: texts, standardization: .lowercase, splitting: .words, ngrams: 2, output: output)
    let folder = try TemporaryFolder()
    let model = Sequential { Dense(2) }
    try model.build(inputShape: vectorization.outputShape, seed: 1)
    let information = ModelInformation(
      classNames: ["x", "y"], attachments: ["text": try JSONValue(encoding: vectorization), "note": "a note"])
    try model.save(to: folder("m"), information: information)
    let loaded = try ModelInformation.load(from: folder("m"))
    #expect(loaded == information && loaded.attachments["note"]?.string == "a note")
    let copy = try #require(try loaded.attachments["text"]?.decode(TextVectorization.self))
    #expect(copy == vectorization)
    #expect(try copy(texts).scalars() == vectorization(texts).scalars())
  }

  @Test func settingsFromAFileAreChecked() throws {
    let valid = try JSONValue(
      encoding: TextVectorization(vocabulary: Vocabulary(words: ["a", "b"]), output: .integers(length: 3)))
    let text = try valid.text()
    func fault(_ part: String, _ other: String) throws -> String {
      #expect(text.contains(part), "\(text)")
      do {
        _ = try JSONValue(parsing: text.replacing(part, with: other)).decode(TextVectorization.self)
        return "none"
      } catch { return "\(error)" }
    }
    #expect(try fault("[\"a\",\"b\"]", "[\"a\",\"a\"]").contains("expected distinct words, found \"a\" twice"))
    #expect(try fault("\"length\":3", "\"length\":0").contains("the length is from 1 to 2147483647, not 0"))
    #expect(try fault("\"ngrams\":1", "\"ngrams\":-1").contains("ngrams is from 1 to 1000, not -1"))
    #expect(
      try fault("\"inverseDocumentFrequencies\":[]", "\"inverseDocumentFrequencies\":[1]").contains(
        "expected 0 inverse document frequencies, found 1"))
  }
}
