/// Checks the data of a dataset once, if it lies in tensors, or each batch as it is read.
struct DataGuard: Sendable {
  private let checks: DataChecks
  private let checksBatches: Bool

  /// Checks at once what lies in tensors, all rows of it.
  init(_ dataset: any Dataset, _ checks: DataChecks) throws {
    self.checks = checks
    checksBatches = !dataset.liesInTensors
    if let whole = dataset as? TensorDataset {
      try whole.checkRowCounts()
      try checks.check(whole.whole, firstExample: 0)
    } else if dataset.liesInTensors {
      // Part of a tensor: row by row it would be slow, and rows that are not in it may be bad.
      let size = 4096
      for start in stride(from: 0, to: dataset.count, by: size) {
        let indices = Array(start..<min(start + size, dataset.count))
        try checks.check(try dataset.checkedBatch(at: indices), firstExample: start)
      }
    }
  }

  /// A dataset whose rows have been checked as part of another.
  init(trusting checks: DataChecks) {
    self.checks = checks
    checksBatches = false
  }

  /// Checks a batch that has not been checked before; `indices` are the numbers of its examples.
  func check(_ batch: Batch, indices: [Int]) throws {
    if checksBatches { try checks.check(batch, firstExample: 0, indices: indices) }
  }
}
