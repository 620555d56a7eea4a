/// The state of a metric between batches. It stays on the device: `update` never waits, `result` does.
///
/// Weights, where there are any, are `[N]`, one for each example. Predictions and targets that reach `update` from `fit` and
/// `evaluate` carry no gradient.
public protocol MetricAccumulator: Sendable {
  mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?)
  /// The value over all batches so far; waits for the device.
  /// - Throws: `DeviceError` when an operation behind it failed; `TrainingError.state` when it went on from a state that does
  ///   not fit the model.
  func result() throws -> Double
}

/// An accumulator whose result is a table beside a number.
public protocol MatrixMetricAccumulator: MetricAccumulator {
  /// The table over all batches so far, by rows; waits for the device.
  func matrix() throws -> [[Double]]
}

/// An accumulator whose state can be saved, so that a run that is resumed within an epoch ends the epoch with the value that
/// it would have had. Those of this package are; the value of any other counts the batches after the interruption alone.
public protocol ResumableMetricAccumulator: MetricAccumulator {
  /// What has been gathered so far.
  func state() -> ResumableState
  /// Goes on from what `state()` gave, on the device of the model.
  /// - Throws: `TrainingError.state` for anything else, which may come from a file.
  mutating func restore(_ state: ResumableState) throws
}

/// The weighted mean of one value for each example: Σ w·v / Σ w, 0 before the first update and when all weights are 0.
struct MeanAccumulator: ResumableMetricAccumulator {
  private let values: @Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor
  /// Σ w·v and Σ w of the batches with weights; Σ v of those without.
  private var total: Tensor?
  private var weight: Tensor?
  /// How many values came without weights.
  private var count = 0

  init(_ values: @escaping @Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor) { self.values = values }

  mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
    var batch = values(prediction.detached(), target.detached())
    if !batch.dtype.isFloatingPoint {
      batch = batch.cast(to: prediction.dtype.isFloatingPoint ? prediction.dtype : .float32)
    }
    if let weights {
      let factors = weights.detached().aligned(toExamplesOf: batch)
      total = (factors * batch).sum().added(to: total)
      weight = factors.sum().added(to: weight)
    } else {
      total = batch.sum().added(to: total)
      count += batch.count
    }
  }

  func result() throws -> Double {
    guard let total else { return 0 }
    let divisor = Double(count) + (try weight?.item() ?? 0)
    return divisor == 0 ? 0 : try total.item() / divisor
  }

  func state() -> ResumableState {
    var state = ResumableState(numbers: ["count": Double(count)])
    state.tensors["total"] = total
    state.tensors["weight"] = weight
    return state
  }

  mutating func restore(_ state: ResumableState) throws {
    count = try state.count("count")
    total = try state.sum("total")
    weight = try state.sum("weight")
  }
}

extension Tensor {
  /// The sum with what was gathered before, if anything was. What came from a file may have other elements.
  func added(to earlier: Tensor?) -> Tensor { earlier.map { $0.cast(to: dtype) + self } ?? self }
}
