import Files
import ModelFormats
import TestSupport
import Testing

@Suite("Run files, and the health of a machine") struct RunFileTests {
  @Test func aFileSaysWhatToRun() throws {
    let folder = try TemporaryFolder()
    let model = folder("moons.safetensors")
    let file = try folder.write(
      """
      {"command": "train", "options": {"dataset": "moons", "hidden": [8, 8], "epochs": 2, "learning-rate": 0.01,
       "device": "cpu", "json": true, "no-fallback": false, "save": "\(model)"}}
      """, "run.json")
    let result = try Command.nn("run", file)
    #expect(result.status == 0, "\(result.error)")
    #expect(try result.json["epochs"]?.integer == 2)
    #expect(Folder.exists(folder("moons.safetensors")))
    let words = try Command.nn("run", file, "--check").output
    #expect(words.hasPrefix("nn train --dataset=moons --hidden=8,8 --epochs=2") && !words.contains("no-fallback"))
  }

  @Test func listsAndArgumentsWithoutAName() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      """
      {"command": "train", "options": {"dataset": "xor", "log": ["a.jsonl", "b.csv"], "epochs": 1}}
      """, "run.json")
    #expect(
      try Command.nn("run", file, "--check").output.hasPrefix("nn train --dataset=xor --log=a.jsonl --log=b.csv"))
    let demo = try folder.write(
      "{\"command\": \"demo\", \"options\": {\"quick\": true}, \"arguments\": [\"line\"]}", "demo.json")
    let result = try Command.nn("run", demo)
    #expect(result.status == 0 && result.output.contains("line"), "\(result.error)")
    for arguments in ["3", "[3]", "{}"] {
      let wrong = try folder.write("{\"command\": \"demo\", \"arguments\": \(arguments)}", "run.json")
      expectFault(try Command.nn("run", wrong), 1, "arguments: expected an array of texts")
    }
  }

  /// Half a million entries, in far less than the minutes that a command line of as many words takes.
  @Test func arraysAreBounded() throws {
    let folder = try TemporaryFolder()
    func list(_ count: Int, _ entry: String) -> String {
      "[\([String](repeating: entry, count: count).joined(separator: ","))]"
    }
    let demo = try folder.write("{\"command\":\"demo\",\"arguments\":\(list(200_000, "\"a\""))}", "demo.json")
    let demoResult = try Command.nn("run", demo)
    expectFault(demoResult, 1, "arguments: expected at most 1000 texts, found 200000")
    let logs = list(60_000, "\"a.jsonl\""), widths = list(100_000, "8")
    let train = try folder.write(
      "{\"command\":\"train\",\"options\":{\"log\":\(logs),\"hidden\":\(widths)}}", "train.json")
    let trainResult = try Command.nn("run", train)
    expectFault(
      trainResult, 1, "options.log: expected at most 1000 entries, found 60000",
      "options.hidden: expected at most 1000 entries, found 100000")
    #expect(demoResult.processorSeconds + trainResult.processorSeconds < 20)
    let most = try folder.write("{\"command\":\"train\",\"options\":{\"hidden\":\(list(1000, "8"))}}", "most.json")
    #expect(try Command.nn("run", most, "--check").status == 0)
  }

  @Test func everyMistakeIsNamedWithItsPath() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      """
      {"command": "train", "seed": 1, "options": {"epochs": 0, "hidden": [8, 0], "epoch": 3, "json": "yes",
       "optimizer": "adm", "dropout": {}}}
      """, "run.json")
    expectFault(
      try Command.nn("run", file), 1, "run.json", "seed: ", "options.epochs: ", "options.hidden: ",
      "options.epoch: there is no such option", "options.json: expected true or false", "options.optimizer: ",
      "options.dropout: expected a number")
  }

  /// Text is not accepted as a number, nor a number as text; all mistakes are reported at once, and nothing is written.
  @Test func valuesHaveTheTypesOfTheirOptions() throws {
    let folder = try TemporaryFolder()
    let wrong: [(option: String, json: String, expected: String)] = [
      ("epochs", "\"3\"", "a whole number"), ("batch-size", "16.5", "a whole number"),
      ("seed", "true", "a whole number"),
      ("learning-rate", "\"0.1\"", "a number"), ("dropout", "[0.5]", "a number"), ("noise", "null", "a number"),
      ("hidden", "\"16,16\"", "a whole number, an array of whole numbers, or \"none\""),
      ("save", "5", "a text"), ("dataset", "1", "a text"), ("optimizer", "false", "a text"),
      ("device", "[\"cpu\"]", "a text"),
      ("log", "[\"a.csv\", 3]", "a text, an array of texts"), ("json", "1", "true or false"),
      ("limit", "\"10\"", "a whole number"), ("label", "1.5", "a text or a whole number"),
      ("tensorboard", "{}", "a text"),
    ]
    let options = wrong.map { "\"\($0.option)\": \($0.json)" }.joined(separator: ", ")
    let file = try folder.write("{\"command\": \"train\", \"options\": {\(options)}}", "run.json")
    let result = try Command.nn("run", file)
    expectFault(result, 1, "run.json: ")
    for (option, _, expected) in wrong {
      #expect(result.error.contains("options.\(option): expected \(expected)"), "\(option): \(result.error)")
    }
    #expect(try folder.names == ["run.json"])
    let evaluate = try folder.write(
      "{\"command\": \"evaluate\", \"options\": {\"model\": 5, \"limit\": \"1\"}}", "run.json")
    let mistakes = try Command.nn("run", evaluate).error
    #expect(
      mistakes.hasSuffix("options.model: expected a text; options.limit: expected a whole number\n"), "\(mistakes)")
  }

  /// Every kind of option with every type of JSON: which pairs are taken.
  @Test func eachKindOfOptionTakesItsTypes() throws {
    let folder = try TemporaryFolder()
    let options = [
      "json", "seed", "learning-rate", "label", "hidden", "log", "dataset", "checkpoints", "reduce-on-plateau",
    ]
    let numbers = ["seed", "learning-rate", "label", "hidden", "reduce-on-plateau"]
    let words = ["label", "log", "checkpoints"]
    let table: [(json: String, taken: [String])] = [
      ("null", []), ("true", ["json"]), ("3", numbers), ("\"3.csv\"", words),
      ("\"moons\"", words.filter { $0 != "log" } + ["dataset"]),
      ("\"3\"", words.filter { $0 != "log" }), ("\"none\"", words.filter { $0 != "log" } + ["hidden"]),
      ("3.0", numbers.filter { $0 != "label" }), ("2.5", ["learning-rate"]), ("1e2", numbers.filter { $0 != "label" }),
      ("[3]", ["hidden"]), ("[\"3.csv\"]", ["log"]), ("[]", ["log"]), ("[[3]]", []), ("{}", []), ("{\"a\": 3}", []),
    ]
    for (json, taken) in table {
      let members = options.map { "\"\($0)\": \(json)" }.joined(separator: ", ")
      let file = try folder.write("{\"command\": \"train\", \"options\": {\(members)}}", "run.json")
      let result = try Command.nn("run", file, "--check")
      for option in options {
        #expect(
          result.error.contains("options.\(option): ") != taken.contains(option), "\(option) \(json): \(result.error)")
      }
    }
  }

  /// A JSON number of 64 bits is not rounded to a Double.
  @Test func everySeedIsTaken() throws {
    let folder = try TemporaryFolder()
    func check(_ seed: String) throws -> Command.Result {
      let file = try folder.write("{\"command\": \"train\", \"options\": {\"seed\": \(seed)}}", "run.json")
      return try Command.nn("run", file, "--check")
    }
    for seed in ["18446744073709551615", "9223372036854775809", "9223372036854775807", "9007199254740993", "0"] {
      #expect(try check(seed).output == "nn train --seed=\(seed)\n")
    }
    for seed in ["18446744073709551616", "-1", "0.5"] { expectFault(try check(seed), 1, "options.seed: ") }
  }

  @Test func valuesOfTheRightTypesAreTaken() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      """
      {"command": "train", "options": {"dataset": "csv", "data": "t.csv", "label": 2, "epochs": 3.0, "hidden": "none",
       "dropout": 0, "learning-rate": 1e-3, "seed": 7, "log": "a.csv", "no-fallback": true, "limit": 5}}
      """, "run.json")
    #expect(
      try Command.nn("run", file, "--check").output
        == "nn train --dataset=csv --data=t.csv --label=2 --epochs=3 --hidden=none --dropout=0 --learning-rate=0.001 "
        + "--seed=7 --log=a.csv --no-fallback --limit=5\n")
    let predict = try folder.write(
      "{\"command\": \"predict\", \"options\": {\"model\": \"m\", \"examples\": [0, \"3-5\"], \"label\": \"x\"}}",
      "run.json")
    #expect(try Command.nn("run", predict, "--check").output == "nn predict --model=m --examples=0,3-5 --label=x\n")
  }

  @Test(arguments: [
    ("[]", "object"), ("{\"command\": \"practise\"}", "train, evaluate"), ("{\"command\": \"run\"}", "no command"),
    ("{\"command\": \"train\", \"options\": 3}", "options: expected an object"), ("{\"command\": ", "line 1"),
    ("{\"command\": \"train\", \"options\": {\"dataset\": \"mnist\"}}", "needs --data"),
    ("{\"command\": \"evaluate\", \"options\": {}}", "--model"),
  ])
  func wrongFiles(_ text: String, _ word: String) throws {
    let folder = try TemporaryFolder()
    expectFault(try Command.nn("run", try folder.write(text, "run.json")), 1, "run.json", word)
  }

  @Test func everyMistakeOfAnArchitectureIsNamed() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      """
      {"inputShape": "x", "depth": 3, "layers": [{"layer": "Dense", "units": "many", "activation": "rel", "unit": 3},
       {"layer": "Dens", "units": 3}, {"layer": "Dense"}, {"units": 3},
       {"layer": "Residual", "layers": [{"layer": "Dense", "units": true}, {"layer": "Dropout", "rate": []}]}]}
      """, "model.json")
    expectFault(
      try Command.nn("summary", "--model", file), 1, "model.json", "inputShape", "\"depth\"", "layers[0].units",
      "layers[0].unit:", "layers[0].activation", "layers[1].layer: there is no layer \"Dens\"; similar names are Dense",
      "layers[2]: there is no \"units\"",
      "layers[3]: there is no \"layer\"", "layers[4].layers[0].units", "layers[4].layers[1].rate")
  }

  @Test func theDoctorTestsEachDevice() throws {
    let report = try Command.nn("doctor", "--json")
    #expect(report.status == 0, "\(report.output)\(report.error)")
    let json = try report.json
    #expect(json.keys == ["version", "isBroken", "findings"])
    #expect(json["version"]?.string == "0.1.0" && json["isBroken"]?.bool == false)
    let subjects = json["findings"]?.elements.compactMap { $0["subject"]?.string } ?? []
    let devices = try Command.nn("devices", "--json").json["devices"]?.elements ?? []
    for device in devices { #expect(subjects.contains("self-test \(device["identifier"]?.string ?? "")")) }
    let text = try Command.nn("doctor")
    #expect(text.outputLines.count >= subjects.count && text.output.contains("ok      self-test cpu"))
    #expect(try Command.nn("--version").output == "nn 0.1.0\n")
  }
}
