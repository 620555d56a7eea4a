import ModelFormats
import NeuralNetworks
import TestSupport
import Testing

@testable import nn

@Suite("Train, save, evaluate, predict")
struct RoundTripTests {
  /// The CPU, and the first OpenCL device if there is one.
  static let devices: [String] = {
    let listed = (try? Command.nn("devices", "--json").json)?["devices"]?.elements ?? []
    let openCL = listed.compactMap { $0["identifier"]?.string }.first { $0.hasPrefix("opencl:") }
    return ["cpu"] + [openCL].compactMap(\.self)
  }()

  @Test(arguments: devices)
  func images(_ device: String) throws {
    let folder = try TemporaryFolder()
    let data = ["--dataset", "mnist", "--data", try TinyImages().write(to: folder, in: "data"), "--device", device]
    let model = folder("model.safetensors")
    let trained = try Command.nn(
      ["train", "--json", "--hidden", "16", "--epochs", "12", "--learning-rate", "0.01", "--save", model] + data)
    try #require(trained.status == 0, "\(trained.error)")
    let report = try trained.json
    #expect(
      report.keys == ["device", "seed", "epochs", "parameters", "train", "test", "seconds", "stepsPerSecond"])
    #expect(report["device"]?.keys == ["requested", "used", "name"])
    #expect(report["device"]?["used"]?.string == device)
    #expect(report["epochs"]?.number == 12 && report["seed"]?.number == 1)
    #expect(report["parameters"]?.number == Double(100 * 16 + 16 + 16 * 10 + 10))
    for part in ["train", "test"] {
      #expect(report[part]?.keys == ["loss", "accuracy"])
      #expect((report[part]?["accuracy"]?.number ?? 0) > 0.9)
    }
    #expect((report["seconds"]?.number ?? 0) > 0 && (report["stepsPerSecond"]?.number ?? 0) > 0)
    #expect(trained.errorLines.contains { $0.contains("12/12") }, "progress is on standard error")
    #expect(trained.outputLines.count == 1)

