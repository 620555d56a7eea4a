import Files
import NeuralNetworks
import TestSupport
import Testing

@testable import Datasets

@Suite struct ImageTests {
  /// Four small files: `count` images of 2x2, labels 0, 1, 2 …
  static func write(_ folder: TemporaryFolder, images: Int = 3, labels: [UInt8] = [0, 1, 9], name: String = "idx")
    throws
  {
    for prefix in ["train", "t10k"] {
      let pixels = (0..<images * 4).map { UInt8($0 * 15) }
      try folder.write(IDXTests.file(0x08, [images, 2, 2], pixels), "\(prefix)-images-\(name)3-ubyte")
      try folder.write(IDXTests.file(0x08, [labels.count], labels), "\(prefix)-labels-\(name)1-ubyte")
    }
  }

  @Test func filesBecomeTensors() throws {
    let folder = try TemporaryFolder()
    try Self.write(folder)
    let data = try FashionMNIST.load(from: folder.path)
    #expect(data.train.inputs.shape == [3, 2, 2])
    #expect(data.test.targets.shape == [3])
    #expect(data.train.targets.dtype == .int32)
    #expect(try data.train.targets.scalars(as: Int32.self) == [0, 1, 9])
    #expect(try data.train.inputs.scalars() == (0..<12).map { Float($0 * 15) / 255 })
    #expect(data.classNames[9] == "Ankle boot")
  }

  @Test func theDottedSpellingIsReadToo() throws {
    let folder = try TemporaryFolder()
    try Self.write(folder)
    for name in try Folder.names(in: folder.path) {
      let bytes = try FileReader.read(folder(name), limit: 1000)
      try Folder.remove(folder(name))
      try folder.write(bytes, String(name.replacing("-idx", with: ".idx")))
    }
    #expect(try MNIST.load(from: folder.path).train.count == 3)
  }

  @Test func disagreementsAreRefused() throws {
    let folder = try TemporaryFolder()
    try Self.write(folder, labels: [0, 1])
    #expect(throws: DataError.self) { try MNIST.load(from: folder.path) }
    try Self.write(folder, labels: [0, 10, 1])
    #expect(
      throws: DataError.malformed(
        file: folder("train-labels-idx1-ubyte"), offset: 9, expected: "a label of 0 to 9", found: "10")
    ) { try MNIST.load(from: folder.path) }
    try Self.write(folder)
    // Labels instead of images, and vice versa.
    let labels = try FileReader.read(folder("train-labels-idx1-ubyte"), limit: 1000)
    let images = try FileReader.read(folder("train-images-idx3-ubyte"), limit: 1000)
    try folder.write(labels, "train-images-idx3-ubyte")
    #expect(throws: DataError.self) { try MNIST.load(from: folder.path) }
    try folder.write(images, "train-images-idx3-ubyte")
    try folder.write(images, "train-labels-idx1-ubyte")
    #expect(throws: DataError.self) { try MNIST.load(from: folder.path) }
  }

  @Test func aMissingFolderIsNamed() throws {
    #expect(throws: DataError.missingFile("nowhere/train-images-idx3-ubyte.gz")) { try MNIST.load(from: "nowhere") }
  }

  @Test(.enabled(if: SharedData.folder != nil)) func realDigits() throws {
    let path = try #require(SharedData.path("mnist-10k"))
    let data = try MNIST.load(from: path)
    #expect(data.train.inputs.shape == [8000, 28, 28])
    #expect(data.test.inputs.shape == [2000, 28, 28])
    let pixels = try data.test.inputs.scalars()
    #expect(pixels.min() == 0 && pixels.max() == 1)
    let mean = pixels.reduce(0.0) { $0 + Double($1) } / Double(pixels.count)
    #expect(mean > 0.12 && mean < 0.15)  // the published mean of MNIST is 0.1307
  }

  @Test(.enabled(if: SharedData.folder != nil)) func realClothes() throws {
    let path = try #require(SharedData.path("fashion-mnist-900"))
    let data = try FashionMNIST.load(from: path)
    #expect(data.train.count == 800 && data.test.count == 100)
    let labels = try data.train.targets.scalars(as: Int32.self) + data.test.targets.scalars(as: Int32.self)
    for label in 0..<10 { #expect(labels.count { $0 == Int32(label) } == 90) }
  }
}
