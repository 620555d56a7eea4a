import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

@testable import nn

/// Regression, from a table to a prediction: `--task` for every command.
@Suite("Regression")
struct RegressionTests {
  /// Houses whose price depends on two columns with very different units.
  private struct Houses {
    let rows: [(area: Double, age: Double, price: Double)] = (0..<120).map { index in
      let area = 40 + Double(index * 37 % 161), age = Double(index * 53 % 91) / 1000
      let rest = Double(index * 29 % 13) * 400
      return (area, age, (2500 * area - 900_000 * age + rest).rounded())
    }

    var text: String {
      "area,age,price\n" + rows.map { "\($0.area),\($0.age),\(Int($0.price))" }.joined(separator: "\n") + "\n"
    }
  }

  private static let network = ["--hidden", "16", "--epochs", "150", "--learning-rate", "0.01", "--device", "cpu"]

  private func trained(_ folder: TemporaryFolder, _ more: [String] = []) throws -> (table: [String], model: String) {
    let table = try folder.write(Houses().text, "houses.csv")
    let data = ["--dataset", "csv", "--data", table, "--label", "price"]
    let model = folder("houses.safetensors")
    let result = try Command.nn(["train", "--save", model] + Self.network + data + more)
    try #require(result.status == 0, "\(result.error)")
    return (data, model)
  }

