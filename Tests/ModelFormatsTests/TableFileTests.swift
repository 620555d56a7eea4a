import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

/// Preprocessing that is saved with a model.
@Suite struct TableFileTests {
  private static let table = DataFrame([
    .init("age", numbers: [31, nil, 58]), .init("city", categories: ["Oslo", "Lima", nil]),
    .init("born", secondsSince1970: [86_400, nil, 129_600]),
  ])

  @Test func preprocessorsAreSavedWithTheModel() throws {
    var preprocessor = TablePreprocessor(treatments: ["born": .date([.days, .month])])
    try preprocessor.adapt(to: Self.table)
    preprocessor.missingTexts = ["-"]
    let inputs = try preprocessor.inputs(of: Self.table)
    let imputer = SimpleImputer(.median), bins = Discretization(bins: 3, mode: .count)
    try imputer.adapt(to: inputs)
    try bins.adapt(to: inputs)
    let model = Sequential {
      imputer
      bins
      Dense(2)
    }
    try model.build(inputShape: [inputs.shape[1]], seed: 1)
    let folder = try TemporaryFolder(), path = folder("m.safetensors")
    try model.save(to: path, information: ModelInformation(preprocessor: preprocessor))
    let loaded = try #require(try ModelInformation.load(from: path).preprocessor)
    #expect(loaded.columns == preprocessor.columns && loaded.missingTexts == ["-"] && loaded.isNamed)
    #expect(try loaded.inputs(of: Self.table).scalars() == inputs.scalars())
    let again = try Sequential.load(from: path)
    #expect(try again.predict(inputs).scalars() == model.predict(inputs).scalars())
  }

  @Test func lookupsAreCodable() throws {
    let lookup = StringLookup(vocabulary: ["b", "a"], maxTokens: 9, masksMissing: true)
    let json = try JSONValue(encoding: lookup)
    #expect(try json.decode(StringLookup.self) == lookup)
    for wrong in [
      #"{"vocabulary": [], "maxTokens": 1, "masksMissing": true}"#,
      #"{"vocabulary": ["a"], "maxTokens": 2, "masksMissing": true}"#,
      #"{"vocabulary": ["a"], "maxTokens": 1, "masksMissing": false}"#,
      #"{"vocabulary": ["a", "a"], "masksMissing": false}"#,
    ] {
      let json = try JSONValue(parsing: Array(wrong.utf8))
      #expect(throws: (any Error).self, "\(wrong)") { try json.decode(StringLookup.self) }
    }
  }

  @Test func hashesAreCodable() throws {
    for hashing in [Hashing(bins: 7), Hashing(bins: 7, salt: (3, .max), masksMissing: true)] {
      let coded = try JSONValue(encoding: hashing).decode(Hashing.self)
      #expect(coded == hashing && coded.index(of: "a") == hashing.index(of: "a"))
    }
    let crossing = HashedCrossing(bins: 7)
    #expect(try JSONValue(encoding: crossing).decode(HashedCrossing.self) == crossing)
    let wrong = try JSONValue(parsing: #"{"bins": 0, "masksMissing": false}"#)
    #expect(throws: (any Error).self) { try wrong.decode(Hashing.self) }
    #expect(throws: (any Error).self) { try wrong.decode(HashedCrossing.self) }
  }

  /// Decisions that contradict themselves are rejected.
  @Test func invalidDecisionsAreRefused() throws {
    func reason(_ column: String) -> String {
      let text = #"{"isNamed": true, "columns": ["# + column + "]}"
      do {
        _ = try JSONValue(parsing: Array(text.utf8)).decode(TablePreprocessor.self)
        return "read"
      } catch { return "\(error)" }
    }
    func column(_ kind: String, _ more: String) -> String {
      #"{"name": "x", "hasOther": false, "hasMissing": false, "notes": [], "kind": ""# + kind + "\"" + more + "}"
    }
    #expect(reason(column("number", #", "replacement": 1"#)) == "read")
    #expect(reason(column("category", #", "categories": ["a", "b"]"#)) == "read")
    for wrong in [
      column("number", ""), column("number", #", "replacement": 1e300"#), column("text", ""), column("category", ""),
      column("category", #", "categories": ["a", "a"]"#), column("date", #", "replacement": 1, "parts": []"#),
      column("date", #", "replacement": 1, "parts": ["days"], "origin": 4000000000000000000"#),
      column("number", #", "replacement": 1"#) + ", " + column("number", #", "replacement": 1"#),
      column("number", #", "replacement": 1, "categories": ["a"]"#),
      column("number", #", "replacement": 1, "parts": ["day"]"#), column("category", #", "categories": []"#),
      column("category", #", "categories": ["a"], "parts": ["day"]"#),
      column("date", #", "replacement": 1, "parts": ["day"], "origin": 0, "categories": ["a"]"#),
    ] { #expect(reason(wrong) != "read", "\(wrong)") }
  }
}
