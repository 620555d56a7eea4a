/// What `fit` was asked for, beside the data.
struct FitOptions {
  var epochs: Int
  var initialEpoch: Int
  var batchSize: Int
  var validation: Validation?
  var shuffle: Bool
  var seed: UInt64
  var callbacks: [any Callback]
  var classWeights: [Int: Double]
  var verbosity: Verbosity
  var progress: ProgressStream

  /// Checks what can be checked without data.
  func check(valueNames: [String], optimizer: Optimizer) throws {
    guard batchSize >= 1 else { throw TrainingError.batchSize(batchSize) }
    guard epochs >= 0 else { throw TrainingError.epochs(epochs) }
    guard initialEpoch >= 0 else { throw TrainingError.epochs(initialEpoch) }
    if case .split(let fraction) = validation, !(fraction >= 0 && fraction < 1) {
      throw TrainingError.validationFraction(fraction)
    }
    var seen: Set<String> = []
    for name in valueNames where !seen.insert(name).inserted { throw TrainingError.duplicateMetric(name) }
    try optimizer.check()
  }

  /// The callbacks that save the run, and the others, each in the order in which they were given.
  var callbacksByKind: (savers: [any Callback], others: [any Callback]) {
    (callbacks.filter { $0 is any SavingCallback }, callbacks.filter { !($0 is any SavingCallback) })
  }

  /// Checks the names that callbacks watch.
  func checkMonitors(known: [String]) throws {
    for callback in callbacks {
      guard let name = (callback as? any MonitoringCallback)?.monitoredValue else { continue }
      guard known.contains(name) else { throw TrainingError.unknownMonitor(name, known: known) }
    }
  }

  /// The data to train on and the data to validate on.
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