    let evaluated = try Command.nn(["evaluate", "--json", "--model", model] + data)
    try #require(evaluated.status == 0, "\(evaluated.error)")
    let scores = try evaluated.json
    #expect(scores.keys == ["device", "parameters", "test", "seconds"])
    #expect(scores["parameters"] == report["parameters"])
    let (before, after) = (report["test"]?["loss"]?.number ?? .nan, scores["test"]?["loss"]?.number ?? .nan)
    #expect((before - after).magnitude <= 1e-5 * before)
    #expect(scores["test"]?["accuracy"] == report["test"]?["accuracy"])
    try predictions(model, data)
  }

  /// Training in mixed precision differs in the last places, and the saved weights are float32.
  @Test(arguments: devices, ["mixed_bfloat16", "mixed_float16"])
  func mixedPrecision(_ device: String, _ precision: String) throws {
    let folder = try TemporaryFolder()
    let data = ["--dataset", "mnist", "--data", try TinyImages().write(to: folder, in: "data"), "--device", device]
    func train(_ precision: String) throws -> (loss: Double, accuracy: Double) {
      let result = try Command.nn(
        [
          "train", "--json", "--hidden", "16", "--epochs", "12", "--learning-rate", "0.01", "--precision", precision,
          "--save", folder("\(precision).safetensors"),
        ] + data)
      try #require(result.status == 0, "\(result.error)")
      let scores = try result.json["train"]
      return (scores?["loss"]?.number ?? .nan, scores?["accuracy"]?.number ?? .nan)
    }
    let (plain, mixed) = (try train("float32"), try train(precision))
    #expect(mixed.accuracy > 0.9 && mixed.loss != plain.loss)
    #expect((mixed.loss - plain.loss).magnitude < 0.05)
    let saved = try Safetensors(folder("\(precision).safetensors"))
    #expect(try saved.names.allSatisfy { try saved.tensor($0)?.dtype == .float32 })
  }

  private func predictions(_ model: String, _ data: [String]) throws {
    let result = try Command.nn(["predict", "--json", "--examples", "0,2-4,49", "--model", model] + data)
    try #require(result.status == 0, "\(result.error)")
    let report = try result.json
    #expect(report.keys == ["device", "classes", "predictions"])
    #expect(report["classes"]?.elements.compactMap(\.string) == (0...9).map(String.init))
    let predictions = report["predictions"]?.elements ?? []
    #expect(predictions.compactMap { $0["index"]?.number } == [0, 2, 3, 4, 49])
    for prediction in predictions {
      #expect(
        prediction.keys == ["index", "class", "classIndex", "probability", "label", "probabilities"])
      let probabilities = prediction["probabilities"]?.elements.compactMap(\.number) ?? []
      #expect(probabilities.count == 10)
      #expect((probabilities.reduce(0, +) - 1).magnitude < 1e-4)
      #expect(prediction["probability"]?.number == probabilities.max())
    }
    #expect(predictions.count { $0["class"] == $0["label"] } >= 4)
    let shown = try Command.nn(["predict", "--examples", "0", "--model", model] + data)
    #expect(shown.output.contains("@") && shown.output.contains("%"))
    expectFault(try Command.nn(["predict", "--examples", "50", "--model", model] + data), 64, "0 to 49")
  }

  @Test func tablesKeepTheirScalingAndNames() throws {
    let folder = try TemporaryFolder()
    let rows = (0..<80).map { index -> String in
      let isLarge = index % 2 == 1
      return "\(isLarge ? 5000 + index : 1000 + index),\(Double(index % 7) / 1000),\(isLarge ? "elephant" : "mouse")"
    }
    let table = try folder.write("weight,length,kind\n" + rows.joined(separator: "\n") + "\n", "animals.csv")
    let model = folder("animals.safetensors")
    let trained = try Command.nn(
      "train", "--json", "--dataset", "csv", "--data", table, "--hidden", "8", "--epochs", "30", "--learning-rate",
      "0.05", "--device", "cpu", "--save", model)
    try #require(trained.status == 0, "\(trained.error)")
    #expect(try trained.json["test"]?["accuracy"]?.number == 1)
    let new = try folder.write("weight,length\n1010,0.001\n5050,0.004\n", "new.csv")
    let predicted = try Command.nn("predict", "--json", "--model", model, "--input", new, "--device", "cpu")
    try #require(predicted.status == 0, "\(predicted.error)")
    let predictions = try predicted.json["predictions"]?.elements ?? []
    #expect(predictions.compactMap { $0["class"]?.string } == ["mouse", "elephant"])
    #expect(predictions.allSatisfy { $0["label"] == .null })
    let evaluated = try Command.nn(
      "evaluate", "--json", "--model", model, "--dataset", "csv", "--data", table, "--device", "cpu")
    #expect(try evaluated.json["test"]?["accuracy"]?.number == 1)
    let narrow = try folder.write("weight\n1010\n", "narrow.csv")
    expectFault(try Command.nn("predict", "--model", model, "--input", narrow, "--device", "cpu"), 1, "narrow.csv")
    let other = try folder.write("1,2,whale\n3,4,mouse\n", "other.csv")
    expectFault(
      try Command.nn("evaluate", "--model", model, "--dataset", "csv", "--data", other, "--device", "cpu"), 1, "whale")
  }

  /// The scaling is part of the model: a program that loads it gives the same results for raw numbers as the commands.
  @Test func aProgramThatLoadsATableModelSaysWhatTheCommandSays() throws {
    let folder = try TemporaryFolder()
    let rows = (0..<90).map { index -> [Double] in
      let kind = Double(index % 3), part = Double(index % 7)
      return [1000 * kind + Double(index), 0.001 * (part - 3 * kind), 12]
    }
    let names = ["a", "b", "c"]
    let lines = rows.indices.map { index -> String in
      "\(rows[index][0]),\(rows[index][1]),\(rows[index][2]),\(names[index % 3])"
    }
    let text = lines.joined(separator: "\n")
    let table = try folder.write(text + "\n", "table.csv"), model = folder("table.safetensors")
    let data = ["--dataset", "csv", "--data", table, "--device", "cpu"]
    let trained = try Command.nn(
      ["train", "--json", "--hidden", "8", "--epochs", "40", "--learning-rate", "0.02", "--save", model] + data)
    try #require(trained.status == 0, "\(trained.error)")
    #expect((try trained.json["test"]?["accuracy"]?.number ?? 0) > 0.95)
    let loaded = try Sequential.load(from: model)
    let numbers: [Float] = rows.flatMap { row in row.map { Float($0) } }
    let raw = Tensor(numbers, shape: [90, 3])
    let expected = try loaded.predict(raw).softmax().scalars(as: Double.self)
    let answers = try loaded.predict(raw).argmax(axis: 1).scalars(as: Int32.self)
    let right = answers.indices.count { Int(answers[$0]) == $0 % 3 }
    #expect(right >= 86, "\(right) of 90 raw rows are told")
    let predicted = try Command.nn(["predict", "--json", "--examples", "0-89", "--model", model] + data).json
    let found = predicted.probabilities
    #expect(found.count == 270 && areClose(found, expected, within: 1e-5))
    #expect(try ModelInformation.load(from: model).inputScaling == nil)
  }

  /// A file of version 0.1 stores its scaling next to the model; the commands still apply it.
  @Test func tablesOfVersion01KeepTheirScaling() throws {
    let folder = try TemporaryFolder()
    let old = Sequential(inputShape: [2]) { Dense(2) }
    try old.build(inputShape: [2], seed: 3)
    let path = folder("old.safetensors")
    try old.save(
      to: path,
      information: ModelInformation(
        inputScaling: InputScaling(shift: [1000, 0.5], factor: [0.01, 4]), classNames: ["mouse", "elephant"]))
    let scaled = Tensor([-1, -1, 1, 1, 0, 0], shape: [3, 2])
    let expected = try old.predict(scaled).softmax().scalars(as: Double.self)
    let table = try folder.write("900,0.25,mouse\n1100,0.75,mouse\n1000,0.5,mouse\n", "t.csv")
    let data = ["--dataset", "csv", "--data", table, "--device", "cpu", "--model", path]
    let predicted = try Command.nn(["predict", "--json"] + data)
    try #require(predicted.status == 0, "\(predicted.error)")
    let found = try predicted.json.probabilities
    #expect(found.count == 6 && areClose(found, expected, within: 1e-5))
    let evaluated = try Command.nn(["evaluate", "--json"] + data)
    let mice = [0, 2, 4].count { expected[$0] > 0.5 }
    #expect(try evaluated.json["test"]?["accuracy"]?.number ?? -1 == Double(mice) / 3)
  }

  @Test func everyOptionOfTrainingWorks() throws {
    let folder = try TemporaryFolder()
    for optimizer in OptimizerName.allCases.map(\.rawValue) {
      let result = try Command.nn(
        "train", "--json", "--dataset", "moons", "--limit", "96", "--hidden", "8,4", "--activation", "tanh",
        "--dropout",
        "0.1", "--optimizer", optimizer, "--epochs", "2", "--batch-size", "40", "--seed", "7", "--validation", "0.25",
        "--patience", "5", "--device", "cpu", "--no-fallback")
      #expect(result.status == 0, "\(result.error)")
      #expect(try result.json["seed"]?.number == 7)
    }
    #expect(try folder.names.isEmpty)
  }

  @Test func architecturesFromJSON() throws {
    let folder = try TemporaryFolder()
    let network = try folder.write(
      """
      {"layers": [{"layer": "Dense", "units": 8, "activation": "tanh"}, {"layer": "Dense", "units": 2, "activation": "softmax"}]}
      """, "network.json")
    let model = folder("model.safetensors")
    let trained = try Command.nn(
      "train", "--json", "--model", network, "--dataset", "moons", "--epochs", "20", "--learning-rate", "0.01",
      "--device",
      "cpu", "--save", model)
    try #require(trained.status == 0, "\(trained.error)")
    #expect(try trained.json["parameters"]?.number == 42)
    #expect((try trained.json["test"]?["accuracy"]?.number ?? 0) > 0.8)
    let summary = try Command.nn("summary", "--json", "--model", model).json
    #expect(summary["parameters"]?.number == 42)
    let prediction = try Command.nn("predict", "--json", "--model", model, "--dataset", "moons", "--examples", "3").json
    let probabilities = prediction["predictions"]?[0]?["probabilities"]?.elements.compactMap(\.number) ?? []
    #expect((probabilities.reduce(0, +) - 1).magnitude < 1e-4)
  }

  @Test func sameSeedSameWeights() throws {
    let folder = try TemporaryFolder()
    for (name, seed) in [("a", "3"), ("b", "3"), ("c", "4")] {
      let result = try Command.nn(
        "train", "--dataset", "spirals", "--limit", "128", "--hidden", "8", "--epochs", "2", "--seed", seed, "--device",
        "cpu", "--save", folder(name))
      #expect(result.status == 0, "\(result.error)")
    }
    #expect(try folder.bytes("a") == folder.bytes("b"))
    #expect(try folder.bytes("a") != folder.bytes("c"))
  }
}
