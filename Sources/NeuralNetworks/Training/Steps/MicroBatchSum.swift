/// The sums over the micro-batches of a batch, which give the same loss and gradients as the whole batch.
struct MicroBatchSum {
  private let terms: [LossTerm]
  /// The number of examples of the whole batch.
  private let examples: Int
  private var gradients: Gradients?
  /// The sum of the divisors of the loss, if they are on the device.
  private var divisor: Tensor?
  /// For each term, Σ weight·mean, and Σ weight.
  private var sums: [(total: Tensor, weight: BatchWeight)] = []
  private var predictions: [[Tensor]] = []

  init(_ terms: [LossTerm], examples: Int) {
    self.terms = terms
    self.examples = examples
  }

  /// Adds a micro-batch.
  mutating func add(_ loss: BatchLoss, _ predictions: [Tensor], _ gradients: Gradients, examples: Int) {
    self.predictions.append(predictions.map { $0.detached() })
    let parts = loss.parts.map { part in
      switch part.weight {
      case .count(let count): (total: part.mean.detached() * count, weight: part.weight)
      case .sum(let sum): (total: part.mean.detached() * sum.detached(), weight: BatchWeight.sum(sum.detached()))
      }
    }
    sums = sums.isEmpty ? parts : zip(sums, parts).map { ($0.total + $1.total, $0.weight + $1.weight) }
    var scaled = gradients
    if case .sum(let weight)? = parts.first?.weight, terms.count == 1 {
      scaled.slabs = gradients.slabs.map { $0 * weight }
      divisor = weight.added(to: divisor)
    } else {
      // The divisors of several losses differ.
      let share = Double(examples) / Double(self.examples)
      scaled = gradients * share
    }
    self.gradients = self.gradients.map { $0 + scaled } ?? scaled
  }

  /// Returns the loss and the gradients of the batch, without penalties, and the predictions.
  func result() -> (loss: BatchLoss, predictions: [Tensor], gradients: Gradients)? {
    guard var gradients, let first = predictions.first else { return nil }
    if let divisor {
      let divisor = divisor.orOne
      gradients.slabs = gradients.slabs.map { $0 / divisor }
    }
    let parts = sums.map { total, weight in
      switch weight {
      case .count(let count): ReducedLoss(mean: total / count, weight: weight)
      case .sum(let sum): ReducedLoss(mean: total / sum.orOne, weight: weight)
      }
    }
    let joined = first.indices.map { output in Tensor.concatenated(predictions.map { $0[output] }) }
    return (BatchLoss(terms, parts), joined, gradients)
  }
}

extension BatchWeight {
  /// Returns the weight of two batches together.
  fileprivate static func + (a: BatchWeight, b: BatchWeight) -> BatchWeight {
    switch (a, b) {
    case (.count(let a), .count(let b)): .count(a + b)
    case (.sum(let a), .sum(let b)): .sum(a + b)
    case (.count(let count), .sum(let sum)), (.sum(let sum), .count(let count)): .sum(sum + count)
    }
  }
}

extension Batch {
  /// Returns consecutive parts of at most `size` examples.
  func divided(into size: Int) -> [Batch] {
    guard count > size else { return [self] }
    return stride(from: 0, to: count, by: size).map { start in
      let rows = start..<min(start + size, count)
      return Batch(
        inputs: inputs.map { $0[rows] }, targets: targets.map { $0[rows] }, weights: weights.map { $0[rows] })
    }
  }

  /// Returns the different sizes of the parts of this many examples: full ones, and the last.
  static func sizes(dividing count: Int, into size: Int) -> [Int] {
    let full = min(size, count)
    return full == 0 || count % full == 0 ? [full] : [full, count % full]
  }
}
