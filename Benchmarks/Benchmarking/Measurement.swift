import HostSystem
import CommandSupport
import NeuralNetworks

/// How long and how often a case is run.
struct Effort {
  /// Seconds of calls before anything counts.
  var warmUp: Double
  /// Seconds that one batch of calls lasts at least, so that the clock and the synchronization weigh little.
  var batch: Double
  /// Batches, as long as they fit in `limit`.
  var batches: Int
  /// Seconds after which no further batch starts, once there are three.
  var limit: Double

  static let full = Effort(warmUp: 0.05, batch: 0.01, batches: 25, limit: 2)
  static let quick = Effort(warmUp: 0.01, batch: 0.002, batches: 9, limit: 0.2)
}

/// The seconds that a call takes: one number for each batch of calls.
struct Measurement {
  /// In ascending order; never empty.
  let seconds: [Double]

  init(_ seconds: [Double]) { self.seconds = seconds.sorted() }

  var minimum: Double { seconds[0] }
  var median: Double { quantile(0.5) }
  /// The distance between the quartiles, as a fraction of the median.
  var spread: Double { (quantile(0.75) - quantile(0.25)) / median }

  private func quantile(_ fraction: Double) -> Double {
    let position = fraction * Double(seconds.count - 1)
    let index = Int(position)
    let next = min(index + 1, seconds.count - 1)
    return seconds[index] + (position - Double(index)) * (seconds[next] - seconds[index])
  }
}

extension Case {
  /// Prepares the case and times it: calls that are not counted, then batches of calls, each with the wait for the device
  /// inside the clock.
  func measure(on device: Device, _ effort: Effort) throws -> Measurement {
    let operation = try prepare(device)
    if let gap { return try measureSingleCalls(operation, gap, effort) }
    func seconds(of calls: Int) throws -> Double {
      let start = monotonicSeconds()
      var last: Tensor?
      for _ in 0..<calls { last = try operation() }
      try last?.checkPoison()
      try device.synchronize()
      return monotonicSeconds() - start
    }
    // The first call builds kernels and fills the allocator; the number of calls in a batch follows from the next ones.
    _ = try seconds(of: 1)
    var calls = 1
    var elapsed = try seconds(of: 1)
    var warm = elapsed
    while warm < effort.warmUp || (elapsed < effort.batch && calls < 1 << 24) {
      if elapsed < effort.batch {
        calls = max(calls + 1, min(calls * 10, Int(Double(calls) * effort.batch / max(elapsed, 1e-9)) + 1))
      }
      elapsed = try seconds(of: calls)
      warm += elapsed
    }
    var times: [Double] = []
    let end = monotonicSeconds() + effort.limit
    while times.count < 3 || (times.count < effort.batches && monotonicSeconds() < end) {
      times.append(try seconds(of: calls) / Double(calls))
      if times.count == 1 && times[0] * Double(calls) > effort.limit { break }
    }
    return Measurement(times)
  }

  /// Each call by itself, after a gap that the caller spends busy: what the threads of the device did meanwhile shows.
  private func measureSingleCalls(_ operation: Operation, _ gap: Double, _ effort: Effort) throws -> Measurement {
    let calls = max(100, Int(effort.limit / 2 / gap))
    var times: [Double] = []
    for _ in 0..<min(calls, 2000) {
      spin(gap)
      let start = monotonicSeconds()
      _ = try operation()
      times.append(monotonicSeconds() - start)
    }
    return Measurement(times)
  }
}
