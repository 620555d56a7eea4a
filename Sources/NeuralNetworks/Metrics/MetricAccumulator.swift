/// The state of a metric between batches. It stays on the device: `update` never waits, `result` does.
///
/// Weights, if any, are `[N]`, one per example. Predictions and targets that `fit` and `evaluate` pass to `update` have
/// no gradient.
public protocol MetricAccumulator: Sendable {
  mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?)
  /// Returns the value over all batches so far. Waits for the device.
  /// - Throws: `DeviceError` if an operation has failed; `TrainingError.state` if the state from which it was restored
  ///   does not fit the model.
  func result() throws -> Double
}

/// An accumulator whose result includes a table in addition to a number.
public protocol MatrixMetricAccumulator: MetricAccumulator {
  /// Returns the table over all batches so far, by rows. Waits for the device.
  func matrix() throws -> [[Double]]
}

/// An accumulator whose state can be saved, so that a run resumed within an epoch ends the epoch with the same value.
/// All accumulators of this package are resumable. The value of any other accumulator includes only the batches after
/// the interruption.
public protocol ResumableMetricAccumulator: MetricAccumulator {
  /// Returns the state accumulated so far.
  func state() -> ResumableState
  /// Continues from a result of `state()`, on the device of the model.
  /// - Throws: `TrainingError.state` for any other state, which may come from a file.
  mutating func restore(_ state: ResumableState) throws
}

/// The weighted mean of one value per example: Σ w·v / Σ w, or 0 before the first update and if all weights are 0.
struct MeanAccumulator: ResumableMetricAccumulator {
  /// One value per example, and a mask of those that count; nil if all do.
  typealias MaskedValues = @Sendable (_ prediction: Tensor, _ target: Tensor) -> (values: Tensor, counted: Tensor?)

  private let values: MaskedValues
  /// Σ w·v and Σ w of the batches with weights; Σ v of those without.
  private var total: Tensor?
  private var weight: Tensor?
  /// The number of values without weights.
  private var count = 0

  init(_ values: @escaping @Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor) {
    self.init(masked: { (values($0, $1), nil) })
  }

  init(masked values: @escaping MaskedValues) { self.values = values }

  mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
    var (batch, counted) = values(prediction.detached(), target.detached())
    if !batch.hasFloatingPointArithmetic {
      batch = batch.cast(to: prediction.hasFloatingPointArithmetic ? prediction.dtype : .float32)
    }
    counted = counted?.cast(to: batch.dtype)
    let given = weights?.detached().aligned(toExamplesOf: batch)
    if let factors = counted.map({ mask in given.map { mask * $0 } ?? mask }) ?? given {
      total = (factors * batch).sum().added(to: total)
      weight = factors.sum().added(to: weight)
    } else {
      total = batch.sum().added(to: total)
      count += batch.count
    }
  }

  /// Returns Σ w·v.
  func sum() throws -> Double { try total?.item() ?? 0 }

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

/// A function of a weighted mean.
struct MeanFunctionAccumulator: ResumableMetricAccumulator {
  private var mean: MeanAccumulator
  private let function: @Sendable (Double) -> Double

  init(_ mean: MeanAccumulator, _ function: @escaping @Sendable (Double) -> Double) {
    self.mean = mean
    self.function = function
  }

  mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
    mean.update(prediction: prediction, target: target, weights: weights)
  }

  func result() throws -> Double { function(try mean.result()) }
  func state() -> ResumableState { mean.state() }
  mutating func restore(_ state: ResumableState) throws { try mean.restore(state) }
}

/// The weighted sum of one value per example: Σ w·v.
struct SumAccumulator: ResumableMetricAccumulator {
  private var mean: MeanAccumulator

  init(_ values: @escaping @Sendable (_ prediction: Tensor, _ target: Tensor) -> Tensor) {
    mean = MeanAccumulator(values)
  }

  mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
    mean.update(prediction: prediction, target: target, weights: weights)
  }

  func result() throws -> Double { try mean.sum() }
  func state() -> ResumableState { mean.state() }
  mutating func restore(_ state: ResumableState) throws { try mean.restore(state) }
}

extension Tensor {
  /// Returns the sum with the previous state, if any. A state from a file may have another element type.
  func added(to earlier: Tensor?) -> Tensor { earlier.map { $0.cast(to: dtype) + self } ?? self }
}
