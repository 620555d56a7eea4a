import HostSystem
import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

/// Files for commands: models for inputs of any length, logs, tables, and files that need much time or memory.
@Suite struct ReaderCommandTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  /// Images of 28 rows as sequences of any length.
  func sequenceModel() throws -> String {
    let model = Sequential(inputShape: [anyLength, 28]) {
      LSTM(4)
      Dense(10)
    }
    try model.build(seed: 1)
    try model.save(to: folder("any.safetensors"), information: ModelInformation(inputScaling: .pixels))
    return folder("any.safetensors")
  }

  @Test func modelsForInputsOfAnyLengthWorkInEveryCommand() throws {
    let model = try sequenceModel()
    let data = ["--model", model, "--dataset", "generated", "--limit", "20", "--device", "cpu"]
    for arguments in [
      ["summary", "--model", model], ["plot", model, "--out", folder("m.svg")], ["evaluate"] + data,
      ["predict"] + data, ["plot", "confusion", "--out", folder("c.svg")] + data,
      ["plot", "mistakes", "--out", folder("x.svg")] + data,
      ["plot", "weights", "--model", model, "--out", folder("w.svg")],
      ["report", "--out", folder("r.html")] + data,
    ] {
      let result = try Command.nn(arguments)
      #expect(result.status == 0, "\(arguments.prefix(2)): \(result.error)")
    }
    // The length is variable, but the number of features is not.
    let points = try Command.nn("evaluate", "--model", model, "--dataset", "moons", "--device", "cpu")
    expectFault(points, 1, "expected inputs of the shape [any, 28]", "found [2]")
  }

  /// The weights are for two features, but the shape allows any number of them.
  @Test func aShapeThatDoesNotFitTheLayersIsRefused() throws {
    let path = folder("m.safetensors")
    try Safetensors.save(
      [("0.weight", Tensor([Float](repeating: 0.1, count: 4), shape: [2, 2])), ("0.bias", Tensor([Float(0), 0]))],
      metadata: [
        "format": "swift-nn model 1",
        "architecture": #"{"inputShape": [-1], "layers": [{"layer": "Dense", "units": 2}]}"#,
      ], to: path)
    for arguments in [
      ["summary", "--model", path], ["plot", path], ["evaluate", "--model", path, "--dataset", "moons"],
      ["predict", "--model", path, "--dataset", "moons"], ["plot", "boundary", "--model", path, "--dataset", "moons"],
      ["report", "--model", path, "--dataset", "moons", "--out", folder("r.html")],
    ] { expectFault(try Command.nn(arguments), 1, "0 (Dense)", "expected [2]") }
  }

  @Test func aLogOfSubnormalLossesIsDrawn() throws {
    for (index, losses) in [["1e-310", "5e-324"], ["1", "4e-324"], ["5e-324", "5e-324"], ["-3e-320", "2e-315"]]
      .enumerated()
    {
      let lines = losses.enumerated().map { #"{"epoch":\#($0 + 1),"loss":\#($1),"validation_loss":\#($1)}"# + "\n" }
      let log = try folder.write(lines.joined(), "l\(index).jsonl")
      let result = try Command.nn("plot", log)
      #expect(result.status == 0 && result.output.contains("<svg"), "\(losses): \(result.error)")
      #expect(!result.output.contains("nan") && !result.output.contains("inf"))
    }
  }

  @Test func aHeaderOfNumbersIsAnnouncedByAnOption() throws {
    let rows = (0..<30).map { "\($0 % 3),\($0),\(["x", "y"][$0 % 2])\n" }.joined()
    let table = try folder.write("2019,2020,label\n" + rows, "t.csv")
    let model = folder("m.safetensors")
    let train = ["train", "--dataset", "csv", "--data", table, "--epochs", "1", "--hidden", "none", "--device", "cpu"]
    #expect(try Command.nn(train).output.contains("3 classes"))
    #expect(try Command.nn(train + ["--header", "yes", "--save", model]).output.contains("2 classes"))
    let input = try folder.write("2019,2020\n1,2\n", "i.csv")
    let predict = ["predict", "--model", model, "--input", input, "--json"]
    #expect(try Command.nn(predict).json["predictions"]?.array?.count == 2)
    #expect(try Command.nn(predict + ["--header", "yes"]).json["predictions"]?.array?.count == 1)
  }

  /// Each of these once took seconds to minutes; a second is allowed for the process.
  @Test func textAndModelsFromOutsideCostLinearTime() throws {
    let names = (1...20_000).map { #"{"epoch":\#($0),"n\#($0)":1}"# + "\n" }.joined()
    let log = try folder.write(names, "names.jsonl")
    let layers = [String](repeating: #"{"layer":"Dense","units":1}"#, count: 40_000).joined(separator: ",")
    let deep = try folder.write(#"{"inputShape":[1],"layers":["# + layers + "]}", "deep.json")
    let long = String(repeating: "é", count: 400_000)
    let model = folder("m.safetensors")
    let moons = Sequential([Dense(2)])
    try moons.build(inputShape: [2], seed: 1)
    try moons.save(to: model, information: ModelInformation(classNames: [long, "b"]))
    for arguments in [
      ["plot", log, "--out", folder("n.svg")], ["summary", "--model", deep],
      ["plot", "confusion", "--model", model, "--dataset", "moons", "--out", folder("c.svg")],
    ] {
      let result = try Command.nn(arguments)
      #expect(result.status == 0, "\(result.error.prefix(500))")
      #expect(result.processorSeconds < 60, "\(arguments.prefix(2))")
    }
  }

  @Test func messagesAreBounded() throws {
    let long = String(repeating: "é", count: 400_000)
    let arguments = try folder.write(String(repeating: "1,a\n", count: 10) + long + ",b\n", "t.csv")
    let result = try Command.nn("train", "--dataset", "csv", "--data", arguments, "--epochs", "1")
    expectFault(result, 1, "line 11")
    #expect(result.error.utf8.count < 1000)
  }

  /// 3 MB of text are 2.4 MB of numbers.
  @Test(.enabled(if: hasOrdinaryAllocator)) func predictionsTakeThreeTimesTheNumbersOfAFile() throws {
    let model = folder("m.safetensors")
    let moons = Sequential([Dense(2)])
    try moons.build(inputShape: [2], seed: 1)
    try moons.save(to: model)
    let small = try folder.write("0.125,0.5\n", "small.csv")
    let large = try folder.write(String(repeating: "0.125,0.5\n", count: 300_000), "large.csv")
    for flags in [["--json"], []] {
      let arguments = ["predict", "--model", model, "--device", "cpu"] + flags + ["--input"]
      let least = try Command.peak(arguments + [small])
      let taken = try Command.peak(arguments + [large]) - least
      #expect(least == 0 || taken < 3 * 2_400_000 + (8 << 20), "\(taken) bytes")
    }
  }

  /// `ulimit -v`: one line and an exit code, regardless of the file to read.
  @Test(.enabled(if: hasOrdinaryAllocator)) func withoutMemoryCommandsSayOneLine() throws {
    let model = folder("m.safetensors")
    let moons = Sequential([Dense(2)])
    try moons.build(inputShape: [2], seed: 1)
    try moons.save(to: model)
    let table = try folder.write(String(repeating: "0.125,0.5\n", count: 3_000_000), "t.csv")
    let small = try folder.write("0.125,0.5\n", "s.csv")
    func run(_ arguments: [String], kibibytes: Int) throws -> Command.Result {
      let words = arguments.map { "'\($0)'" }.joined(separator: " ")
      return try Command.run(shell: "ulimit -v \(kibibytes); exec '\(Command.folder)/nn' \(words)")
    }
    // The minimum with which the program runs, to within two megabytes.
    let predict = ["predict", "--model", model, "--device", "cpu", "--json", "--input"]
    var (little, enough) = (10, 3200)
    try #require(try run(predict + [small], kibibytes: enough << 10).status == 0)
    while enough - little > 2 {
      let middle = (little + enough) / 2
      if try run(predict + [small], kibibytes: middle << 10).status == 0 { enough = middle } else { little = middle }
    }
    let names = (0..<200_000).map { "\($0 % 10),x\($0)\n" }.joined()
    let log = (1...100_000).map { "{\"epoch\":\($0),\"loss\":0.5}\n" }.joined()
    func charts(_ count: Int) -> String {
      "{\"epoch\":1,\((0..<count).map { "\"value \($0)\":0.5" }.joined(separator: ","))}\n"
    }
    let layers = [String](repeating: "{\"layer\":\"Flatten\"}", count: 200_000).joined(separator: ",")
    let classes = ["train", "--dataset", "csv", "--device", "cpu", "--epochs", "1", "--data"]
    for (arguments, words) in [
      (predict + [table], "t.csv: it needs"), (classes + [try folder.write(names, "names.csv")], "names.csv: it needs"),
      (["plot", try folder.write(log, "log.jsonl")], "log.jsonl: it needs"),
      (["plot", try folder.write(charts(100_000), "wide.jsonl")], "wide.jsonl: it needs"),
      (["plot", try folder.write(charts(10_000), "charts.jsonl")], "charts.jsonl: it needs"),
      (["summary", "--model", try folder.write("{\"layers\":[\(layers)]}", "m.json")], "it needs"),
      (["train", "--dataset", "moons", "--hidden", "1048576,1000", "--device", "cpu", "--epochs", "1"], "out of"),
    ] {
      let result = try run(arguments, kibibytes: (enough << 10) + 10_000)
      #expect(result.status == 1 || result.status == 3, "\(result.error.prefix(500))")
      #expect(result.errorLines.count == 1 && result.error.contains(words), "\(result.error.prefix(500))")
    }
  }
}
