import ModelFormats
import Testing

@Suite("Run files, and the health of a machine") struct RunFileTests {
  @Test func aFileSaysWhatToRun() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("moons.safetensors")
    let file = try folder.write(
      "run.json",
      """
      {"command": "train", "options": {"dataset": "moons", "hidden": [8, 8], "epochs": 2, "learning-rate": 0.01,
       "device": "cpu", "json": true, "no-fallback": false, "save": "\(model)"}}
      """)
    let result = try Command.nn("run", file)
    #expect(result.status == 0, "\(result.error)")
    #expect(try result.json["epochs"]?.integer == 2)
    #expect(folder.has("moons.safetensors"))
    let words = try Command.nn("run", file, "--check").output
    #expect(words.hasPrefix("nn train --dataset=moons --hidden=8,8 --epochs=2") && !words.contains("no-fallback"))
  }

  @Test func listsAndArgumentsWithoutAName() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "run.json",
      """
      {"command": "train", "options": {"dataset": "xor", "log": ["a.jsonl", "b.csv"], "epochs": 1}}
      """)
    #expect(
      try Command.nn("run", file, "--check").output.hasPrefix("nn train --dataset=xor --log=a.jsonl --log=b.csv"))
    let demo = try folder.write(
      "demo.json", "{\"command\": \"demo\", \"options\": {\"quick\": true}, \"arguments\": [\"line\"]}")
    let result = try Command.nn("run", demo)
    #expect(result.status == 0 && result.output.contains("line"), "\(result.error)")
    for arguments in ["3", "[3]", "{}"] {
      let wrong = try folder.write("run.json", "{\"command\": \"demo\", \"arguments\": \(arguments)}")
      expectFault(try Command.nn("run", wrong), 1, "arguments: expected an array of texts")
    }
  }

  @Test func everyMistakeIsNamedWithItsPath() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "run.json",
      """
      {"command": "train", "seed": 1, "options": {"epochs": 0, "hidden": [8, 0], "epoch": 3, "json": "yes",
       "optimizer": "adm", "dropout": {}}}
      """)
    expectFault(
      try Command.nn("run", file), 1, "run.json", "seed: ", "options.epochs: ", "options.hidden: ",
      "options.epoch: there is no such option", "options.json: expected true or false", "options.optimizer: ",
      "options.dropout: expected a text")
  }

  @Test(arguments: [
    ("[]", "object"), ("{\"command\": \"practise\"}", "train, evaluate"), ("{\"command\": \"run\"}", "no command"),
    ("{\"command\": \"train\", \"options\": 3}", "options: expected an object"), ("{\"command\": ", "line 1"),
    ("{\"command\": \"train\", \"options\": {\"dataset\": \"mnist\"}}", "needs --data"),
    ("{\"command\": \"evaluate\", \"options\": {}}", "--model"),
  ])
  func wrongFiles(_ text: String, _ word: String) throws {
    let folder = try TemporaryFolder()
    expectFault(try Command.nn("run", try folder.write("run.json", text)), 1, "run.json", word)
  }

  @Test func everyMistakeOfAnArchitectureIsNamed() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "model.json",
      """
      {"inputShape": "x", "depth": 3, "layers": [{"layer": "Dense", "units": "many", "activation": "rel", "unit": 3},
       {"layer": "Dens", "units": 3}, {"layer": "Dense"}, {"units": 3},
       {"layer": "Residual", "layers": [{"layer": "Dense", "units": true}, {"layer": "Dropout", "rate": []}]}]}
      """)
    expectFault(
      try Command.nn("summary", "--model", file), 1, "model.json", "inputShape", "\"depth\"", "layers[0].units",
      "layers[0].unit:", "layers[0].activation", "layers[1].layer", "layers[2]: there is no \"units\"",
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
