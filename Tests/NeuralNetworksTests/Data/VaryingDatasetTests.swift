import Synchronization
import Testing

@testable import NeuralNetworks

@Suite struct VaryingDatasetTests {
  /// Records which epochs are read, and how often the original examples are.
  final class Reads: Sendable {
    let epochs = Mutex<[Int: Set<Int>]>([:])
  }

  /// The points of `Corners`, slightly moved in each epoch.
  struct Wandering: VaryingDataset {
    let base = Corners.data(40)
    let reads = Reads()
    /// −1 for the original examples.
    var epoch = 0
    var count: Int { base.count }

    func batch(at indices: [Int]) throws -> Batch {
      reads.epochs.withLock { $0[epoch, default: []].formUnion(indices) }
      var batch = try base.batch(at: indices)
      batch.inputs[0] += 0.01 * Double(epoch + 1)
      return batch
    }

    func during(epoch: Int) -> any Dataset {
      var copy = self
      copy.epoch = epoch
      return copy
    }

    var original: any Dataset { during(epoch: -1) }
  }

  @Test func eachEpochHasItsExamplesAndValidationTheirOwn() throws {
    let data = Wandering()
    try Corners.compiled().fit(
      data, epochs: 3, batchSize: 8, validation: .split(0.25), seed: 3, verbosity: .silent)
    let read = data.reads.epochs.withLock { $0 }
    #expect(read.keys.sorted() == [-1, 0, 1, 2])
    // Validation data is never read in a variant, and the rest is read in each epoch.
    #expect(read[-1]?.count == 10 && read[1]?.count == 30 && read[2] == read[1])
    #expect(read[1]?.isDisjoint(with: read[-1] ?? []) == true)
  }

  @Test func measuringTakesTheExamplesThemselves() throws {
    let data = Wandering()
    let model = Corners.compiled()
    let scores = try model.evaluate(data)
    #expect(data.reads.epochs.withLock { $0.keys.sorted() } == [-1])
    #expect(try scores == model.evaluate(data.base))
    try model.fit(Corners.data(), validation: .data(data), verbosity: .silent)
    #expect(data.reads.epochs.withLock { $0.keys.sorted() } == [-1])
  }

  @Test func aResumedRunSeesTheSameVariants() throws {
    let whole = Corners.compiled(dropout: 0.1)
    try whole.fit(Wandering(), epochs: 4, batchSize: 16, seed: 8, verbosity: .silent)
    let saver = ResumeTests.Saver(at: 8)
    try Corners.compiled(dropout: 0.1).fit(
      Wandering(), epochs: 4, batchSize: 16, seed: 8, callbacks: [saver], verbosity: .silent)
    let resumed = Corners.compiled(dropout: 0.1)
    try resumed.fit(
      Wandering(), epochs: 4, batchSize: 16, seed: 8,
      callbacks: [ResumeTests.Saver(restoring: try #require(saver.state))], verbosity: .silent)
    #expect(try resumed.numbers() == whole.numbers())
  }
}