  @Test func aPriceIsAValueAndTheCommandsSayWhy() throws {
    let folder = try TemporaryFolder()
    let table = try folder.write(Houses().text, "houses.csv")
    let data = ["--dataset", "csv", "--data", table, "--label", "price"]
    let result = try Command.nn(["train", "--log", folder("run.jsonl")] + Self.network + data)
    try #require(result.status == 0, "\(result.error)")
    #expect(result.output.contains("task    regression: the labels are 1"), "\(result.output)")
    #expect(result.output.contains("--task classification"))
    for line in ["train   ", "test    "] {
      let text = try #require(result.outputLines.last { $0.hasPrefix(line) })
      for word in ["loss", "MAE", "RMSE", "R²"] { #expect(text.contains(word), "\(text)") }
    }
    let history = try History.load(fromLog: folder("run.jsonl"))
    #expect(history.epochs[0].names == ["loss", "mae", "rmse", "r2"])
  }

  /// Compares the figures of all commands with those computed here from the predictions.
  @Test(arguments: RoundTripTests.devices) func theFiguresAgree(_ device: String) throws {
    let folder = try TemporaryFolder()
    let (data, model) = try trained(folder)
    let train = try Command.nn(["train", "--json"] + Self.network + data).json
    #expect(train["task"]?.string == "regression" && train["test"]?.keys == ["loss", "mae", "rmse", "r2"])
    #expect((train["test"]?["r2"]?.number ?? 0) > 0.9 && (train["train"]?["r2"]?.number ?? 0) > 0.9)
    let evaluated = try Command.nn(["evaluate", "--json", "--model", model, "--device", device] + data)
    try #require(evaluated.status == 0, "\(evaluated.error)")
    let test = try #require(evaluated.json["test"])
    let predicted = try Command.nn(
      ["predict", "--json", "--model", model, "--device", device, "--examples", "0-119"] + data)
    try #require(predicted.status == 0, "\(predicted.error)")
    #expect(try predicted.json.keys == ["device", "task", "predictions"])
    let pairs = try (predicted.json["predictions"]?.elements ?? []).map { prediction in
      (try #require(prediction["value"]?.number), try #require(prediction["label"]?.number))
    }
    #expect(pairs.map(\.1) == Houses().rows.map(\.price))
    let prices = pairs.map(\.1)
    let mean = prices.reduce(0, +) / 120
    let errors = pairs.map { $0.0 - $0.1 }
    let squares = errors.reduce(0) { $0 + $1 * $1 }
    let spread = prices.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let expected: [(String, Double)] = [
      ("mae", errors.reduce(0) { $0 + $1.magnitude } / 120), ("rmse", (squares / 120).squareRoot()),
      ("r2", 1 - squares / spread),
    ]
    for (name, value) in expected {
      let found = try #require(test[name]?.number)
      #expect((found - value).magnitude <= 1e-3 * value.magnitude, "\(name): \(found), expected \(value)")
    }
  }

  /// The predictions in a program that is independent of the command: raw numbers go in, prices come out.
  @Test func aProgramThatLoadsTheModelPredictsPrices() throws {
    let folder = try TemporaryFolder()
    let (_, model) = try trained(folder)
    let rows = Houses().rows
    let loaded = try Sequential.load(from: model)
    let raw = Tensor(rows.flatMap { [Float($0.area), Float($0.age)] }, shape: [120, 2])
    let values = try loaded.predict(raw).scalars(as: Double.self)
    let errors: [Double] = zip(values, rows).map { value, row in (value - row.price).magnitude }
    #expect(errors.reduce(0, +) / 120 < 20_000, "the prices differ by 110,000 from their mean")
    let file = try folder.write(rows.map { "\($0.area),\($0.age)" }.joined(separator: "\n"), "new.csv")
    let predicted = try Command.nn("predict", "--json", "--model", model, "--input", file, "--device", "cpu").json
    let said = (predicted["predictions"]?.elements ?? []).compactMap { $0["value"]?.number }
    #expect(said.count == 120 && areClose(said, values, within: 10))
    let information = try ModelInformation.load(from: model)
    #expect(information.task == .regression && information.classNames.isEmpty)
  }

  /// The loss is in units of the variance, so that the usual rates of SGD learn prices. The usual rates of RAdam,
  /// Lion, Muon, and Lamb are for more steps.
  @Test(arguments: OptimizerName.allCases) func everyOptimizerLearnsPrices(_ optimizer: OptimizerName) throws {
    let folder = try TemporaryFolder()
    let table = try folder.write(Houses().text, "houses.csv")
    let rate = [OptimizerName.radam: "0.01", .lion: "0.003", .muon: "0.01", .lamb: "0.01"][optimizer]
    let result = try Command.nn(
      ["train", "--json", "--dataset", "csv", "--data", table, "--optimizer", optimizer.rawValue, "--hidden", "16"]
        + ["--epochs", "100", "--device", "cpu"] + (rate.map { ["--learning-rate", $0] } ?? []))
    try #require(result.status == 0, "\(result.error)")
    #expect((try result.json["test"]?["r2"]?.number ?? 0) > 0.6, "\(result.output)")
  }

  @Test func runFilesAndResumedRunsGiveTheSameModel() throws {
    let folder = try TemporaryFolder()
    let (data, model) = try trained(folder, ["--noise", "0.05"])
    let run = folder("run"), again = folder("again.safetensors")
    for epochs in ["20", "150"] {
      let result = try Command.nn(
        ["train", "--save", again] + Self.network + data + ["--noise", "0.05", "--checkpoints", run, "--resume"]
          + ["--epochs", epochs])
      try #require(result.status == 0, "\(result.error)")
    }
    func weights(_ path: String) throws -> [[Float]] {
      try Sequential.load(from: path).parameters.map { try $0.parameter.value.scalars() }
    }
    #expect(try weights(again) == weights(model))
    let file = try folder.write(
      """
      {"command": "train", "options": {"dataset": "csv", "data": "\(data[3])", "label": "price", "task": "regression",
        "hidden": 16, "epochs": 150, "learning-rate": 0.01, "noise": 0.05, "device": "cpu", "save": "\(again)"}}
      """, "run.json")
    let result = try Command.nn("run", file)
    try #require(result.status == 0, "\(result.error)")
    #expect(try weights(again) == weights(model))
  }

  @Test func reportsShowValues() throws {
    let folder = try TemporaryFolder()
    let (data, model) = try trained(folder)
    let out = folder("run.html")
    let result = try Command.nn(["report", "--model", model, "--out", out] + data)
    try #require(result.status == 0, "\(result.error)")
    let page = Command.read(out)
    for part in [
      "test MAE", "test RMSE", "test R²", "Predictions", "predicted = actual", "<dt>seed</dt><dd>1</dd>",
      "<dt>optimizer</dt><dd>adam</dd>", "<dt>learning rate</dt><dd>0.01</dd>", "nn train --hidden 16", " UTC",
    ] { #expect(page.contains(part), "\(part)") }
    #expect(!page.contains("Confusion"))
    let confusion = try Command.nn(["plot", "confusion", "--model", model] + data)
    expectFault(confusion, 1, "houses.safetensors", "predicts values")
    expectFault(try Command.nn("evaluate", "--model", model, "--dataset", "moons"), 1, "predicts values")
    expectFault(try Command.nn(["evaluate", "--model", model, "--task", "classification"] + data), 64, "--task")
  }

  @Test func whatIsChosenForLabels() throws {
    let folder = try TemporaryFolder()
    func task(_ labels: [String], _ more: [String] = []) throws -> String {
      let text = labels.enumerated().map { "\(Double($0 % 7)),\($1)" }.joined(separator: "\n")
      let table = try folder.write(text + "\n", "table.csv")
      let result = try Command.nn(
        ["train", "--dataset", "csv", "--data", table, "--hidden", "none", "--epochs", "1", "--device", "cpu"] + more)
      guard result.status == 0 else { return result.error }
      return result.outputLines.first { $0.hasPrefix("task") } ?? ""
    }
    func numbered(_ classes: Int, from first: Int = 0, each: Int) -> [String] {
      (0..<classes * each).map { "\($0 % classes + first)" }
    }
    #expect(try task(["rose", "lotus", "rose", "rose", "lotus"]).contains("classification: the labels are text"))
    #expect(try task(["1.5", "2", "2.25", "7", "1e3"]).contains("regression: the labels have fractions"))
    #expect(try task(numbered(3, each: 30)).contains("classification: the labels are 3 whole numbers"))
    #expect(try task(["-1", "1", "-1", "1", "1"]).contains("classification"))
    #expect(try task(numbered(26, from: 1, each: 12)).contains("classification"))
    #expect(try task(numbered(60, from: 18, each: 5)).contains("regression"))
    #expect(try task((0..<15).map { "\(100_000 + 737 * $0)" }).contains("regression"))
    #expect(try task(numbered(3, each: 30), ["--task", "regression"]) == "task    regression")
    #expect(try task(numbered(60, from: 18, each: 5), ["--task", "classification"]) == "task    classification")
    #expect(try task(["a", "b", "a"], ["--task", "regression"]).contains("a number as label"))
    #expect(try task(["1.5", "2.5", "2.5"], ["--task", "classification"]).contains("a class"))
    expectFault(try Command.nn("train", "--dataset", "moons", "--task", "regression"), 64, "--task regression", "moons")
  }

  /// A custom architecture needs one output, and may scale inputs and outputs itself.
  @Test func architecturesOfValues() throws {
    let folder = try TemporaryFolder()
    let table = try folder.write(Houses().text, "houses.csv")
    let data = ["--dataset", "csv", "--data", table, "--epochs", "2", "--device", "cpu"]
    let two = try folder.write("{\"layers\": [{\"layer\": \"Dense\", \"units\": 2}]}", "two.json")
    expectFault(try Command.nn(["train", "--model", two] + data), 1, "two.json", "1 output")
    let own = try folder.write(
      """
      {"layers": [{"layer": "Normalization"}, {"layer": "Dense", "units": 1},
                  {"layer": "Normalization", "isInverted": true}]}
      """, "own.json")
    let model = folder("own.safetensors")
    let result = try Command.nn(["train", "--model", own, "--save", model] + data)
    try #require(result.status == 0, "\(result.error)")
    let loaded = try Sequential.load(from: model)
    #expect(loaded.layers.count == 3)
    let mean = Houses().rows.reduce(0) { $0 + $1.price } / 120
    let found = try loaded.parameters["2.mean"]?.value.scalars(as: Double.self)[0] ?? 0
    #expect((found - mean).magnitude < 0.2 * mean, "the mean price of the rows that were trained on")
  }
}
