import BackendCore

/// A batch of examples: inputs and targets with a leading batch axis, and optional example weights.
public struct Batch: Sendable {
  /// One tensor per input of the model, `[N, …]`.
  public var inputs: [Tensor]
  /// One tensor per output of the model, `[N, …]`. Class indices are int32 `[N]`.
  public var targets: [Tensor]
  /// The weight of each example, `[N]`; nil for equal weights.
  public var weights: Tensor?

  /// Creates a batch for a model with several inputs or outputs.
  public init(inputs: [Tensor], targets: [Tensor], weights: Tensor? = nil) {
    self.inputs = inputs
    self.targets = targets
    self.weights = weights
  }

  /// Creates a batch for a model with one input and one output.
  public init(input: Tensor, target: Tensor, weights: Tensor? = nil) {
    self.init(inputs: [input], targets: [target], weights: weights)
  }

  /// The first input.
  public var input: Tensor { first(of: inputs, "inputs") }
  /// The first target.
  public var target: Tensor { first(of: targets, "targets") }
  private func first(of tensors: [Tensor], _ name: String) -> Tensor {
    guard let first = tensors.first else { ProgrammerError.end("Batch: there are no \(name)") }
    return first
  }

  /// The number of examples.
  public var count: Int { inputs.first?.shape.first ?? 0 }

  /// Returns the batch on another device. Tensors that are already there are not copied.
  public func moved(to device: Device) -> Batch {
    let move: (Tensor) -> Tensor = { $0.device == device ? $0 : $0.moved(to: device) }
    return Batch(inputs: inputs.map(move), targets: targets.map(move), weights: weights.map(move))
  }
}

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
  package func checkedBatch(at indices: [Int]) throws -> Batch {
    let batch = try self.batch(at: indices)
    let others = batch.targets + [batch.weights].compactMap { $0 }
    for tensor in batch.inputs + others where tensor.shape.first != indices.count {
      throw TrainingError.batchRows(asked: indices.count, found: tensor.shape.first ?? 0)
    }
    guard !batch.inputs.isEmpty else { throw TrainingError.batchRows(asked: indices.count, found: 0) }
    return batch
  }
}

/// The order in which the examples of a dataset are used.
package struct ExampleOrder: Sendable {
  let count: Int
  /// The permutation; nil for the order of the dataset.
  private let permutation: [Int32]?

  /// The order of all examples, or a shuffled one.
  /// - Parameter source: The source that determines the permutation; nil for the order of the dataset.
  init(count: Int, source: RandomSource?) {
    self.count = count
    permutation = source.map { ExampleOrder.permutation(count: count, source: $0) }
  }

  /// The order in which a dataset is used, or a shuffled one, which the dataset can determine.
  /// - Parameter source: The source that determines the permutation; nil for the order of the dataset.
  init(of dataset: any Dataset, source: RandomSource?) {
    if let source, let order = (dataset as? any LocalDataset)?.shuffledOrder(source) {
      self.init(order)
    } else {
      self.init(count: dataset.count, source: source)
    }
  }

  private init(_ permutation: [Int32]) { (count, self.permutation) = (permutation.count, permutation) }

  /// Returns the example at a position of the order.
  func index(at place: Int) -> Int { permutation.map { Int($0[place]) } ?? place }

  /// Returns the examples at a range of positions of the order.
  func indices(in range: Range<Int>) -> [Int] {
    guard let permutation else { return Array(range) }
    return permutation[range].map(Int.init)
  }

  /// Returns a Fisher-Yates shuffle with numbers from Philox, identical on every device and every machine.
  package static func permutation(count: Int, source: RandomSource) -> [Int32] {
    guard count <= Int(Int32.max) else {
      ProgrammerError.end("a dataset of \(count) examples cannot be shuffled; 2³¹ − 1 can")
    }
    var order = (0..<Int32(count)).map { $0 }
    guard count > 1 else { return order }
    order.withUnsafeMutableBufferPointer { order in
      var words = SIMD4<UInt32>()
      for draw in 0..<(count - 1) {
        if draw % 2 == 0 { words = source.block(draw / 2) }
        let bits = draw % 2 == 0 ? UInt64(words.x) << 32 | UInt64(words.y) : UInt64(words.z) << 32 | UInt64(words.w)
        let last = count - 1 - draw
        // The upper half of a 128-bit product: uniform in 0...last except for a bias below 2⁻³³.
        let other = Int(bits.multipliedFullWidth(by: UInt64(last + 1)).high)
        order.swapAt(last, other)
      }
    }
    return order
  }
}
