import ModelFormats
import TestSupport
import Testing

/// Names in files and settings can contain anything; a terminal receives only text.
@Suite("Text from outside")
struct TerminalTextTests {
  private static let names = ["\u{1B}[2Jred", "b\u{202E}lue\u{9B}1m", "two\nlines\u{2028}\u{7}"]
  private static let escapes = ["\\u{1B}[2Jred", "b\\u{202E}lue\\u{009B}1m", "two\\nlines\\u{2028}\\u{07}"]

  /// Characters that a terminal interprets: C0 except for line breaks, DEL and C1, line separators, and characters that
  /// change the text direction.
  private func expectNoControls(_ result: Command.Result, sourceLocation: SourceLocation = #_sourceLocation) {
    for (stream, text) in [("output", result.output), ("error", result.error)] {
      let found = text.unicodeScalars.filter { scalar in
        switch scalar.value {
        case 0x0A: false
        case ..<0x20, 0x7F...0x9F, 0x61C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
      }
      #expect(found.isEmpty, "\(stream): \(found.map { $0.escaped(asASCII: true) })", sourceLocation: sourceLocation)
    }
  }

  /// A model whose classes have these names, and the table on which it was trained.
  private func model(_ folder: TemporaryFolder) throws -> (model: String, data: [String]) {
    let rows = (0..<30).map { "\($0 % 3),\($0 % 5),\"\(Self.names[$0 % 3])\"" }
    let table = try folder.write((["a,b,label"] + rows).joined(separator: "\n") + "\n", "t\u{1B}[31m.csv")
    let data = ["--dataset", "csv", "--data", table]
    let model = folder("m\u{1B}]0;title\u{7}.safetensors")
    let result = try Command.nn(["train", "--epochs", "2", "--device", "cpu", "--save", model] + data)
    try #require(result.status == 0, "\(result.error)")
    expectNoControls(result)
    #expect(result.output.contains("t\\u{1B}[31m.csv") && result.output.contains("m\\u{1B}]0;title\\u{07}"))
    return (model, data)
  }

  @Test func namesOfClassesAndFilesReachNoTerminal() throws {
    let folder = try TemporaryFolder()
    let (model, data) = try model(folder)
    let predicted = try Command.nn(["predict", "--model", model] + data)
    expectNoControls(predicted)
    #expect(Self.escapes.contains { predicted.output.contains($0) }, "\(predicted.output)")
    // The first line of each example, and one line per class.
    #expect(predicted.outputLines.count == 5 * 4 + 1, "\(predicted.output)")
    for command in [
      ["evaluate", "--model", model] + data, ["summary", "--model", model], ["plot", model],
      ["plot", "confusion", "--model", model] + data, ["plot", "boundary", "--model", model] + data,
      ["plot", "weights", "--model", model], ["plot", model, "--out", folder("o\u{1B}.svg")],
    ] {
      let result = try Command.nn(command)
      #expect(result.status == 0, "\(command): \(result.error)")
      expectNoControls(result)
    }
  }

  @Test func reportsInJSONAreExact() throws {
    let folder = try TemporaryFolder()
    let (model, data) = try model(folder)
    let result = try Command.nn(["predict", "--json", "--model", model] + data)
    expectNoControls(result)
    let classes = try result.json["classes"]?.elements.compactMap(\.string) ?? []
    #expect(
      classes.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        == Self.names.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) })
    #expect(result.outputLines.count == 1)
  }

  @Test func mistakesAreOneLineOfText() throws {
    let folder = try TemporaryFolder()
    let hostile = "\u{1B}[31mred\u{1B}[2J\u{9B}\u{202E}\nnext"
    let run = try folder.write("{\"command\": \"\\u001b[31mred\\u001b[2J\\u009b\\u202e\\nnext\"}", "run.json")
    let options = try folder.write(
      "{\"command\": \"train\", \"options\": {\"\\u001b[2J\\n\": 1, \"optimizer\": \"\\u001b\\n\", \"epochs\": 0}}",
      "options.json")
    for (command, status) in [
      ([hostile], 64), (["train", "--dataset", hostile], 64), (["train", hostile], 64),
      (["summary", "--model", folder(hostile)], 1), (["run", run], 1), (["run", options], 1),
      (["plot", folder(hostile + ".jsonl")], 1), (["evaluate", "--model", folder(hostile)], 1),
      (["train", "--dataset", "csv", "--data", folder(hostile)], 1), (["train", "--device", hostile], 64),
      (["demo", hostile], 64), (["train", "--log", folder("\(hostile)/a.csv")], 1),
    ] as [([String], Int32)] {
      let result = try Command.nn(command)
      #expect(result.status == status, "\(command): \(result)")
      #expect(result.errorLines.count == 1 && result.error.contains("\\u{1B}"), "\(command): \(result.error)")
      expectNoControls(result)
    }
  }

  @Test func whatIsCheckedIsShownAsText() throws {
    let folder = try TemporaryFolder()
    let run = try folder.write(
      "{\"command\": \"plot\", \"arguments\": [\"\\u001b[31m\\n.jsonl\"], \"options\": {}}", "run.json")
    let result = try Command.nn("run", run, "--check")
    expectNoControls(result)
    #expect(result.outputLines == ["nn plot -- \\u{1B}[31m\\n.jsonl"])
  }

  @Test func aLongNameDoesNotFillTheTerminal() throws {
    let result = try Command.nn("summary", "--model", String(repeating: "n", count: 100_000))
    #expect(result.status == 1 && result.error.utf8.count < 5000)
  }
}
