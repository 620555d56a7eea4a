import HostSystem
import NeuralNetworks
import TestSupport
import Testing

@testable import Datasets

/// Arguments that make no sense end the program with the operation and what it expects, and with all that was printed before.
@Suite struct DatasetMistakeTests {
  struct Mistake: Sendable {
    var operation: String
    var expectation: String
    var body: @Sendable () -> Void
  }

  static let mistakes: [Mistake] = [
    Mistake(operation: "Augmentation.shift", expectation: "from 0 to 65536, not -1 and 2") {
      _ = Augmentation.shift(rows: -1, columns: 2)
    },
    Mistake(operation: "Augmentation.horizontalFlip", expectation: "from 0 to 1, not 1.5") {
      _ = Augmentation.horizontalFlip(probability: 1.5)
    },
    Mistake(operation: "Augmentation.crop", expectation: "at least 1 row and 1 column, not 0 and 3") {
      _ = Augmentation.crop(rows: 0, columns: 3)
    },
    Mistake(operation: "Augmentation.noise", expectation: "at least 0, not nan") {
      _ = Augmentation.noise(deviation: .nan)
    },
    Mistake(operation: "Augmentation.affine", expectation: "the angle is from 0.0 to 180.0, not nan") {
      _ = Augmentation.rotation(degrees: .nan)
    },
    Mistake(operation: "Augmentation.affine", expectation: "the scale is from 0.01 to 100.0, not 0.0...1.0") {
      _ = Augmentation.zoom(scale: 0...1)
    },
    Mistake(operation: "Augmentation.affine", expectation: ".bilinear or .nearest, not .area") {
      _ = Augmentation.rotation(degrees: 1, method: .area)
    },
    Mistake(operation: "Augmentation.resizedCrop", expectation: "from 1 to 65536, not 0x5") {
      _ = Augmentation.resizedCrop(rows: 0, columns: 5)
    },
    Mistake(operation: "Augmentation.colorJitter", expectation: "the hue is from 0.0 to 0.5, not 0.7") {
      _ = Augmentation.hue(0.7)
    },
    Mistake(operation: "Augmentation.colorJitter", expectation: "a hue is of values from 0 to 1, not 0.0...255.0") {
      _ = Augmentation.colorJitter(hue: 0.1, values: 0...255)
    },
    Mistake(operation: "Augmentation.autoContrast", expectation: "from 0 to 1, not -0.1") {
      _ = Augmentation.autoContrast(probability: -0.1)
    },
    Mistake(operation: "Augmentation.equalization", expectation: "from 0 to 1, not nan") {
      _ = Augmentation.equalization(probability: .nan)
    },
    Mistake(operation: "Augmentation.sharpness", expectation: "from 0.0 to 1.0, not 1.5") {
      _ = Augmentation.sharpness(1.5)
    },
    Mistake(operation: "Augmentation.randAugment", expectation: "there are 1 to 100 operations, not 0") {
      _ = Augmentation.randAugment(operations: 0)
    },
    Mistake(operation: "Augmentation.randAugment", expectation: "the magnitude is from 0.0 to 30.0, not 31.0") {
      _ = Augmentation.randAugment(magnitude: 31)
    },
    Mistake(operation: "Augmentation.posterization", expectation: "bits are from 1 to 8, not 9") {
      _ = Augmentation.posterization(bits: 9)
    },
    Mistake(operation: "Augmentation.gaussianBlur", expectation: "odd and from 1 to 255, not 4") {
      _ = Augmentation.gaussianBlur(kernel: 4)
    },
    Mistake(operation: "Augmentation.mixUp", expectation: "alpha is from 0.001 to 1000.0, not 0.0") {
      _ = Augmentation.mixUp(alpha: 0)
    },
    Mistake(operation: "Augmentation.cutMix", expectation: "from 1 to 2147483647, not 0") {
      _ = Augmentation.cutMix(classes: 0)
    },
    Mistake(operation: "GeneratedImages.load", expectation: "train are from 1 to 2147483647, not 0") {
      _ = GeneratedImages.load(trainCount: 0)
    },
    Mistake(operation: "GeneratedImages.load", expectation: "not 9223372036854775807") {
      _ = GeneratedImages.load(trainCount: .max)
    },
    Mistake(operation: "GeneratedImages.dataset", expectation: "at least 1 image is needed, not -1") {
      _ = GeneratedImages.dataset(.test, count: -1)
    },
    Mistake(operation: "Vocabulary", expectation: "expected distinct words, found \"a\" twice") {
      _ = Vocabulary(words: ["a", "b", "a"])
    },
    Mistake(operation: "WAVFolder", expectation: "frames is from 1 to 2147483647, not 0") {
      _ = try? WAVFolder("sounds", frames: 0)
    },
    Mistake(operation: "WAVFolder", expectation: "at least 1 thread is needed, not 0") {
      _ = try? WAVFolder("sounds", frames: 1, threads: 0)
    },
    Mistake(operation: "TextVectorization", expectation: "the length is from 1 to 2147483647, not 0") {
      _ = TextVectorization(vocabulary: Vocabulary(words: []), output: .integers(length: 0))
    },
    Mistake(operation: "TextVectorization", expectation: "expected 1 inverse document frequencies, found 0") {
      _ = TextVectorization(vocabulary: Vocabulary(words: ["a"]), output: .tfIDF)
    },
    Mistake(operation: "TextVectorization", expectation: "maxTokens is at least 3, not 2") {
      _ = TextVectorization(adaptedTo: ["a"], maxTokens: 2, output: .counts)
    },
    Mistake(operation: "padded(to:)", expectation: "the length is at least 0, not -1") {
      _ = [[1 as Float]].padded(to: -1)
    },
    Mistake(operation: "padded(to: 9223372036854775807)", expectation: "2 elements") {
      _ = [[1 as Float], []].padded(to: .max)
    },
    Mistake(operation: "TimeSeriesWindows", expectation: "at least 1, not 0, 1, and 1") {
      _ = TimeSeriesWindows(Tensor([1, 2, 3]), length: 0)
    },
    Mistake(operation: "TimeSeriesWindows", expectation: "found the shapes [3] and [2]") {
      _ = TimeSeriesWindows(Tensor([1, 2, 3]), targets: Tensor([1, 2]), length: 1)
    },
    Mistake(operation: "TimeSeriesWindows", expectation: "samplingRate, which is -2, not -3") {
      _ = TimeSeriesWindows(Tensor([1, 2, 3]), length: 3, horizon: -3)
    },
    Mistake(operation: "TimeSeriesWindows", expectation: "times are in 0..<3, not 1..<4") {
      _ = TimeSeriesWindows(Tensor([1, 2, 3]), length: 1, times: 1..<4)
    },
    Mistake(operation: "splitByTime", expectation: "from 0 to 1, not nan") {
      _ = TimeSeriesWindows(Tensor([1, 2, 3]), length: 1).splitByTime(.nan)
    },
    Mistake(operation: "zipped(with:)", expectation: "the same number of examples, found 2 and 3") {
      _ = TensorDataset(.zeros([2]), .zeros([2])).zipped(with: TensorDataset(.zeros([3]), .zeros([3])))
    },
    Mistake(operation: "prefix", expectation: "at least 0, not -1") {
      _ = TensorDataset(.zeros([2]), .zeros([2])).prefix(-1)
    },
    Mistake(operation: "ShardedDataset", expectation: "inMemory and threads are at least 1, not 0 and 2") {
      _ = ShardedDataset(counts: [1], inMemory: 0, threads: 2) { _ in Batch(input: .zeros([1]), target: .zeros([1])) }
    },
    Mistake(operation: "ShardedDataset", expectation: "shard 1 cannot have -1 examples") {
      _ = ShardedDataset(counts: [1, -1]) { _ in Batch(input: .zeros([1]), target: .zeros([1])) }
    },
    Mistake(operation: "LabeledText.dataset", expectation: "no sentences to train on") {
      _ = LabeledText.dataset([], vocabulary: 10, length: 4)
    },
    Mistake(operation: "LabeledText: testPart", expectation: "from 0 to below 1, not 1.0") {
      _ = LabeledText.dataset([("a", 0)], vocabulary: 10, length: 4, testPart: 1)
    },
    Mistake(operation: "LabeledText: vocabulary", expectation: "at least 3 and length at least 1, not 2 and 4") {
      _ = LabeledText.dataset([("a", 0)], vocabulary: 2, length: 4)
    },
    Mistake(operation: "LabeledText.dataset", expectation: "the class 4294967296 of sentence 1") {
      _ = LabeledText.dataset([("a", 0), ("b", 1 << 32)], vocabulary: 3, length: 4, testPart: 0)
    },
    Mistake(operation: "Points.blobs", expectation: "from 1 to 2147483647, not 5 and 0") {
      _ = Points.blobs(5, classes: 0)
    },
    Mistake(operation: "GeneratedImages.dataset", expectation: "no memory for 9223372036854775807 images") {
      _ = GeneratedImages.dataset(.test, count: .max)
    },
    Mistake(operation: "GeneratedImages.load", expectation: "bytes of memory") {
      if limitMemory(toFree: 64 << 20) { _ = GeneratedImages.load(trainCount: 60_000) } else { exit(1) }
    },
    Mistake(operation: "Points.spirals", expectation: "bytes of memory") {
      if limitMemory(toFree: 64 << 20) { _ = Points.spirals(100_000_000) } else { exit(1) }
    },
    Mistake(operation: "Points.moons", expectation: "not -1 and 2") { _ = Points.moons(-1) },
  ]

  @Test(arguments: mistakes.indices) func aMistakeIsNamedAndOutputIsDelivered(_ index: Int) async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent, \.standardOutputContent]
    ) { [index] in
      print("said before")
      DatasetMistakeTests.mistakes[index].body()
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    let mistake = Self.mistakes[index]
    #expect(message.contains(mistake.operation) && message.contains(mistake.expectation), "\(message)")
    let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
    #expect(output.contains("said before"))
  }
}
