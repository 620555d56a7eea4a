import BackendCore
import HostSystem
import NeuralNetworks

/// Examples of another dataset, changed by a function when they are read.
public struct MappedDataset: ResampledDataset, LocalDataset {
  private var base: any Dataset
  private let transform: @Sendable (Batch) throws -> Batch
  /// The number of threads that call the function with single examples; nil to call it with whole batches.
  private let threads: Int?

  init(_ base: any Dataset, threads: Int?, _ transform: @escaping @Sendable (Batch) throws -> Batch) {
    if let threads, threads < 1 { ProgrammerError.end("mapExamples: at least 1 thread is needed, not \(threads)") }
    (self.base, self.threads, self.transform) = (base, threads, transform)
  }

  public var count: Int { base.count }

  public func batch(at indices: [Int]) throws -> Batch {
    let batch = try base.batch(at: indices)
    guard let threads else { return try transform(batch) }
    if indices.isEmpty { return batch }
    let examples = try concurrentResults(indices.count, threads: threads) { row throws(any Error) in
      let example = try transform(batch.rows(row..<row + 1))
      if example.count != 1 { throw DataError.examples(reason: "mapExamples: expected 1 row, found \(example.count)") }
      return example
    }
    return try Batch.joined(examples, of: "mapExamples")
  }

  public func during(epoch: Int) -> any Dataset { with(base.examples(ofEpoch: epoch)) }

  public var original: any Dataset { with(base.measured) }

  package func part(at positions: [Int]) -> (any Dataset)? {
    (base as? any ResampledDataset)?.part(at: positions).map(with)
  }

  package func shuffledOrder(_ source: RandomSource) -> [Int32]? {
    (base as? any LocalDataset)?.shuffledOrder(source)
  }

  private func with(_ base: any Dataset) -> any Dataset {
    var copy = self
    copy.base = base
    return copy
  }
}

extension Dataset {
  /// Returns the examples, changed by a function of batches when they are read.
  ///
  /// ```swift
  /// let scaled = data.map { Batch(inputs: $0.inputs.map { $0 / 255 }, targets: $0.targets, weights: $0.weights) }
  /// ```
  ///
  /// `fit` reads the next batch on another thread, and so calls the function there.
  /// - Parameter transform: Returns a batch with the same number of examples. Each of its rows may depend only on the
  ///   same row of the argument, so that results do not depend on the batch size.
  public func map(_ transform: @escaping @Sendable (Batch) throws -> Batch) -> MappedDataset {
    MappedDataset(self, threads: nil, transform)
  }

  /// Returns the examples, changed by a function of single examples when they are read. It is called on several threads;
  /// the results do not depend on their number.
  /// - Parameters:
  ///   - threads: The number of threads; nil for one on each processor.
  ///   - transform: Takes and returns a batch of one example. The results have the same shapes.
  public func mapExamples(
    threads: Int? = nil, _ transform: @escaping @Sendable (Batch) throws -> Batch
  ) -> MappedDataset { MappedDataset(self, threads: threads ?? onlineProcessors(), transform) }
}
