import ModelFormats
import TestSupport
import Testing

@Suite("Folders of texts")
struct TextCommandTests {
  /// Friendly and unfriendly texts in two folders.
  private static func write(to folder: TemporaryFolder, in name: String, count: Int = 20) throws {
    let (good, bad) = (["lovely", "great", "fine", "bright"], ["awful", "dull", "poor", "grim"])
    for index in 0..<count {
      try folder.write("Film \(index % 3) was \(good[index % 4]), really!", "\(name)/pos/\(index).txt")
      try folder.write("Film \(index % 3) was \(bad[index % 4]), really!", "\(name)/neg/\(index).txt")
    }
  }

  private static let training = [
    "--hidden", "8", "--epochs", "20", "--learning-rate", "0.02", "--batch-size", "8", "--device", "cpu",
  ]

  @Test func trainEvaluatePredict() throws {
    let folder = try TemporaryFolder()
    try Self.write(to: folder, in: "data")
    let data = ["--dataset", "texts", "--data", folder("data")]
    let model = folder("model.safetensors")
    let trained = try Command.nn(["train", "--save", model, "--length", "10"] + Self.training + data)
    try #require(trained.status == 0, "\(trained.error)")
    #expect(trained.output.contains("\(folder("data")): 32 examples to train on, 8 to test on, 2 classes"))
    // The words film, was, really, 3 numbers, and 8 that say what it was; 2 more tokens.
    #expect(trained.output.contains("words   14, the first 10 of a text"), "\(trained.output)")
    let parameters = 16 * 32 + 33 * 8 + 9 * 2
    #expect(
      trained.output.contains("mean of word vectors 32, hidden 8 (\(parameters) parameters)"), "\(trained.output)")
    let evaluated = try Command.nn(["evaluate", "--json", "--model", model, "--device", "cpu"] + data)
    #expect(try evaluated.json["test"]?["accuracy"]?.number == 1, "\(evaluated.error)")
    let shown = try Command.nn(["predict", "--model", model, "--device", "cpu"] + data)
    #expect(shown.output.contains("5 of 5 right"), "\(shown.error)")

    let file = try folder.write("GREAT! a lovely thing", "new.txt")
    let predict = ["predict", "--json", "--model", model, "--device", "cpu", "--input"]
    #expect(try Command.nn(predict + [file]).json["predictions"]?.elements.first?["class"]?.string == "pos")
    if Command.hasBash {
      let piped = try Command.run(
        "nn", predict + ["-"], launcher: ["/bin/bash", "-c", "echo 'so grim and dull' | \"$0\" \"$@\""])
      #expect(try piped.json["predictions"]?.elements.first?["class"]?.string == "neg", "\(piped.error)")
    }
    let latin = try folder.write([0x61, 0xE9], "latin.txt")
    expectFault(try Command.nn(predict + [latin]), 1, "latin.txt, byte 1: expected text in UTF-8, found the byte 0xE9")
    expectFault(
      try Command.nn(["evaluate", "--model", model, "--length", "5"] + data), 64,
      "--length: --model determines the words")
    try folder.write("A lovely film", "other/odd/1.txt")
    expectFault(
      try Command.nn("evaluate", "--model", model, "--dataset", "texts", "--data", folder("other")), 1,
      "other: expected a subfolder for the class neg, found none")
  }

  @Test func foldersForTrainingAndTesting() throws {
    let folder = try TemporaryFolder()
    try Self.write(to: folder, in: "data/train")
    try Self.write(to: folder, in: "data/test", count: 3)
    let arguments = ["train", "--dataset", "texts", "--data", folder("data")] + Self.training
    let trained = try Command.nn(arguments + ["--limit", "15", "--vocabulary", "4", "--length", "3"])
    #expect(trained.output.contains("15 examples to train on, 6 to test on"), "\(trained.output) \(trained.error)")
    #expect(trained.output.contains("words   4, the first 3 of a text"), "\(trained.output)")
    try folder.write([0xFF], "data/test/pos/0.txt")
    expectFault(
      try Command.nn(arguments), 1, "data/test/pos/0.txt, byte 0: expected text in UTF-8, found the byte 0xFF")
  }

  @Test func optionsAndModelsThatMakeNoSense() throws {
    let folder = try TemporaryFolder()
    func train(_ more: String...) throws -> Command.Result {
      try Command.nn(["train", "--dataset", "texts", "--device", "cpu"] + more)
    }
    expectFault(try train(), 64, "--dataset texts needs --data")
    expectFault(try train("--data", "x", "--length", "0"), 64, "--length 0: expected 1 to 1000000")
    expectFault(try train("--data", "x", "--vocabulary", "-1"), 64, "--vocabulary")
    expectFault(try Command.nn("train", "--length", "5"), 64, "--length is for texts")
    expectFault(try train("--data", folder.path), 1, "expected a subfolder with texts for each class")
    try folder.write("text", "a/1.txt")
    expectFault(try train("--data", folder.path), 1, "expected at least 2 classes, found one (\"a\")")
    let points = folder("points.safetensors")
    let trained = try Command.nn(
      "train", "--dataset", "moons", "--epochs", "1", "--hidden", "2", "--device", "cpu", "--save", points)
    try #require(trained.status == 0, "\(trained.error)")
    expectFault(
      try Command.nn("evaluate", "--model", points, "--dataset", "texts", "--data", folder.path), 1,
      "points.safetensors: expected a model of texts, with a vocabulary, found none")
  }
}
