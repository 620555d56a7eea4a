/// Checks the data of a dataset once, if it lies in tensors, or each batch as it is read.
struct DataGuard {
  private let checks: DataChecks
  private let trials: MeasureTrials
  private let checksBatches: Bool

  /// Checks at once what lies in tensors, all rows of it.
  init(_ dataset: any Dataset, _ checks: DataChecks, _ trials: MeasureTrials) throws {
    self.checks = checks
    self.trials = trials
    checksBatches = !dataset.liesInTensors
    if let whole = dataset as? TensorDataset {
      try whole.checkRowCounts()
      try checks.check(whole.whole, firstExample: 0)
    } else if dataset.liesInTensors {
      // A part of a tensor: checking row by row would be slow, and rows outside the part may be invalid.
      let size = 4096
      for start in stride(from: 0, to: dataset.count, by: size) {
        let indices = Array(start..<min(start + size, dataset.count))
        try checks.check(try dataset.checkedBatch(at: indices), firstExample: start)
      }
    }
  }

  /// A dataset whose rows have been checked as part of another.
  init(trusting checks: DataChecks, _ trials: MeasureTrials) {
    self.checks = checks
    self.trials = trials
    checksBatches = false
  }

  /// Checks a batch that has not been checked before.
  /// - Parameters:
  ///   - number: Which batch of the pass it is, counted from 0.
  ///   - indices: The numbers of its examples.
  func check(_ batch: Batch, number: Int, indices: [Int]) throws {
    guard checksBatches else { return }
    try checks.check(batch, firstExample: 0, indices: indices)
    try trials.check(batch, number: number)
  }
}
