import Testing

@testable import NeuralNetworks

/// Texts as indices.
@Suite struct StringLookupTests {
  /// The layout of Keras' `StringLookup`: unknown texts first, then the vocabulary by frequency.
  @Test func indicesAreThoseOfKeras() throws {
    var lookup = StringLookup()
    lookup.adapt(to: ["b", "a", nil, "c", "a", "d", "b", "a"])
    #expect(lookup.vocabulary == ["a", "b", "c", "d"] && lookup.count == 5)
    #expect(try lookup.indices(of: ["a", "d", "z", nil]).scalars(as: Int32.self) == [1, 4, 0, 0])
    #expect(lookup.text(at: 2) == "b" && lookup.text(at: 0) == nil && lookup.text(at: 5) == nil)
    var masked = StringLookup(maxTokens: 4, masksMissing: true)
    masked.adapt(to: ["b", "a", nil, "c", "a", "d", "b", "a"])
    #expect(masked.vocabulary == ["a", "b"] && masked.unknownIndex == 1)
    #expect(try masked.indices(of: ["a", "c", nil]).scalars(as: Int32.self) == [2, 1, 0])
    #expect(try masked.oneHot(["b", nil]).scalars() == [0, 0, 0, 1, 1, 0, 0, 0])
    // The same letter as one scalar and as two are two texts.
    #expect(StringLookup(vocabulary: ["\u{E9}", "e\u{301}"]).index(of: "e\u{301}") == 2)
  }
}
