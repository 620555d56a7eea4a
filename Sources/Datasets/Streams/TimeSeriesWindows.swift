import HostSystem
import NeuralNetworks

/// Windows of a time series, each with a target at a later time (Keras' `timeseries_dataset_from_array`).
///
/// ```swift
/// let windows = TimeSeriesWindows(series, length: 24, horizon: 1)       // series [times, features]
/// let (past, future) = windows.splitByTime(0.8)
/// try model.fit(past, epochs: 10, validation: .data(future))
/// ```
///
/// Window i starts at the time s = `times.lowerBound` + i·`stride`. Its input consists of the `length` rows at the times
/// s, s + `samplingRate`, s + 2·`samplingRate` …, and its target is the row of `targets` that is `horizon` steps after
/// the last of them. Inputs are `[N, length] + features`, targets `[N] + features`. Only the rows of a batch are copied.
///
/// Consecutive windows overlap. A random split, such as `split` and `validation: .split`, would therefore evaluate on
/// times that the model has been trained on; use `splitByTime`.
public struct TimeSeriesWindows: Dataset {
  /// The series, `[times] + features`.
  public let series: Tensor
  /// The values to predict, `[times] + features`, one row for each time of the series.
  public let targets: Tensor
  /// The number of rows in a window.
  public let length: Int
  /// The number of time steps between the starts of consecutive windows.
  public let stride: Int
  /// The number of time steps between consecutive rows of a window.
  public let samplingRate: Int
  /// The number of time steps from the last row of a window to its target.
  public let horizon: Int
  /// The times that windows and their targets use.
  public let times: Range<Int>

  /// Creates the windows of a series.
  /// - Parameters:
  ///   - series: The series, `[times] + features`.
  ///   - targets: The values to predict, one row for each time of the series; nil for the series itself.
  ///   - length: The number of rows in a window, at least 1.
  ///   - stride: The number of time steps between the starts of consecutive windows, at least 1.
  ///   - samplingRate: The number of time steps between consecutive rows of a window, at least 1.
  ///   - horizon: The number of time steps from the last row of a window to its target. 0 is the time of the last row;
  ///     −(`length` − 1)·`samplingRate` is the time of the first row, to which Keras assigns its targets.
  ///   - times: The times that windows and their targets use; nil for all.
  public init(
    _ series: Tensor, targets: Tensor? = nil, length: Int, stride: Int = 1, samplingRate: Int = 1, horizon: Int = 1,
    times: Range<Int>? = nil
  ) {
    let targets = targets ?? series
    guard let total = series.shape.first, total <= Int(Int32.max), targets.shape.first == total else {
      ProgrammerError.end(
        "TimeSeriesWindows: expected a series and targets with the same number of times, at most \(Int32.max), found the "
          + "shapes \(series.shape) and \(targets.shape)")
    }
    if length < 1 || stride < 1 || samplingRate < 1 {
      ProgrammerError.end(
        "TimeSeriesWindows: length, stride, and samplingRate are at least 1, not \(length), \(stride), and "
          + "\(samplingRate)")
    }
    let times = times ?? 0..<total
    if times.lowerBound < 0 || times.upperBound > total {
      ProgrammerError.end("TimeSeriesWindows: times are in 0..<\(total), not \(times)")
    }
    (self.series, self.targets, self.times) = (series, targets, times)
    // Longer windows do not fit into any series; so no sum of these numbers overflows.
    let limit = Int(Int32.max) + 1
    (self.length, self.stride, self.samplingRate) = (min(length, limit), min(stride, limit), min(samplingRate, limit))
    self.horizon = max(min(horizon, limit), -limit * limit / 2)
    if horizon < -span {
      ProgrammerError.end(
        "TimeSeriesWindows: the horizon is at least -(length - 1) * samplingRate, which is \(-span), not \(horizon)")
    }
  }

  /// The number of time steps from the first to the last row of a window.
  private var span: Int { (length - 1) * samplingRate }

  public var count: Int {
    let last = times.count - 1 - span - max(horizon, 0)
    return last < 0 ? 0 : last / stride + 1
  }

  /// Returns the windows at these positions with their targets.
  /// - Throws: `TrainingError.noSuchExample` for a position out of range; `DataError.examples` if there is not enough
  ///   memory.
  public func batch(at indices: [Int]) throws -> Batch {
    try checkPositions(indices, below: count)
    let rowSize = 4 * series.shape.dropFirst().reduce(1, *)
    do { try HostMemory.check(indices.count, of: min(length, times.count) * rowSize) } catch {
      throw DataError.examples(reason: "TimeSeriesWindows: \(indices.count) windows of \(length) rows: \(error)")
    }
    let starts = indices.map { times.lowerBound + $0 * stride }
    let rows = starts.flatMap { start in (0..<length).map { Int32(start + $0 * samplingRate) } }
    let windows = series.gathered(Tensor(rows, on: series.device), axis: 0)
    let ends = Tensor(starts.map { Int32($0 + span + horizon) }, on: targets.device)
    return Batch(
      input: windows.reshaped([indices.count, length] + series.shape.dropFirst()),
      target: targets.gathered(ends, axis: 0))
  }

  /// Splits the windows by time, without common times: no row of a window or target in one part is in the other part.
  /// - Parameter fraction: The fraction of the times in the first part, from 0 to 1, rounded to the nearest count.
  public func splitByTime(_ fraction: Double) -> (TimeSeriesWindows, TimeSeriesWindows) {
    guard fraction >= 0, fraction <= 1 else {
      ProgrammerError.end("splitByTime: the fraction is from 0 to 1, not \(fraction)")
    }
    let middle = times.lowerBound + Int((fraction * Double(times.count)).rounded())
    func part(_ times: Range<Int>) -> TimeSeriesWindows {
      TimeSeriesWindows(
        series, targets: targets, length: length, stride: stride, samplingRate: samplingRate, horizon: horizon,
        times: times)
    }
    return (part(times.lowerBound..<middle), part(middle..<times.upperBound))
  }
}
