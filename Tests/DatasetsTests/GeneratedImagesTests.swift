import HostSystem
import BackendCore
import NeuralNetworks
import Testing

@testable import Datasets

@Suite struct GeneratedImagesTests {
  func draw(_ split: GeneratedImages.Split, _ indices: Range<Int>, seed: UInt64 = 0) -> [[UInt8]] {
    var renderer = GlyphRenderer(key: GeneratedImages.key(split, seed))
    return indices.map { index in
      [UInt8](unsafeUninitializedCapacity: 784) { buffer, count in
        renderer.draw(index, into: buffer.baseAddress!)
        count = 784
      }
    }
  }

  /// The same bytes on every machine, in debug and in release, as recorded when they were first drawn.
  @Test func theBytesAreThoseOfEveryMachine() {
    let digests = [GeneratedImages.Split.train, .test].map { SHA256.digest(draw($0, 0..<500).flatMap { $0 }) }
    #expect(
      digests == [
        "c62a31ddf1c52ec4968c865867899ee1dea3e38b9be5f83ec99ee9f7a7e94ca8",
        "51c993da7d68f02a58228522a46d12e2fa00e22388a2b20d1ec58536e740952b",
      ])
  }

  @Test func anImageIsAFunctionOfSeedAndIndex() {
    let all = draw(.train, 0..<40)
    #expect(draw(.train, 25..<30) == Array(all[25..<30]))
    #expect(draw(.train, 0..<5, seed: 1) != Array(all[..<5]))
    #expect(draw(.test, 0..<5) != Array(all[..<5]))
    #expect(Set(all).count == 40)
  }

  @Test func eagerAndLazyAreTheSame() throws {
    let eager = GeneratedImages.load(seed: 3, trainCount: 50, testCount: 21)
    #expect(eager.train.inputs.shape == [50, 28, 28] && eager.test.inputs.shape == [21, 28, 28])
    let values = try eager.train.inputs.scalars()
    let labels = try eager.train.targets.scalars(as: Int32.self)
    #expect(labels == (0..<50).map { Int32($0 % 10) })
    let lazy = GeneratedImages.dataset(.train, seed: 3, count: 50)
    let indices = [49, 0, 7, 7, 23]
    for _ in 0..<2 {  // drawn, then cached
      let batch = try lazy.batch(at: indices)
      #expect(batch.input.shape == [5, 28, 28])
      #expect(try batch.target.scalars(as: Int32.self) == indices.map { labels[$0] })
      #expect(try batch.input.scalars() == indices.flatMap { Array(values[$0 * 784..<($0 + 1) * 784]) })
    }
    #expect(throws: TrainingError.noSuchExample(index: 50, count: 50)) { try lazy.batch(at: [0, 50]) }
    let first = Array(draw(.train, 0..<1, seed: 3)[0])
    #expect(Array(values[..<784]) == first.map { Float($0) / 255 })
  }

  @Test func manyThreadsGetTheSameImages() throws {
    let data = GeneratedImages.dataset(.train, count: 300)
    let expected = draw(.train, 0..<300).map { $0.map { Float($0) / 255 } }
    SystemThread.concurrently(4) { part in
      for round in 0..<20 {
        let indices = (0..<30).map { ($0 * 7 + round * 13 + part) % 300 }
        let values = (try? data.batch(at: indices).input.scalars()) ?? []
        for (place, index) in indices.enumerated() {
          if Array(values[place * 784..<(place + 1) * 784]) != expected[index] { Issue.record("image \(index)") }
        }
      }
    }
  }

  /// The training of the default program on fewer images: a network learns them, but not immediately.
  @Test func aNetworkLearnsThem() throws {
    let model = Sequential {
      Flatten()
      Dense(64, activation: .relu)
      Dense(10)
    }
    model.compile(
      optimizer: .adam(learningRate: 1e-3), loss: .sparseCategoricalCrossEntropy(fromLogits: true),
      metrics: [.accuracy])
    let test = GeneratedImages.dataset(.test, count: 2000)
    try model.fit(GeneratedImages.dataset(.train, count: 8000), epochs: 1, verbosity: .silent)
    let first = try model.evaluate(test)["accuracy"] ?? 0
    try model.fit(GeneratedImages.dataset(.train, count: 8000), epochs: 4, seed: 1, verbosity: .silent)
    let later = try model.evaluate(test)["accuracy"] ?? 0
    #expect(first > 0.5 && first < 0.85, "\(first)")
    #expect(later > first + 0.03 && later < 0.95, "\(first), \(later)")
  }

  /// The task is learnable: the images of a class are nearer to the mean of their class than by chance. It is not
  /// trivial: the nearest mean is far from perfect.
  @Test func classesDiffer() {
    let train = draw(.train, 0..<2000)
    var means = [[Double]](repeating: [Double](repeating: 0, count: 784), count: 10)
    for (index, image) in train.enumerated() {
      for place in 0..<784 { means[index % 10][place] += Double(image[place]) / 200 }
    }
    let test = draw(.test, 0..<500)
    let right = test.enumerated().count { index, image in
      let distances = means.map { mean in
        zip(mean, image).reduce(0.0) { $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1)) }
      }
      return distances.indices.min { distances[$0] < distances[$1] } == index % 10
    }
    #expect(right > 200 && right < 400, "\(right) of 500")
  }
}
