import ModelFormats
import Pictures
import TestSupport
import Testing

@Suite("Folders of pictures")
struct PictureFolderTests {
  /// A PNG file in one color with some noise.
  static func picture(_ color: [Float], _ index: Int, side: Int = 12) -> [UInt8] {
    let noise = (0..<side * side).map { place in Float((place * 31 + index * 17) % 40) / 400 }
    let planes = color.flatMap { level in noise.map { level + $0 } }
    return Bitmap(planes: planes, width: side).png
  }

  /// Red and blue pictures in two folders.
  static func write(to folder: TemporaryFolder, in name: String, count: Int = 20) throws {
    for index in 0..<count {
      try folder.write(picture([0.8, 0.1, 0.2], index), "\(name)/red/\(index).png")
      try folder.write(picture([0.2, 0.1, 0.8], index), "\(name)/blue/\(index).png")
    }
  }

  static let training = [
    "--image-size", "8", "--hidden", "8", "--epochs", "10", "--learning-rate", "0.01", "--batch-size", "8", "--device",
    "cpu",
  ]

  @Test func trainEvaluatePredict() throws {
    let folder = try TemporaryFolder()
    try Self.write(to: folder, in: "data")
    let data = ["--dataset", "images", "--data", folder("data")]
    let model = folder("model.safetensors")
    let trained = try Command.nn(
      ["train", "--flip", "--augment", "rotation=10,contrast=0.1", "--save", model] + Self.training + data)
    try #require(trained.status == 0, "\(trained.error)")
    let mixed = try Command.nn(["train", "--augment", "mixup,cutmix"] + Self.training + data)
    #expect(mixed.status == 0, "\(mixed.error)")
    #expect(trained.output.contains("\(folder("data")): 32 examples to train on, 8 to test on, 2 classes"))
    // A convolution with 16 filters, pooled to 4x4 pixels, and two dense layers.
    let parameters = 16 * 28 + 8 * 257 + 2 * 9
    #expect(trained.output.contains("convolutions 16, hidden 8 (\(parameters) parameters)"), "\(trained.output)")
    let evaluated = try Command.nn(["evaluate", "--json", "--model", model, "--device", "cpu"] + data)
    #expect(try evaluated.json["test"]?["accuracy"]?.number == 1, "\(evaluated.error)")
    for name in ["new.PNG", "new.jfif", "new.jpe"] {
      let file = try folder.write(Self.picture([0.9, 0.2, 0.1], 3, side: 30), name)
      let predicted = try Command.nn("predict", "--json", "--model", model, "--input", file, "--device", "cpu")
      #expect(try predicted.json["predictions"]?.elements.first?["class"]?.string == "red", "\(predicted.error)")
    }
    let packed = try folder.write(Self.picture([0.9, 0.2, 0.1], 3), "new.png.gz")
    expectFault(
      try Command.nn("predict", "--model", model, "--input", packed, "--device", "cpu"), 1,
      "expected two zero bytes, as an IDX file begins, found 0x89 0x50")
    expectFault(
      try Command.nn(["evaluate", "--model", model, "--gray"] + data), 64, "--gray: --model determines the inputs")
    try Self.write(to: folder, in: "other")
    try folder.write(Self.picture([0, 1, 0], 1), "other/green/1.png")
    expectFault(
      try Command.nn("evaluate", "--model", model, "--dataset", "images", "--data", folder("other")), 1,
      "other: expected only subfolders for the 2 given classes, found the subfolder green")
  }

  @Test func foldersForTrainingAndTesting() throws {
    let folder = try TemporaryFolder()
    try Self.write(to: folder, in: "data/train")
    try Self.write(to: folder, in: "data/test", count: 3)
    let arguments = ["train", "--dataset", "images", "--data", folder("data"), "--gray"] + Self.training
    let trained = try Command.nn(arguments + ["--limit", "15"])
    #expect(trained.output.contains("15 examples to train on, 6 to test on"), "\(trained.output) \(trained.error)")
    let parameters = 16 * 10 + 8 * 257 + 2 * 9
    #expect(trained.output.contains("(\(parameters) parameters)"))
    try folder.write("no picture", "data/test/red/0.png")
    expectFault(
      try Command.nn(arguments), 1, "data/test/red/0.png, byte 0: expected the signature of a PNG or JPEG picture")
  }

  @Test func foldersThatMakeNoSense() throws {
    let folder = try TemporaryFolder()
    func train(_ more: String...) throws -> Command.Result {
      try Command.nn(["train", "--dataset", "images", "--device", "cpu"] + more)
    }
    expectFault(try train(), 64, "--dataset images needs --data")
    expectFault(try train("--data", "x", "--image-size", "1,2,3"), 64, "--image-size: expected one or two numbers")
    expectFault(try train("--data", "x", "--image-size", "5000"), 64, "--image-size: expected one or two numbers")
    expectFault(try Command.nn("train", "--gray"), 64, "--image-size and --gray are for images")
    expectFault(try train("--data", "no/such/folder"), 1, "no/such/folder: no such file")
    expectFault(try train("--data", folder.path), 1, "expected a subfolder with pictures for each class")
    try folder.write(Self.picture([1, 0, 0], 0), "a/1.png")
    expectFault(try train("--data", folder.path), 1, "expected at least 2 classes, found one (\"a\")")
    try folder.write(Self.picture([1, 0, 0], 0), "b/1.png")
    expectFault(try train("--data", folder.path), 1, "expected at least 3 pictures", "found 2")
  }
}
