/// Counts by class, summed over batches on the device.
struct ClassTotals: Sendable {
  private var sum: Tensor?
  private var isRestored = false
  /// The reason why a restored state cannot be continued. It is detected when a batch is added, which cannot throw.
  private var fault: TrainingError?

  mutating func add(_ counts: Tensor) {
    if isRestored, let sum, sum.shape != counts.shape {
      fault = .state(reason: "counts of the shape \(sum.shape), where the model's have \(counts.shape)")
    } else {
      sum = counts.added(to: sum)
    }
  }

  /// Returns the sums; nil before the first batch.
  /// - Throws: `TrainingError.state` if the restored state has a different number of classes.
  func total() throws -> Tensor? {
    if let fault { throw fault }
    return sum
  }

  func state() -> ResumableState {
    var state = ResumableState()
    state.tensors["counts"] = sum
    return state
  }

  /// - Throws: `TrainingError.state` for counts of an incompatible shape.
  mutating func restore(_ state: ResumableState, expected: String, where fits: ([Int]) -> Bool) throws {
    sum = try state.tensor("counts", expected: expected, where: fits)
    isRestored = true
  }
}
