import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

@testable import nn

/// Tables with text, dates, and missing values: from a file to predictions.
@Suite("Tables")
struct TableCommandTests {
  private static let network = ["--hidden", "16", "--epochs", "60", "--learning-rate", "0.02", "--device", "cpu"]

  /// Customers who stay if they live in Oslo, unless they are young. One in ten ages and cities is missing.
  private static let customers: String = {
    let rows = (0..<240).map { row -> String in
      let age = 18 + row * 37 % 60, city = ["Oslo", "Lima", "Kyiv"][row * 7 % 3]
      let stays = city == "Oslo" && age > 30
      let since = "20\(10 + row % 9)-03-\(10 + row % 20)"
      return [
        "\(row + 1)", row % 10 == 3 ? "NA" : "\(age)", row % 10 == 7 ? "?" : city, since, "eu",
        stays ? "stays" : "leaves",
      ].joined(separator: ",")
    }
    return "id,age,city,since,region,outcome\n" + rows.joined(separator: "\n") + "\n"
  }()

  private func trained(_ folder: TemporaryFolder, _ more: [String] = []) throws -> Command.Result {
    let table = try folder.write(Self.customers, "customers.csv")
    let result = try Command.nn(
      ["train", "--dataset", "csv", "--data", table, "--save", folder("m.safetensors")] + Self.network + more)
    try #require(result.status == 0, "\(result.error)")
    return result
  }

  @Test func theDecisionsArePrintedAndSaved() throws {
    let folder = try TemporaryFolder()
    let output = try trained(folder).output
    for words in [
      "column  id: number, missing →", "consider leaving it out", "column  age: number, missing →",
      "marked by a feature", "column  city: category, 3 features (", "column  since: date, days from 2010-03-",
      "column  region: category, 1 features (eu); constant: it tells nothing",
    ] { #expect(output.contains(words), "\(words): \(output)") }
    let saved = try #require(try ModelInformation.load(from: folder("m.safetensors")).preprocessor)
    #expect(saved.columns.map(\.name) == ["id", "age", "city", "since", "region"])
    let evaluated = try Command.nn(
      "evaluate", "--json", "--model", folder("m.safetensors"), "--dataset", "csv", "--data", folder("customers.csv"),
      "--device", "cpu")
    #expect((try evaluated.json["test"]?["accuracy"]?.number ?? 0) > 0.85, "\(evaluated.error)")
  }

  /// New rows have the columns in another order, an unknown city, missing values, and a column that was not there.
  @Test func newRowsAreEncodedByName() throws {
    let folder = try TemporaryFolder()
    let words = ["--drop", "id", "--drop", "region", "--drop", "since"]
    #expect(try !trained(folder, words).output.contains("column  id"))
    func classes(_ text: String) throws -> [String] {
      let input = try folder.write(text, "new.csv")
      let result = try Command.nn("predict", "--json", "--model", folder("m.safetensors"), "--input", input)
      try #require(result.status == 0, "\(result.error)")
      return try result.json["predictions"]?.elements.compactMap { $0["class"]?.string } ?? []
    }
    #expect(
      try classes("city,note,age\nOslo,x,60\nLima,y,60\nOslo,z,20\n") == ["stays", "leaves", "leaves"])
    #expect(try classes("city,age\nRome,60\n,NA\n").count == 2)
    // Without a header, the order counts.
    #expect(try classes("60,Oslo\n60,Lima\n") == ["stays", "leaves"])
    for (text, words) in [
      ("city\nOslo\n", "line 1: expected a column \"age\""),
      ("city,age\nOslo,old\n", "line 2: expected a number in column 2 (age), found \"old\""),
      ("1,2,3\n", "expected 2 columns, as the model takes them, found 3"),
    ] {
      let input = try folder.write(text, "new.csv")
      expectFault(try Command.nn("predict", "--model", folder("m.safetensors"), "--input", input), 1, "new.csv", words)
    }
  }

  @Test func kindsColumnsAndMissingTextsAreStated() throws {
    let folder = try TemporaryFolder()
    let output = try trained(
      folder, ["--only", "id", "--only", "3", "--kind", "id=category", "--missing", "Kyiv"]
    ).output
    #expect(output.contains("column  id: category, 64 features (") && output.contains("and one for all others"))
    #expect(output.contains("column  city: category, 2 features (") && !output.contains("column  age"))
    let saved = try #require(try ModelInformation.load(from: folder("m.safetensors")).preprocessor)
    #expect(saved.missingTexts?.contains("Kyiv") == true)
    let train = ["train", "--dataset", "csv", "--data", folder("customers.csv")]
    expectFault(try Command.nn(train + ["--drop", "town"]), 1, "expected a column \"town\"")
    expectFault(try Command.nn(train + ["--kind", "age=text"]), 64, "age=text")
    expectFault(try Command.nn(train + ["--kind", "city=number"]), 1, "line 2", "a number in column 3 (city)")
    expectFault(try Command.nn("train", "--dataset", "moons", "--drop", "x"), 64, "--drop")
    expectFault(try Command.nn(train + ["--drop", "0"]), 64, "numbered from 1")
    let model = ["--model", folder("m.safetensors"), "--drop", "age"]
    expectFault(try Command.nn(["predict", "--input", folder("customers.csv")] + model), 64, "are for training")
    expectFault(try Command.nn(["evaluate"] + train.dropFirst() + model), 64, "are for training")
  }

  /// Both files of a folder are encoded in the same way; a value is predicted from text.
  @Test func aFolderAndAValue() throws {
    let folder = try TemporaryFolder()
    func rows(_ range: Range<Int>) -> String {
      "kind,price\n" + range.map { "\(["small", "large"][$0 % 2]),\($0 % 2 * 100 + $0 % 5).5\n" }.joined()
    }
    try folder.write(rows(0..<60), "tables/train.csv")
    try folder.write(rows(60..<80) + "huge,7.5\n", "tables/test.csv")
    let result = try Command.nn(
      ["train", "--json", "--dataset", "csv", "--data", folder("tables")] + Self.network)
    try #require(result.status == 0, "\(result.error)")
    #expect((try result.json["test"]?["r2"]?.number ?? 0) > 0.8)
    // Values have no classes, and rows no pixels.
    let mixed = try Command.nn(
      ["train", "--dataset", "csv", "--data", folder("tables"), "--augment", "mixup"] + Self.network)
    #expect(mixed.status == 1 && mixed.error.contains("images have rows and columns"), "\(mixed.error)")
  }
}
