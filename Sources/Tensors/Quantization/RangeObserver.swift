import BackendCore

/// The range of numbers that several tensors have, from which a quantization is chosen: calibration (PyTorch's
/// `MinMaxObserver`, `MovingAverageMinMaxObserver`).
///
/// ```swift
/// var observer = RangeObserver(.percentile(99.9))
/// for batch in batches { try observer.observe(batch) }
/// let quantization = observer.quantization(type: .uint8)
/// ```
public struct RangeObserver: Sendable {
  /// How the ranges of several tensors become one.
  public enum Method: Sendable, Hashable {
    /// The smallest and the largest number of all tensors.
    case minMax
    /// The smallest and the largest number of the first tensor, each moved toward that of the next ones:
    /// m ← m + weight·(x − m). PyTorch's weight is 0.01.
    case movingAverage(weight: Double = 0.01)
    /// The means over all tensors of their percentiles 100 − p and p, so that few large numbers do not coarsen the steps
    /// of all others. p is from 50 to 100.
    case percentile(_ p: Double = 99.9)
  }

  /// The method.
  public let method: Method
  /// The lower end of the range; nil before the first tensor, and NaN after a tensor with NaN.
  public private(set) var minimum: Double?
  /// The upper end of the range; nil before the first tensor, and NaN after a tensor with NaN.
  public private(set) var maximum: Double?
  private var count = 0

  /// Creates an observer that has seen no tensor.
  public init(_ method: Method = .minMax) {
    Checks.insist {
      let name: StaticString = "RangeObserver"
      switch method {
      case .movingAverage(let weight) where !(weight > 0 && weight <= 1):
        try Checks.fail(name, "the weight of a moving average is above 0 and at most 1, not \(weight)")
      case .percentile(let p) where !(p >= 50 && p <= 100):
        try Checks.fail(name, "a percentile is from 50 to 100, not \(p)")
      default: break
      }
    }
    self.method = method
  }

  /// Takes the numbers of a tensor into account. A tensor without numbers changes nothing.
  /// - Throws: `DeviceError` if the tensor cannot be read.
  public mutating func observe(_ x: Tensor) throws {
    Checks.insist { try Checks.floatingPoint("observe", x) }
    if x.count == 0 { return }
    let (low, high) = try ends(of: x.detached().cast(to: .float32))
    count += 1
    guard let minimum, let maximum else {
      (self.minimum, self.maximum) = (low, high)
      return
    }
    switch method {
    case .minMax:
      (self.minimum, self.maximum) = (value(of: .minimum, minimum, low), value(of: .maximum, maximum, high))
    case .movingAverage(let weight):
      (self.minimum, self.maximum) = (minimum + weight * (low - minimum), maximum + weight * (high - maximum))
    case .percentile:
      let weight = 1 / Double(count)
      (self.minimum, self.maximum) = (minimum + weight * (low - minimum), maximum + weight * (high - maximum))
    }
  }

  private func ends(of x: Tensor) throws -> (Double, Double) {
    guard case .percentile(let p) = method else { return (try x.min().item(), try x.max().item()) }
    return (try x.quantile(1 - p / 100).item(), try x.quantile(p / 100).item())
  }

  /// Returns the rule whose integers cover the observed range; see
  /// `AffineQuantization.init(minimum:maximum:type:isSymmetric:granularity:)`. Before the first tensor, this ends the
  /// program.
  public func quantization(type: QuantizedType = .int8, isSymmetric: Bool = false) -> AffineQuantization {
    guard let minimum, let maximum else {
      ProgrammerError.end("RangeObserver: no numbers were observed; hint: call observe(_:) first")
    }
    return AffineQuantization(minimum: Tensor(minimum), maximum: Tensor(maximum), type: type, isSymmetric: isSymmetric)
  }
}
