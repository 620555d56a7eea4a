/// Counts by class, summed over batches on the device.
struct ClassTotals: Sendable {
  private var sum: Tensor?
  private var isRestored = false
  /// Why what was restored cannot be gone on with. Batches show it, which are taken up without a throw.
  private var fault: TrainingError?

  mutating func add(_ counts: Tensor) {
    if isRestored, let sum, sum.shape != counts.shape {
      fault = .state(reason: "counts of the shape \(sum.shape), where the model's have \(counts.shape)")
    } else {
      sum = counts.added(to: sum)
    }
  }

  /// The sums; nil before the first batch.
  /// - Throws: `TrainingError.state` when what was restored is of another number of classes.
  func total() throws -> Tensor? {
    if let fault { throw fault }
    return sum
  }

  func state() -> ResumableState {
    var state = ResumableState()
    state.tensors["counts"] = sum
    return state
  }

  /// - Throws: `TrainingError.state` for counts of a shape that does not fit.
  mutating func restore(_ state: ResumableState, expected: String, where fits: ([Int]) -> Bool) throws {
    sum = try state.tensor("counts", expected: expected, where: fits)
    isRestored = true
  }
}
