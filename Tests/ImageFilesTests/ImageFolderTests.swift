import Datasets
import Files
import HostSystem
import NeuralNetworks
import TestSupport
import Testing

@testable import ImageFiles

@Suite struct ImageFolderTests {
  /// A picture in one color.
  static func picture(_ red: Int, _ green: Int, _ blue: Int, width: Int = 3, height: Int = 2) throws -> [UInt8] {
    let samples = (0..<width * height).flatMap { _ in [red, green, blue] }
    return try PNGSample(width: width, height: height, samples: samples).bytes
  }

  static func example() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write(picture(255, 0, 0), "b/2.png")
    try folder.write(picture(0, 255, 0), "b/10.PNG")
    try folder.write(picture(0, 0, 255), "a/deep/x.png")
    try folder.write(picture(51, 102, 153), "a/z.png")
    try folder.write(JPEGSamples.color, "Z/photo.JPEG")
    try folder.write("notes", "a/notes.txt")
    try folder.write("hidden", "a/._z.png")
    try folder.write("hidden", ".git/x.png")
    try folder.write("a file", "labels.csv")
    return folder
  }

  @Test func picturesAreSortedByClassAndPath() throws {
    let folder = try Self.example()
    let data = try ImageFolder(folder.path, height: 4, width: 5)
    #expect(data.classNames == ["Z", "a", "b"])
    #expect(data.files == ["Z/photo.JPEG", "a/deep/x.png", "a/z.png", "b/10.PNG", "b/2.png"].map { folder($0) })
    #expect(data.labels == [0, 1, 1, 2, 2] && data.count == 5)
    let batch = try data.batch(at: [4, 2, 3])
    #expect(batch.input.shape == [3, 3, 4, 5] && batch.input.dtype == .float32)
    #expect(try batch.target.scalars(as: Int32.self) == [2, 1, 2])
    let plane = { (value: Float) in [Float](repeating: value, count: 20) }
    let expected = [1, 0, 0, 51 / 255, 102 / 255, 153 / 255, 0, 1, 0].flatMap(plane)
    #expect(try batch.input.scalars() == expected)
    #expect(try data.batch(at: []).count == 0)
    #expect(throws: TrainingError.noSuchExample(index: 5, count: 5)) { try data.batch(at: [0, 5]) }
  }

  @Test func theOptionsReachTheDecoder() throws {
    let folder = try Self.example()
    let gray = try ImageFolder(folder.path, height: 4, width: 5, channels: .gray, interpolation: .bicubic)
    let expected = try Image(folder("Z/photo.JPEG"), channels: .gray).resized(
      height: 4, width: 5, interpolation: .bicubic)
    #expect(try gray.batch(at: [0]).input.scalars() == expected.tensor().scalars())
    let cropped = try ImageFolder(folder.path, height: 4, width: 4, channels: .rgba, cropToAspectRatio: true)
    let square = try Image(folder("Z/photo.JPEG"), channels: .rgba).resized(
      height: 4, width: 4, cropToAspectRatio: true)
    #expect(try cropped.batch(at: [0]).input.scalars() == square.tensor().scalars())
    let small = try ImageFolder(folder.path, height: 3, width: 2, reducedDecoding: true)
    let reduced = try Image.read(folder("Z/photo.JPEG"), Image.Request(channels: .rgb, enough: (6, 4)))
    #expect(reduced.height == 7)
    #expect(try small.batch(at: [0]).input.scalars() == reduced.resized(height: 3, width: 2).tensor().scalars())
    let limited = try ImageFolder(folder.path, height: 4, width: 5, pixelLimit: 100)
    #expect(throws: DataError.self) { try limited.batch(at: [0]) }
    #expect(try limited.batch(at: [1]).count == 1)
  }

  @Test(arguments: [1, 2, 3, 16]) func theNumberOfThreadsDoesNotMatter(_ threads: Int) throws {
    let folder = try TemporaryFolder()
    for index in 0..<40 { try folder.write(Self.picture(index, 2 * index, 3 * index), "c/\(100 + index).png") }
    let data = try ImageFolder(folder.path, height: 2, width: 2, threads: threads)
    let order = (0..<40).map { $0 * 7 % 40 }
    let expected = order.flatMap { index in
      (1...3).flatMap { [Float](repeating: Float($0 * index) / 255, count: 4) }
    }
    #expect(try data.batch(at: order).input.scalars() == expected)
    // The error does not depend on them either: it is that of the first picture in the batch.
    try folder.write("no picture", "c/120.png")
    try folder.write("no picture", "c/130.png")
    let fault = DataError.malformed(
      file: folder("c/130.png"), offset: 0, expected: "the signature of a PNG or JPEG picture",
      found: "the bytes 0x6E 0x6F 0x20 0x70")
    for _ in 0..<20 { #expect(throws: fault) { try data.batch(at: Array((0..<40).reversed())) } }
  }

  @Test func classesCanBeGiven() throws {
    let folder = try Self.example()
    let data = try ImageFolder(folder.path, height: 2, width: 2, classNames: ["b", "Z", "a"])
    #expect(data.labels == [0, 0, 1, 2, 2] && data.classNames == ["b", "Z", "a"])
  }

  func fault(_ path: String, classNames: [String]? = nil) -> String {
    do {
      _ = try ImageFolder(path, height: 2, width: 2, classNames: classNames)
      return "none"
    } catch { return "\(error)" }
  }

  @Test func foldersThatMakeNoSense() throws {
    let folder = try Self.example()
    #expect(fault("nowhere") == "nowhere: no such file")
    #expect(
      fault(folder("labels.csv"))
        == "\(folder("labels.csv")): cannot open the folder: a part of the path is not a folder")
    #expect(
      fault(folder("b")) == "\(folder("b")): expected a subfolder with pictures for each class, found no subfolders")
    #expect(
      fault(folder.path, classNames: ["a", "b", "c"])
        == "\(folder.path): expected a subfolder for the class c, found none")
    #expect(
      fault(folder.path, classNames: ["a", "b"])
        == "\(folder.path): expected only subfolders for the 2 given classes, found the subfolder Z")
    #expect(
      fault(folder.path, classNames: ["a", "b", "Z", "a"])
        == "\(folder.path): expected different class names, found a twice")
    try folder.makeFolder("empty")
    #expect(fault(folder.path) == "\(folder("empty")): expected PNG or JPEG pictures of a class, found none")
    try folder.write("GIF89a", "empty/x.gif")
    #expect(fault(folder.path) == "\(folder("empty/x.gif")): expected a PNG or JPEG picture, found a name in .gif")
    try Folder.remove(folder("empty/x.gif"))
    #expect(symlink(folder("empty"), folder("empty/link")) == 0)
    #expect(fault(folder.path).contains("expected at most 32 levels of subfolders, found more"))
  }

  /// Red, green, and blue pictures, learned in a few epochs; an unreadable one ends the training with its name.
  @Test func aModelIsTrained() throws {
    let folder = try TemporaryFolder()
    for index in 0..<30 {
      var color = [20 + index, 20, 20 + index / 2]
      color[index % 3] = 200 + index
      try folder.write(Self.picture(color[0], color[1], color[2]), "\(["r", "g", "b"][index % 3])/\(index).png")
    }
    let (train, test) = try ImageFolder(folder.path, height: 4, width: 4).split(0.8, seed: 1)
    let model = Sequential(inputShape: [3, 4, 4]) {
      Flatten()
      Dense(3)
    }
    model.compile(optimizer: .adam(learningRate: 0.05), loss: .crossEntropy(), metrics: [.accuracy])
    try model.fit(
      train.augmented(.horizontalFlip()), epochs: 20, batchSize: 5, validation: .data(test), seed: 1,
      verbosity: .silent)
    #expect(try model.evaluate(test)["accuracy"] == 1)
    try folder.write("no picture", "g/1.png")
    #expect(throws: DataError.self) { try model.fit(train.base, epochs: 1, batchSize: 5, verbosity: .silent) }
  }

  @Test(arguments: [0, 1]) func mistakesAreNamed(_ index: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      _ =
        index == 0
        ? try ImageFolder("x", height: 0, width: 5) : try ImageFolder("x", height: 5, width: 5, threads: 0)
    }
    let words = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    let expected = ["height and width are from 1 to 65536, not 0 and 5", "at least 1 thread is needed, not 0"]
    #expect(words.contains("ImageFolder: " + expected[index]))
  }
}
