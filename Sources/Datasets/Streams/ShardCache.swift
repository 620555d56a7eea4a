import NeuralNetworks
import Synchronization

/// The shards of a dataset that were used last.
final class ShardCache: Sendable {
  private let counts: [Int]
  private let capacity: Int
  private let threads: Int
  private let read: @Sendable (Int) throws -> Batch
  /// The shards in memory, the one that was used last at the end.
  private let recent = Mutex<[(shard: Int, batch: Batch)]>([])

  /// Creates an empty cache.
  /// - Parameters:
  ///   - counts: The number of examples in each shard.
  ///   - capacity: The maximum number of shards in memory, at least 1.
  ///   - threads: The maximum number of shards that are read at the same time, at least 1.
  ///   - read: Returns the examples of a shard.
  init(counts: [Int], capacity: Int, threads: Int, read: @escaping @Sendable (Int) throws -> Batch) {
    (self.counts, self.capacity, self.threads, self.read) = (counts, capacity, threads, read)
  }

  /// Returns some of the rows of different shards.
  func pieces(of requests: [(shard: Int, rows: [Int])]) throws -> [Batch] {
    try recent.withLock { recent in
      var pieces = [Batch?](repeating: nil, count: requests.count)
      /// Takes the rows of requests whose shards are in memory.
      func take(_ numbers: some Sequence<Int>) {
        for number in numbers {
          guard let place = recent.firstIndex(where: { $0.shard == requests[number].shard }) else { continue }
          let entry = recent.remove(at: place)
          recent.append(entry)
          pieces[number] = entry.batch.rows(at: requests[number].rows)
        }
      }
      take(requests.indices)
      let missing = requests.indices.filter { pieces[$0] == nil }
      for start in stride(from: 0, to: missing.count, by: capacity) {
        let numbers = missing[start..<min(start + capacity, missing.count)]
        recent.removeFirst(max(recent.count + numbers.count - capacity, 0))
        recent += try load(numbers.map { requests[$0].shard })
        take(numbers)
      }
      return pieces.compactMap { $0 }
    }
  }

  /// Reads shards on several threads.
  private func load(_ shards: [Int]) throws -> [(shard: Int, batch: Batch)] {
    let batches = try concurrentResults(shards.count, threads: threads) { [counts, read] place throws(any Error) in
      let batch = try read(shards[place])
      let tensors = batch.inputs + batch.targets + [batch.weights].compactMap { $0 }
      let expected = counts[shards[place]]
      if let other = tensors.first(where: { $0.shape.first != expected }) {
        throw DataError.examples(
          reason: "shard \(shards[place]): expected \(expected) examples, found the shape \(other.shape)")
      }
      if batch.inputs.isEmpty { throw DataError.examples(reason: "shard \(shards[place]): there are no inputs") }
      return batch
    }
    return zip(shards, batches).map { (shard: $0, batch: $1) }
  }
}
