import HostSystem
import Files
import Testing

@Suite struct PrintableTests {
  @Test(arguments: [
    ("plain text, ünïcode, 数, 👩‍👩‍👧, می‌خواهم", "plain text, ünïcode, 数, 👩‍👩‍👧, می‌خواهم"), ("\u{1B}[31mred", "\\u{1B}[31mred"),
    ("\u{9B}2J", "\\u{009B}2J"), ("a\u{7}\u{8}\u{0}\u{7F}", "a\\u{07}\\u{08}\\0\\u{7F}"),
    ("\u{85}\u{2028}\u{2029}", "\\u{0085}\\u{2028}\\u{2029}"),
    ("a\u{202E}b\u{2066}c\u{2069}", "a\\u{202E}b\\u{2066}c\\u{2069}"),
    ("\u{200E}\u{200F}\u{61C}", "\\u{200E}\\u{200F}\\u{061C}"), ("\u{FEFF}x\u{E0041}", "\\u{FEFF}x\\u{000E0041}"),
    ("two\nlines\r\tand a tab", "two\\nlines\\r\\tand a tab"),
  ])
  func controlsAreShownAsEscapes(_ text: String, _ expected: String) {
    #expect(text.onOneLine == expected)
    #expect(expected.onOneLine == expected)
  }

  @Test func linesOfATextStay() {
    #expect("a\u{1B}\n\tb\r\n".printable == "a\\u{1B}\n\tb\\r\n")
  }

  @Test func anInvalidVariableIsReportedOnce() async throws {
    let result = try await #require(processExitsWith: .success, observing: [\.standardErrorContent]) {
      setenv("NN_EXAMPLE", "a\u{1B}b", 1)
      for _ in 0..<3 {
        #expect(setting("NN_EXAMPLE", expected: "a number", otherwise: "using 1") { Int($0) } == nil)
      }
      setenv("NN_EXAMPLE", "5", 1)
      #expect(setting("NN_EXAMPLE", expected: "a number", otherwise: "using 1") { Int($0) } == 5)
      setenv("NN_EXAMPLE", "", 1)
      #expect(setting("NN_EXAMPLE", expected: "a number", otherwise: "using 1") { Int($0) } == nil)
    }
    let lines = String(decoding: result.standardErrorContent, as: UTF8.self).split(separator: "\n")
    #expect(lines.filter { $0.contains("NN_") } == ["swift-nn: NN_EXAMPLE=a\\u{1B}b is not a number; using 1"])
  }
}
