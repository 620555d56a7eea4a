/// A dataset and the requirements on its data, which are checked once if the data is stored in tensors, otherwise for each
/// batch as it is read.
struct CheckedDataset {
  let dataset: any Dataset
  private let checks: DataChecks
  private let trials: MeasureTrials
  private let checksBatches: Bool

  /// Checks an example of the dataset, and all rows if the data is stored in tensors.
  init(_ dataset: any Dataset, example: Batch, _ checks: DataChecks, _ trials: MeasureTrials) throws {
    try checks.checkShapes(example)
    try trials.check(example, number: nil)
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
    self.init(dataset, checks, trials, checksBatches: !dataset.liesInTensors)
  }

  private init(_ dataset: any Dataset, _ checks: DataChecks, _ trials: MeasureTrials, checksBatches: Bool) {
    self.dataset = dataset
    self.checks = checks
    self.trials = trials
    self.checksBatches = checksBatches
  }

  /// Checks the data of `fit`. Parts of one tensor are checked once, together.
  /// - Parameters:
  ///   - data: The undivided data.
  ///   - example: An example for training.
  ///   - trials: Returns the trials for a use of data, "training" or "validation".
  static func checked(
    _ data: any Dataset, _ parts: (training: any Dataset, validation: (any Dataset)?), example: Batch,
    _ checks: DataChecks, trials: (_ use: String) -> MeasureTrials
  ) throws -> (training: CheckedDataset, validation: CheckedDataset?) {
    if let whole = data as? TensorDataset, !(parts.training is TensorDataset) {
      _ = try CheckedDataset(whole, example: example, checks, trials("training"))
      return (
        CheckedDataset(parts.training, checks, trials("training"), checksBatches: false),
        parts.validation.map { CheckedDataset($0, checks, trials("validation"), checksBatches: false) }
      )
    }
    let training = try CheckedDataset(parts.training, example: example, checks, trials("training"))
    let validation = try parts.validation.map { data in
      try CheckedDataset(data, example: try data.checkedBatch(at: [0]), checks, trials("validation"))
    }
    return (training, validation)
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
