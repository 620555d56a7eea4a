import Testing

@testable import ModelFormats

@Suite struct PackedNamesTests {
  /// Texts of all lengths from 0 to 299 in an order without a pattern, each inserted twice.
  @Test func numbersAreThoseOfTheFirstInsertion() {
    let distinct = (0..<300).map { String(repeating: "ä", count: ($0 * 7) % 300 / 2) + ($0 % 2 == 0 ? "" : "x\($0)") }
    let expected = distinct.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    var names = PackedNames()
    for text in distinct + distinct.reversed() { #expect(names.insert(text) == expected.firstIndex(of: text)) }
    #expect(names.count == expected.count && names.texts == expected)
    for (number, text) in expected.enumerated() {
      #expect(names[number] == text && names.number(of: text) == number)
      #expect(names.number(of: text + "y") == nil)
    }
  }

  /// `String` takes both texts for equal.
  @Test func bytesDiffer() {
    var names = PackedNames()
    #expect(names.insert("\u{E9}") == 0 && names.insert("e\u{301}") == 1 && names.insert("") == 2)
    #expect(names.number(of: "e\u{301}") == 1 && names.number(of: "e") == nil && names.number(of: "") == 2)
    #expect(PackedNames().number(of: "") == nil)
  }
}
