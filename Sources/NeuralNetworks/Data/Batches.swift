/// The batches of one pass over a dataset. Reading can throw, so this type is not a `Sequence`:
///
/// ```swift
/// var batches = data.batches(of: 32, shuffledBy: random, on: device)
/// while let batch = try batches.next() { … }
/// ```
///
/// A copy continues from the position of the original, independently.
public struct Batches {
  /// The number of batches of the whole pass.
  public let count: Int
  private let size: Int
  private let order: ExampleOrder
  private let device: Device
  private let reader: BatchReader
  /// The position of the batch that `next()` returns.
  private(set) var position = 0

  init(_ dataset: any Dataset, of size: Int, order: ExampleOrder, on device: Device, droppingLast: Bool) {
    guard size >= 1 else { ProgrammerError.end("batches(of:) needs a size of at least 1, not \(size)") }
    self.size = Swift.min(size, Swift.max(order.count, 1))
    self.order = order
    self.device = device
    count = order.count / size + (droppingLast || order.count % size == 0 ? 0 : 1)
    reader = dataset.liesInTensors ? DirectReader(dataset) : Prefetcher(dataset)
  }

  /// Returns the next batch, on the requested device; nil after the last one.
  /// - Throws: Errors of the dataset, and `TrainingError.batchRows` if it returns a different number of examples than
  ///   requested.
  public mutating func next() throws -> Batch? {
    guard let batch = try nextOnHost() else { return nil }
    return batch.moved(to: device)
  }

  /// Returns the next batch on the device where the dataset created it.
  mutating func nextOnHost() throws -> Batch? {
    guard position < count else { return nil }
    let batch = try reader.read(indices(of: position), then: position + 1 < count ? indices(of: position + 1) : nil)
    position += 1
    return batch
  }

  /// Continues as if some batches had been read.
  mutating func skip(_ batches: Int) { position = Swift.min(count, position + batches) }

  /// Calls `body` with each remaining batch. The position of this value does not change.
  public func forEach(_ body: (Batch) throws -> Void) throws {
    var rest = self
    while let batch = try rest.next() { try body(batch) }
  }

  /// Returns the indices of the examples in a batch.
  func indices(of batch: Int) -> [Int] {
    order.indices(in: (batch * size)..<Swift.min(order.count, (batch + 1) * size))
  }
}

/// Reads examples, and can read ahead.
protocol BatchReader: AnyObject, Sendable {
  /// Returns the examples at `indices`. The examples at `next` are likely to be requested next.
  func read(_ indices: [Int], then next: [Int]?) throws -> Batch
}

/// Reads examples on request, without reading ahead.
final class DirectReader: BatchReader {
  private let dataset: any Dataset

  init(_ dataset: any Dataset) { self.dataset = dataset }

  func read(_ indices: [Int], then next: [Int]?) throws -> Batch { try dataset.checkedBatch(at: indices) }
}

extension Dataset {
  /// Returns a batch after checking its number of rows.
  func checkedBatch(at indices: [Int]) throws -> Batch {
    let batch = try self.batch(at: indices)
    let others = batch.targets + [batch.weights].compactMap { $0 }
    for tensor in batch.inputs + others where tensor.shape.first != indices.count {
      throw TrainingError.batchRows(asked: indices.count, found: tensor.shape.first ?? 0)
    }
    guard !batch.inputs.isEmpty else { throw TrainingError.batchRows(asked: indices.count, found: 0) }
    return batch
  }
}
