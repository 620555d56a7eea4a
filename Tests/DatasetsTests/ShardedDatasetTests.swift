import NeuralNetworks
import Synchronization
import TestSupport
import Testing

@testable import Datasets

@Suite struct ShardedDatasetTests {
  static let counts = [7, 0, 12, 5, 9, 1, 8]
  static let total = 42

  /// Shards whose examples are the numbers 0, 1, 2 …, with a record of the shards that are read.
  final class Source: Sendable {
    let reads = Mutex<[Int]>([])

    @Sendable func read(_ shard: Int) -> Batch {
      reads.withLock { $0.append(shard) }
      let start = counts[..<shard].reduce(0, +)
      let numbers = Array(start..<start + counts[shard])
      return Batch(
        input: Tensor(numbers.map { Float($0) / 42 }, shape: [numbers.count, 1]), target: Tensor(integers: numbers))
    }
  }

  private func numbers(_ batch: Batch) throws -> [Int] { try batch.target.scalars(as: Int.self) }

  /// The numbers of a pass.
  private func pass(_ data: some Dataset, _ random: RandomStream?) throws -> [Int] {
    var batches = data.batches(of: 4, shuffledBy: random)
    var all: [Int] = []
    while let batch = try batches.next() { all += try numbers(batch) }
    return all
  }

  @Test func anyExampleCanBeRead() throws {
    let data = ShardedDataset(counts: Self.counts, inMemory: 2, read: Source().read)
    let order = (0..<Self.total).map { $0 * 11 % Self.total }
    #expect(try data.count == Self.total && numbers(data.batch(at: order)) == order)
    #expect(try numbers(data.batch(at: [41, 41, 0])) == [41, 41, 0])
    #expect(try data.batch(at: []).input.shape == [0, 1])
    #expect(throws: TrainingError.noSuchExample(index: 42, count: 42)) { try data.batch(at: [42]) }
  }

  /// Each pass reads each shard once, and shuffles the examples of `inMemory` shards together.
  @Test(arguments: [1, 2, 3, 7, 100], [1, 2, 16]) func passesReadEachShardOnce(_ inMemory: Int, threads: Int) throws {
    let source = Source()
    let data = ShardedDataset(counts: Self.counts, inMemory: inMemory, threads: threads, read: source.read)
    let reference = ShardedDataset(counts: Self.counts, inMemory: inMemory, threads: 1, read: Source().read)
    let random = RandomStream(seed: 5), same = RandomStream(seed: 5)
    var passes: [[Int]] = []
    for _ in 0..<3 {
      source.reads.withLock { $0 = [] }
      let found = try pass(data, random)
      #expect(try found == pass(reference, same))
      #expect(found.sorted() == Array(0..<Self.total) && found != found.sorted())
      // At the boundary of two groups, a batch needs shards of both.
      let reads = source.reads.withLock { $0 }
      #expect(Set(reads).count == reads.count && reads.count <= 6)
      passes.append(found)
    }
    #expect(passes[0] != passes[1] && passes[1] != passes[2])
    #expect(try pass(data, nil) == Array(0..<Self.total))
  }

  @Test func partsAndCombinationsAreShuffledAlike() throws {
    let source = Source()
    let data = ShardedDataset(counts: Self.counts, inMemory: 2, read: source.read)
    let (training, held) = data.split(0.75, seed: 1)
    let mapped = training.map { $0 }.augmented()
    source.reads.withLock { $0 = [] }
    let found = try pass(mapped, RandomStream(seed: 2))
    #expect(found.sorted() == training.indices && Set(found).isDisjoint(with: held.indices))
    #expect(source.reads.withLock { $0.count } <= 7)
    let order = try pass(data, RandomStream(seed: 2))
    #expect(found == order.filter { training.indices.contains($0) })
    let twice = try pass(data.concatenated(with: data), RandomStream(seed: 2))
    #expect(twice.sorted() == (0..<2 * Self.total).map { $0 / 2 } && twice != twice.sorted())
  }

  @Test func countsAreGathered() throws {
    let source = Source()
    let data = try ShardedDataset(shards: 7, inMemory: 2, threads: 3, read: source.read)
    #expect(data.counts == Self.counts && source.reads.withLock { $0.sorted() } == Array(0..<7))
    let folder = try TemporaryFolder()
    let files = try (0..<3).map { try folder.write("x,y\n\($0),1\n\($0 + 10),2\n", "part-\($0).csv") }
    let tables = try ShardedDataset(files: files, inMemory: 1) { file in
      let table = try CSV.features(file).values
      return Batch(input: table[.all, 0..<1], target: table[.all, 1..<2])
    }
    #expect(try tables.count == 6 && tables.batch(at: [5, 0, 3]).input.scalars() == [12, 0, 11])
    #expect(throws: DataError.missingFile("none.csv")) {
      try ShardedDataset(files: [files[0], "none.csv", "nothing.csv"]) {
        Batch(input: try CSV.features($0).values, target: .zeros([2]))
      }
    }
  }

  @Test func shardsThatChange() throws {
    let data = ShardedDataset(counts: [2, 3]) { shard in Batch(input: .zeros([2, 1]), target: .zeros([2])) }
    #expect(throws: DataError.examples(reason: "shard 1: expected 3 examples, found the shape [2, 1]")) {
      try data.batch(at: [0, 2])
    }
    #expect(try data.batch(at: [0]).count == 1)
    let other = ShardedDataset(counts: [2, 2]) { shard in Batch(input: .zeros([2, 1 + shard]), target: .zeros([2])) }
    #expect(
      throws: DataError.examples(
        reason:
          "ShardedDataset: expected examples of the same form, found inputs float32 [1] and targets float32 [] and "
          + "inputs float32 [2] and targets float32 []")
    ) { try other.batch(at: [0, 2]) }
  }

  /// Takes the state after a step, or restores one.
  final class Saver: SavingCallback {
    let step: Int
    var state: TrainingState?
    init(at step: Int, restoring state: TrainingState? = nil) { (self.step, self.state) = (step, state) }
    func trainingBegan(_ run: TrainingRun) throws { if let state { try run.restore(state) } }
    func stepEnded(_ step: Int, _ run: TrainingRun) throws { if step == self.step { state = try run.state() } }
  }

  /// A run that continues in the middle of an epoch, with another number of threads, ends with identical weights.
  @Test(arguments: [1, 7, 11, 16]) func runsResumeAtTheExample(_ cut: Int) throws {
    func fit(_ saver: Saver, threads: Int) throws -> [Float] {
      let data = ShardedDataset(counts: Self.counts, inMemory: 2, threads: threads, read: Source().read)
        .map { Batch(input: $0.input, target: $0.target.cast(to: .float32).expanded(axis: 1) / 42) }
      let model = Sequential {
        Dense(4, activation: .tanh)
        Dense(1)
      }
      model.compile(optimizer: .adam(learningRate: 0.05), loss: .meanSquaredError)
      try model.fit(
        data, epochs: 2, batchSize: 4, validation: .split(0.1), seed: 3, callbacks: [saver], verbosity: .silent)
      return try model.parameters.flatMap { try $0.parameter.value.scalars() }
    }
    let saver = Saver(at: cut)
    let expected = try fit(saver, threads: 1)
    let state = try #require(saver.state)
    #expect(try fit(Saver(at: 0, restoring: state), threads: 4) == expected)
  }
}
