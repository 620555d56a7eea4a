import HostSystem
import TestSupport
import Testing

@Suite("Wrong data and files")
struct BadDataTests {
  /// Trains on a folder in which one file has been replaced, and expects an error that names it.
  private func expectFaultOfImages(_ name: String, _ bytes: [UInt8]?, _ words: String...) throws {
    let folder = try TemporaryFolder()
    let path = try TinyImages().write(to: folder, in: "data")
    if let bytes { try folder.write(bytes, "data/\(name)") } else { try #require(unlink(folder("data/\(name)")) == 0) }
    let result = try Command.nn(
      "train", "--dataset", "mnist", "--data", path, "--device", "cpu", "--save", folder("model.safetensors"))
    expectFault(result, 1, name)
    for word in words { #expect(result.error.contains(word), "\(result.error)") }
    #expect(try folder.names == ["data"])
  }

  @Test func images() throws {
    let images = TinyImages()
    let (name, pixels) = ("train-images-idx3-ubyte", images.pixels(200))
    let head = TinyImages.head([200, 10, 10])
    try expectFaultOfImages(name, nil, "no such file")
    try expectFaultOfImages(name, [])
    try expectFaultOfImages(name, head + pixels.dropLast(1), "expected")
    try expectFaultOfImages(name, Array("not an IDX file at all".utf8), "expected")
    try expectFaultOfImages(name, [0, 0, 8, 1] + head[4..<8] + images.labels(200), "expected")
    try expectFaultOfImages(name, [0x1F, 0x8B, 8, 0, 1, 2, 3], "gzip")
  }

  @Test func labels() throws {
    let images = TinyImages()
    let name = "t10k-labels-idx1-ubyte"
    var wrong = images.labels(50)
    wrong[17] = 10
    try expectFaultOfImages(name, TinyImages.head([50]) + wrong, "10", "expected")
    try expectFaultOfImages(name, TinyImages.head([49]) + images.labels(49), "50", "49")
  }

  @Test func missingFolder() throws {
    expectFault(try Command.nn("train", "--dataset", "mnist", "--data", "no/such/folder"), 1, "no/such/folder")
    expectFault(try Command.nn("train", "--dataset", "csv", "--data", "nothing.csv"), 1, "nothing.csv")
  }

  @Test(arguments: [
    ("1,2,a\n3,inf,b\n", "rows"), ("1,2,a\n3,b\n", "line 2"), ("", "empty"),
    (String(repeating: "1,2,a\n", count: 9) + "3,x,b\n", "line 10: expected a number in column 2"),
    ("1,2,a\n1e99,2,b\n", "line 2"), ("1,2,a\n", "rows"),
  ])
  func csv(_ text: String, _ word: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text, "table.csv")
    expectFault(try Command.nn("train", "--dataset", "csv", "--data", path, "--device", "cpu"), 1, "table.csv", word)
  }

  @Test func tablesWithoutClassesToLearn() throws {
    let folder = try TemporaryFolder()
    func train(_ names: [String], _ more: String...) throws -> Command.Result {
      let rows = names.enumerated().map { "\($0 % 10),\($1)\n" }.joined()
      let path = try folder.write("a,label\n" + rows, "table.csv")
      return try Command.nn(["train", "--dataset", "csv", "--data", path, "--device", "cpu", "--epochs", "1"] + more)
    }
    let words = "table.csv: expected at least 2 classes, found one"
    expectFault(try train([String](repeating: "x", count: 5)), 1, words + " (\"x\")")
    expectFault(try train([String](repeating: "1", count: 5), "--task", "classification"), 1, words + " (\"1\")")
    let distinct = (0..<300).map { "x\($0)" }
    expectFault(
      try train(distinct), 1, "table.csv: the label has 300 classes in 300 rows", "--label", "--task classification")
    #expect(try train(distinct, "--task", "classification").status == 0)
    #expect(try train(distinct + distinct).status == 0)
    #expect(try train(Array(distinct[..<100])).status == 0)
  }

  @Test func placesToSave() throws {
    let folder = try TemporaryFolder()
    expectFault(
      try Command.nn("train", "--limit", "10", "--save", folder("a/b.safetensors")), 1, "a/b.safetensors", "folder"
    )
    expectFault(try Command.nn("train", "--limit", "10", "--save", folder.path), 1, folder.path)
    expectFault(try Command.nn("train", "--limit", "10", "--save", ""), 64, "--save")
  }

  @Test func aTrainingThatGoesAstray() throws {
    let folder = try TemporaryFolder()
    let result = try Command.nn(
      "train", "--json", "--dataset", "xor", "--learning-rate", "1e30", "--device", "cpu", "--save",
      folder("model.safetensors"))
    #expect(result.status == 1 && result.output.isEmpty)
    #expect(result.errorLines.last?.contains("--learning-rate") == true, "\(result.error)")
    #expect(try folder.names.isEmpty)
  }

  @Test(arguments: [
    ("{\"layers\":[{\"layer\":\"Dense\",\"units\":3}]}", "2 outputs"),
    ("{\"layers\":[{\"layer\":\"Dense\",\"units\":0}]}", "units"),
    ("{\"inputShape\":[5],\"layers\":[{\"layer\":\"Dense\",\"units\":2}]}", "[5]"),
    ("{\"layers\":[{\"layer\":\"Dnse\",\"units\":2}]}", "Dnse"),
  ])
  func architectures(_ text: String, _ word: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text, "network.json")
    expectFault(
      try Command.nn("train", "--model", path, "--dataset", "xor", "--device", "cpu"), 1, "network.json", word)
  }

