import BackendCore
import HostSystem
import NeuralNetworks

/// Examples in shards, such as large files, of which only a few are in memory at a time.
///
/// ```swift
/// let files = (0..<100).map { "part-\($0).csv" }
/// let data = try ShardedDataset(files: files, inMemory: 8) { file in
///   let table = try CSV.load(file, label: .last).data
///   return Batch(input: table.inputs, target: table.targets)
/// }
/// try model.fit(data, epochs: 10, callbacks: [Checkpoints(in: "runs", resumes: true)])
/// ```
///
/// A shuffled pass, as in `fit`, takes the shards in random order, `inMemory` of them at a time, and shuffles the
/// examples of these together. So each shard is read once in a pass, and the order depends only on the seed and the
/// epoch. Any example can be read at any time, so a run resumes at the example where it was interrupted.
///
/// A part of this dataset (`split`, `Subset`, `validation: .split`) and datasets made from it (`map`, `augmented`) are
/// shuffled in the same way.
public struct ShardedDataset: Dataset, LocalDataset {
  /// The number of examples in each shard.
  public let counts: [Int]
  /// The number of shards that are in memory at the same time.
  public let inMemory: Int
  public let count: Int
  /// The position of the first example of each shard.
  private let starts: [Int]
  private let cache: ShardCache

  /// Creates a dataset of shards with known numbers of examples.
  /// - Parameters:
  ///   - counts: The number of examples in each shard.
  ///   - inMemory: The number of shards that are in memory at the same time, at least 1. The examples of so many shards
  ///     are shuffled together.
  ///   - threads: The maximum number of shards that are read at the same time; nil for one on each processor. The
  ///     numbers do not depend on it.
  ///   - read: Returns the examples of a shard by its index. It is called on several threads, and always returns the same
  ///     examples.
  public init(
    counts: [Int], inMemory: Int = 4, threads: Int? = nil, read: @escaping @Sendable (_ shard: Int) throws -> Batch
  ) {
    let threads = threads ?? onlineProcessors()
    if inMemory < 1 || threads < 1 {
      ProgrammerError.end("ShardedDataset: inMemory and threads are at least 1, not \(inMemory) and \(threads)")
    }
    var (starts, total) = ([Int](), 0)
    for (shard, count) in counts.enumerated() {
      let (sum, overflows) = total.addingReportingOverflow(count)
      if count < 0 || overflows {
        ProgrammerError.end("ShardedDataset: shard \(shard) cannot have \(count) examples")
      }
      starts.append(total)
      total = sum
    }
    (self.counts, self.inMemory, self.starts, count) = (counts, inMemory, starts, total)
    cache = ShardCache(counts: counts, capacity: inMemory, threads: threads, read: read)
  }

  /// Creates a dataset of shards after reading each of them once, to count its examples.
  /// - Parameters:
  ///   - shards: The number of shards.
  ///   - inMemory: The number of shards that are in memory at the same time, at least 1.
  ///   - threads: The maximum number of shards that are read at the same time; nil for one on each processor.
  ///   - read: Returns the examples of a shard by its index. It is called on several threads, and always returns the same
  ///     examples.
  /// - Throws: The error of the first shard that cannot be read.
  public init(
    shards: Int, inMemory: Int = 4, threads: Int? = nil, read: @escaping @Sendable (_ shard: Int) throws -> Batch
  ) throws {
    if shards < 0 { ProgrammerError.end("ShardedDataset: the number of shards is at least 0, not \(shards)") }
    let readers = min(threads ?? onlineProcessors(), inMemory)
    let counts = try concurrentResults(shards, threads: readers) { shard throws(any Error) in try read(shard).count }
    self.init(counts: counts, inMemory: inMemory, threads: threads, read: read)
  }

  /// Creates a dataset of files after reading each of them once, to count its examples.
  /// - Parameters:
  ///   - files: The paths of the files, one for each shard.
  ///   - inMemory: The number of files whose examples are in memory at the same time, at least 1.
  ///   - threads: The maximum number of files that are read at the same time; nil for one on each processor.
  ///   - read: Returns the examples of a file by its path. It is called on several threads, and always returns the same
  ///     examples.
  /// - Throws: The error of the first file that cannot be read.
  public init(
    files: [String], inMemory: Int = 4, threads: Int? = nil,
    read: @escaping @Sendable (_ file: String) throws -> Batch
  ) throws {
    try self.init(shards: files.count, inMemory: inMemory, threads: threads) { try read(files[$0]) }
  }

  /// Returns the examples at these positions, in this order.
  /// - Throws: Errors of `read`; `TrainingError.noSuchExample` for a position out of range; `DataError.examples` if a
  ///   shard has another number of examples than before, or examples of another form.
  public func batch(at indices: [Int]) throws -> Batch {
    try checkPositions(indices, below: count)
    if indices.isEmpty {
      guard let shard = counts.indices.first else { return Batch(inputs: [], targets: []) }
      return try cache.pieces(of: [(shard, [])])[0]
    }
    var (requests, places) = ([(shard: Int, rows: [Int])](), [[Int]]())
    var requestOfShard: [Int: Int] = [:]
    for (place, index) in indices.enumerated() {
      let shard = shard(of: index)
      let request = requestOfShard[shard] ?? requests.count
      if request == requests.count {
        requestOfShard[shard] = request
        requests.append((shard, []))
        places.append([])
      }
      requests[request].rows.append(index - starts[shard])
      places[request].append(place)
    }
    let pieces = try cache.pieces(of: requests)
    return try Batch.assembled(zip(pieces, places).map { (batch: $0, places: $1) }, of: "ShardedDataset")
  }

  /// Returns the shard that contains an example.
  private func shard(of index: Int) -> Int {
    var (low, high) = (0, starts.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if starts[middle] <= index { low = middle } else { high = middle - 1 }
    }
    return low
  }

  package func shuffledOrder(_ source: RandomSource) -> [Int32]? {
    guard count <= Int(Int32.max), counts.count <= Int(Int32.max) else { return nil }
    func part(_ name: String) -> RandomSource {
      RandomSource(
        key: RandomSource.derivedKey(seed: source.key, "shards \(name)"), call: source.call, step: source.step)
    }
    let shards = ExampleOrder.permutation(count: counts.count, source: part("order")).map(Int.init)
    var order: [Int32] = []
    order.reserveCapacity(count)
    for first in Swift.stride(from: 0, to: shards.count, by: inMemory) {
      let group = shards[first..<min(first + inMemory, shards.count)].flatMap { shard in
        Int32(starts[shard])..<Int32(starts[shard] + counts[shard])
      }
      order += ExampleOrder.permutation(count: group.count, source: part("\(first)")).map { group[Int($0)] }
    }
    return order
  }
}
