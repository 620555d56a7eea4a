/// Checks the data of a dataset: once if it is stored in tensors, otherwise each batch as it is read.
struct DataGuard {
  private let checks: DataChecks
  private let trials: MeasureTrials
  private let checksBatches: Bool

  /// Checks all rows immediately if the data is stored in tensors.
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

  /// Creates a guard for a dataset whose rows have been checked as part of another dataset.
  init(trusting checks: DataChecks, _ trials: MeasureTrials) {
    self.checks = checks
    self.trials = trials
    checksBatches = false
  }

  /// Checks a batch that has not been checked before.
  /// - Parameters:
  ///   - number: The position of the batch in the pass, starting at 0.
  ///   - indices: The indices of its examples.
  func check(_ batch: Batch, number: Int, indices: [Int]) throws {
    guard checksBatches else { return }
    try checks.check(batch, firstExample: 0, indices: indices)
    try trials.check(batch, number: number)
  }
}
