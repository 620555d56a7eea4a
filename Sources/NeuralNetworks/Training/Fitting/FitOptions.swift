/// The options of `fit`, except for the data.
struct FitOptions {
  var epochs: Int
  var initialEpoch: Int
  var batchSize: Int
  var microBatchSize: Int? = nil
  var stepsPerEpoch: Int? = nil
  var validation: Validation?
  var shuffle: Bool
  var seed: UInt64
  var callbacks: [any Callback]
  var classWeights: [Int: Double]
  var verbosity: Verbosity
  var progress: ProgressStream
  /// The clock that measures the duration of epochs.
  var now: () -> ContinuousClock.Instant = { .now }

  /// Checks everything that can be checked without data.
  func check(valueNames: [String], optimizer: Optimizer) throws {
    guard batchSize >= 1 else { throw TrainingError.batchSize(batchSize) }
    if let size = microBatchSize, size < 1 { throw TrainingError.microBatchSize(size) }
    if let steps = stepsPerEpoch, steps < 1 { throw TrainingError.stepsPerEpoch(steps) }
    guard epochs >= 0 else { throw TrainingError.epochs(epochs) }
    guard initialEpoch >= 0 else { throw TrainingError.epochs(initialEpoch) }
    guard initialEpoch <= epochs else { throw TrainingError.firstEpoch(initialEpoch, epochs: epochs) }
    if case .split(let fraction) = validation, !(fraction >= 0 && fraction < 1) {
      throw TrainingError.validationFraction(fraction)
    }
    var seen: Set<String> = []
    for name in valueNames + valueNames.map({ "validation_\($0)" }) where !seen.insert(name).inserted {
      throw TrainingError.duplicateMetric(name)
    }
    for callback in callbacks { try type(of: callback).checkMethods() }
    try optimizer.check()
  }

  /// The callbacks that save the run, and all others, each in their original order.
  var callbacksByKind: (savers: [any Callback], others: [any Callback]) {
    (callbacks.filter { $0 is any SavingCallback }, callbacks.filter { !($0 is any SavingCallback) })
  }

  /// The numbers of examples that pass through the model at once, for this number of examples.
  func passSizes(of count: Int) -> [Int] {
    let batches = Batch.sizes(dividing: count, into: batchSize)
    return Set(batches.flatMap { Batch.sizes(dividing: $0, into: microBatchSize ?? $0) }).sorted()
  }

  /// Checks the names that callbacks monitor.
  func checkMonitors(known: [String]) throws {
    for callback in callbacks {
      guard let name = (callback as? any MonitoringCallback)?.monitoredValue else { continue }
      guard known.contains(name) else { throw TrainingError.unknownMonitor(name, known: known) }
    }
  }

  /// Returns the data for training and the data for validation.
  func divided(_ data: any Dataset) throws -> (training: any Dataset, validation: (any Dataset)?) {
    guard data.count > 0 else { throw TrainingError.emptyData("training") }
    switch validation {
    case nil: return (data, nil)
    case .data(let other):
      guard other.count > 0 else { throw TrainingError.emptyData("validation") }
      return (data, other.measured)
    case .split(let fraction):
      if fraction == 0 { return (data, nil) }
      let held = max(1, Int((fraction * Double(data.count)).rounded()))
      guard held < data.count else { throw TrainingError.nothingToTrainOn(held: fraction, count: data.count) }
      let (training, validation) = data.split(count: data.count - held, seed: seed)
      return (training, validation.measured)
    }
  }
}

/// The examples that `fit` uses for validation after each epoch.
public enum Validation: Sendable {
  /// A fraction of the data, drawn at random with the seed of `fit` and excluded from training; at least 0 and less
  /// than 1.
  case split(Double)
  /// Separate data.
  case data(any Dataset)
}

extension Validation {
  /// Uses separate data: inputs and their targets.
  public static func data(_ inputs: Tensor, _ targets: Tensor) -> Validation { .data(TensorDataset(inputs, targets)) }
}
