extension Metric {
  /// The mean of |p − t|.
  public static var meanAbsoluteError: Metric {
    Metric("mean_absolute_error", loss: .meanAbsoluteError)
  }

  /// The mean of (p − t)².
  public static var meanSquaredError: Metric {
    Metric("mean_squared_error", loss: .meanSquaredError)
  }

  /// The mean of 100·|p − t|/|t|, the error in percent of the target. See `Loss.meanAbsolutePercentageError`.
  public static var meanAbsolutePercentageError: Metric {
    Metric("mean_absolute_percentage_error", loss: .meanAbsolutePercentageError)
  }

  /// The mean of (ln(1 + p) − ln(1 + t))². See `Loss.meanSquaredLogarithmicError`.
  public static var meanSquaredLogarithmicError: Metric {
    Metric("mean_squared_logarithmic_error", loss: .meanSquaredLogarithmicError)
  }

  /// The mean cosine of the angle between predictions and targets, which are vectors along the last axis: 1 for the
  /// same direction, −1 for the opposite one. Keras' `CosineSimilarity`. The loss of this name has the opposite sign.
  public static var cosineSimilarity: Metric {
    Metric("cosine_similarity") { $0.cosine(with: $1.aligned(to: $0, for: "cosine similarity")) }
  }

  /// The mean of any loss, as a metric. Labels that the loss ignores do not count.
  public static func loss(_ loss: Loss) -> Metric { Metric(loss.name, loss: loss) }
}

extension Metric {
  /// √(mean (p − t)²) over all elements, in the unit of the targets. Keras' `RootMeanSquaredError`.
  public static var rootMeanSquaredError: Metric {
    Metric(
      "root_mean_squared_error",
      accumulator: {
        MeanFunctionAccumulator(MeanAccumulator { Loss.meanSquaredError.values($0, $1) }) { $0.squareRoot() }
      })
  }

  /// The coefficient of determination, R² = 1 − Σ (t − p)² / Σ (t − mean t)²: 1 for perfect predictions, 0 for
  /// predictions no better than the mean of the targets, negative for worse ones. For several columns, the mean. Keras'
  /// `R2Score`, scikit-learn's `r2_score`. As in these, constant targets give 1 if they are predicted exactly, else 0.
  public static var r2Score: Metric { Metric("r2_score", accumulator: { DeterminationAccumulator() }) }

  /// The correlation between predictions and targets over all examples, from −1 to 1 (SciPy's `pearsonr`): Σ (p − mean
  /// p)·(t − mean t) / √(Σ (p − mean p)²·Σ (t − mean t)²). For several columns, the mean. The value of a column is 0 if
  /// its predictions or its targets are constant. Keras' `PearsonCorrelation` differs: it is the mean of the
  /// correlations within each example.
  public static var pearsonCorrelation: Metric {
    Metric(
      "pearson_correlation",
      accumulator: {
        CorrelationAccumulator { moments in
          let spread = moments.prediction.squareRoot() * moments.target.squareRoot()
          return spread == 0 ? 0 : moments.both / spread
        }
      })
  }

  /// The concordance of predictions and targets over all examples, from −1 to 1: 2·Σ (p − mean p)·(t − mean t) /
  /// (Σ (p − mean p)² + Σ (t − mean t)² + n·(mean p − mean t)²). Unlike the correlation, it is less than 1 if predictions
  /// are shifted or scaled (Lin 1989). For several columns, the mean. The value of a column is 0 if its predictions and
  /// its targets are the same constant. Keras' `ConcordanceCorrelation` differs: it is the mean of the values within each
  /// example.
  public static var concordanceCorrelation: Metric {
    Metric(
      "concordance_correlation",
      accumulator: {
        CorrelationAccumulator { moments in
          let spread = moments.prediction + moments.target + moments.shift
          return spread == 0 ? 0 : 2 * moments.both / spread
        }
      })
  }
}

/// Sums for R², one per column. Means and squares of batches are combined by their differences (Chan, Golub, and
/// LeVeque 1979), because squares of the targets themselves would lose all digits if their mean is large.
private struct DeterminationAccumulator: ResumableMetricAccumulator {
  /// Σ w, and for each column, the mean of the targets, Σ w·(t − mean)², and Σ w·(t − p)².
  private var weight: Tensor?
  private var mean: Tensor?
  private var spread: Tensor?
  private var residual: Tensor?
  /// The reason why restored sums cannot be continued. It is detected when a batch is added, which cannot throw.
  private var fault: TrainingError?

  mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
    let prediction = prediction.detached()
    let target = target.detached().aligned(to: prediction, for: "R²")
    let rows = prediction.rank == 0 ? 1 : prediction.shape[0]
    let shape = [rows, prediction.count / max(rows, 1)]
    let (p, t) = (prediction.reshaped(shape), target.reshaped(shape))
    let factors: Tensor =
      weights.map { $0.detached().cast(to: t.dtype).reshaped([rows, 1]) }
      ?? .ones([rows, 1], dtype: t.dtype, on: t.device)
    let batchWeight = factors.sum()
    let divisor = batchWeight.replacing(with: 1, where: batchWeight .== 0)
    let batchMean = (factors * t).sum(axis: 0) / divisor
    let batchSpread = (factors * (t - batchMean).squared()).sum(axis: 0)
    let batchResidual = (factors * (t - p).squared()).sum(axis: 0)
    guard let weight = weight?.cast(to: t.dtype), let mean = mean?.cast(to: t.dtype) else {
      (weight, mean, spread, residual) = (batchWeight, batchMean, batchSpread, batchResidual)
      return
    }
    guard mean.shape == batchMean.shape else {
      fault = .state(reason: "sums of \(mean.count) columns, where the model's have \(batchMean.count)")
      return
    }
    let total = weight + batchWeight
    let part = batchWeight / total.replacing(with: 1, where: total .== 0)
    let distance = batchMean - mean
    spread = (batchSpread + distance.squared() * (weight * part)).added(to: spread)
    residual = batchResidual.added(to: residual)
    self.mean = mean + distance * part
    self.weight = total
  }

  func result() throws -> Double {
    if let fault { throw fault }
    guard let spread, let residual else { return 0 }
    let columns = zip(try spread.scalars(as: Double.self), try residual.scalars(as: Double.self)).map {
      spread, residual in
      spread == 0 ? (residual == 0 ? 1 : 0) : 1 - residual / spread
    }
    return columns.reduce(0, +) / Double(max(columns.count, 1))
  }

  func state() -> ResumableState {
    var state = ResumableState()
    for (name, tensor) in [("weight", weight), ("mean", mean), ("spread", spread), ("residual", residual)] {
      state.tensors[name] = tensor
    }
    return state
  }

  mutating func restore(_ state: ResumableState) throws {
    weight = try state.sum("weight")
    func column(_ name: String) throws -> Tensor? { try state.tensor(name, expected: "[columns]") { $0.count == 1 } }
    (mean, spread, residual) = (try column("mean"), try column("spread"), try column("residual"))
    let shapes = Set([mean, spread, residual].map { $0?.shape })
    guard shapes.count == 1, (weight == nil) == (mean == nil) else {
      throw TrainingError.state(reason: "the sums of R² have different shapes")
    }
  }
}

/// The moments of a column: Σ w·Δp², Σ w·Δt², and Σ w·Δp·Δt, where Δ is the distance from the mean, and Σ w·(mean p − mean
/// t)².
private struct ColumnMoments {
  let prediction, target, both, shift: Double
}

/// Sums for correlations, one per column, combined as in `DeterminationAccumulator`.
private struct CorrelationAccumulator: ResumableMetricAccumulator {
  /// The value of a column.
  private let value: @Sendable (ColumnMoments) -> Double
  /// Σ w.
  private var weight: Tensor?
  /// The means of predictions and of targets, `[2, columns]`.
  private var means: Tensor?
  /// Σ w·Δp², Σ w·Δt², and Σ w·Δp·Δt, where Δ is the distance from the mean: `[3, columns]`.
  private var moments: Tensor?
  /// The reason why restored sums cannot be continued. It is detected when a batch is added, which cannot throw.
  private var fault: TrainingError?

  init(_ value: @escaping @Sendable (ColumnMoments) -> Double) { self.value = value }

  mutating func update(prediction: Tensor, target: Tensor, weights: Tensor?) {
    let prediction = prediction.detached()
    let target = target.detached().aligned(to: prediction, for: "correlation")
    let rows = prediction.rank == 0 ? 1 : prediction.shape[0]
    let shape = [1, rows, prediction.count / max(rows, 1)]
    let both = Tensor.concatenated([prediction.reshaped(shape), target.reshaped(shape)])
    let factors: Tensor =
      weights.map { $0.detached().cast(to: both.dtype).reshaped([1, rows, 1]) }
      ?? .ones([1, rows, 1], dtype: both.dtype, on: both.device)
    let batchWeight = factors.sum()
    let batchMeans = (factors * both).sum(axis: 1) / batchWeight.replacing(with: 1, where: batchWeight .== 0)
    let distances = both - batchMeans.expanded(axis: 1)
    let batchMoments = (factors * CorrelationAccumulator.products(distances)).sum(axis: 1)
    guard let weight = weight?.cast(to: both.dtype), let means = means?.cast(to: both.dtype) else {
      (weight, means, moments) = (batchWeight, batchMeans, batchMoments)
      return
    }
    guard means.shape == batchMeans.shape else {
      fault = .state(reason: "sums of \(means.shape[1]) columns, where the model's have \(batchMeans.shape[1])")
      return
    }
    let total = weight + batchWeight
    let part = batchWeight / total.replacing(with: 1, where: total .== 0)
    let step = batchMeans - means
    moments = (batchMoments + CorrelationAccumulator.products(step) * (weight * part)).added(to: moments)
    self.means = means + step * part
    self.weight = total
  }

  /// Returns the squares of both rows, and their product.
  private static func products(_ pair: Tensor) -> Tensor {
    .concatenated([pair.squared(), pair[0..<1] * pair[1..<2]])
  }

  func result() throws -> Double {
    if let fault { throw fault }
    guard let moments, let means, let weight else { return 0 }
    let numbers = try moments.scalars(as: Double.self)
    let shifts = try (weight * (means[0] - means[1]).squared()).scalars(as: Double.self)
    let columns = moments.shape[1]
    let correlations = (0..<columns).map { column in
      value(
        ColumnMoments(
          prediction: numbers[column], target: numbers[columns + column], both: numbers[2 * columns + column],
          shift: shifts[column]))
    }
    return correlations.reduce(0, +) / Double(max(columns, 1))
  }

  func state() -> ResumableState {
    var state = ResumableState()
    for (name, tensor) in [("weight", weight), ("means", means), ("moments", moments)] { state.tensors[name] = tensor }
    return state
  }

  mutating func restore(_ state: ResumableState) throws {
    weight = try state.sum("weight")
    means = try state.tensor("means", expected: "[2, columns]") { $0.count == 2 && $0[0] == 2 }
    moments = try state.tensor("moments", expected: "[3, columns]") { $0.count == 2 && $0[0] == 3 }
    guard means?.shape[1] == moments?.shape[1], (weight == nil) == (means == nil) else {
      throw TrainingError.state(reason: "the sums of the correlation have different shapes")
    }
  }
}