  @Test func models() throws {
    let folder = try TemporaryFolder()
    expectFault(try Command.nn("summary", "--model", "nothing.safetensors"), 1, "nothing.safetensors")
    expectFault(try Command.nn("summary", "--model", "nothing.json"), 1, "nothing.json")
    let text = try folder.write("this is not a model, whatever its name says", "text.safetensors")
    expectFault(
      try Command.nn("evaluate", "--model", text, "--dataset", "xor", "--device", "cpu"), 1, "text.safetensors")
    let json = try folder.write("{\"layers\": [{\"type\": \"Dense\", ", "bad.json")
    expectFault(try Command.nn("train", "--model", json, "--dataset", "xor", "--device", "cpu"), 1, "bad.json")
  }

  /// Sizes that no data has mean "all of it"; the output of a model for huge inputs is not a prediction.
  @Test func hugeNumbers() throws {
    let folder = try TemporaryFolder()
    let model = folder("model.safetensors")
    let largest = "9223372036854775807"
    let trained = try Command.nn(
      "train", "--dataset", "xor", "--hidden", "4", "--epochs", "1", "--batch-size", largest, "--device", "cpu",
      "--seed", "18446744073709551615", "--save", model, "--json")
    #expect(try trained.json["seed"] == .unsigned(.max), "\(trained.error)")
    let table = try folder.write("3e38,-3e38\n3e38,3e38\n", "huge.csv")
    for json in [[], ["--json"]] {
      let arguments = ["predict", "--model", model, "--input", table, "--device", "cpu"]
      expectFault(try Command.nn(arguments + json), 1, "huge.csv", "not finite")
    }
    let none = try folder.write(TinyImages.head([0, 2, 2]), "none")
    let pixels = try folder.write("{\"layers\": [{\"layer\": \"Dense\", \"units\": 2}]}", "flat.json")
    expectFault(try Command.nn("predict", "--model", model, "--input", none, "--device", "cpu"), 1, "none")
    for output in ["[9223372036854775807, 1]", "[100000000, 3]"] {
      let text =
        "{\"inputShape\": [1, 4, 4], \"layers\": [{\"layer\": \"AdaptiveMaxPool2D\", \"output\": \(output)}]}"
      expectFault(
        try Command.nn("summary", "--model", folder.write(text, "pool.json")), 1, "each number is from 1 to 4096")
    }
    let data = try folder.makeFolder("data")
    for name in ["translation", "fashion", "--all"] {
      expectFault(
        try Command.nn("demo", name, "--quick", "--data", data, "--device", "cpu"), 1,
        "\(data): expected one of the folders mnist-10k, fashion-mnist-900, sentiment in it, found none")
    }
    let demo = try Command.nn("demo", "line", "--quick", "--out", "/proc", "--device", "cpu")
    #expect(demo.status == 1 && demo.errorLines.last?.contains("/proc/line.svg: ") == true, "\(demo.error)")
    #expect(
      try Command.nn("train", "--model", pixels, "--dataset", "xor", "--epochs", "1", "--device", "cpu").status == 0)
  }

  @Test func damagedWeights() throws {
    let folder = try TemporaryFolder()
    let path = folder("model.safetensors")
    let trained = try Command.nn(
      "train", "--dataset", "xor", "--hidden", "4", "--epochs", "1", "--limit", "64", "--device", "cpu", "--save", path)
    try #require(trained.status == 0, "\(trained.error)")
    let whole = try folder.bytes("model.safetensors")
    let evaluate = { (name: String) in
      try Command.nn("evaluate", "--model", folder(name), "--dataset", "xor", "--device", "cpu")
    }
    #expect(try evaluate("model.safetensors").status == 0)
    try folder.write(Array(whole.dropLast(5)), "short.safetensors")
    expectFault(try evaluate("short.safetensors"), 1, "short.safetensors")
    var head = whole
    head[0] = 0xFF
    head[7] = 0xFF
    try folder.write(head, "head.safetensors")
    expectFault(try evaluate("head.safetensors"), 1, "head.safetensors")
    let wrongShape = try Command.nn(
      "evaluate", "--model", path, "--dataset", "csv", "--data", try folder.write("1,2,3,0\n4,5,6,1\n", "t.csv"),
      "--device", "cpu")
    expectFault(wrongShape, 1)
  }
}
