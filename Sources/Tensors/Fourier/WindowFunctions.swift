import BackendCore
import HostSystem

/// A window of short-time Fourier transforms: n factors that fall toward both ends of a frame.
public enum WindowFunction: String, Codable, Sendable, Hashable, CaseIterable {
  /// 0.5 − 0.5·cos(2πj/N).
  case hann
  /// 0.54 − 0.46·cos(2πj/N).
  case hamming
  /// 0.42 − 0.5·cos(2πj/N) + 0.08·cos(4πj/N).
  case blackman
  /// A triangle: 1 − |2j/N − 1|.
  case bartlett

  /// Returns the factors of a window.
  package func factors(_ count: Int, isPeriodic: Bool = true) -> [Double] {
    Self.positions(count, isPeriodic).map { factor($0) }
  }

  /// Returns positions from 0 to 1. The middle is that of the window of one number.
  fileprivate static func positions(_ count: Int, _ isPeriodic: Bool) -> [Double] {
    if count == 1 { return [0.5] }
    let last = Double(isPeriodic ? count : count - 1)
    return (0..<count).map { Double($0) / last }
  }

  /// Returns the factor at a position from 0 to 1.
  private func factor(_ position: Double) -> Double {
    let angle = 2 * Double.pi * position
    return switch self {
    case .hann: 0.5 - 0.5 * cos(angle)
    case .hamming: 0.54 - 0.46 * cos(angle)
    case .blackman: 0.42 - 0.5 * cos(angle) + 0.08 * cos(2 * angle)
    case .bartlett: 1 - abs(2 * position - 1)
    }
  }
}

extension Tensor {
  /// Returns the n factors of a window, with N = n if it is periodic, else n − 1 (PyTorch's `hann_window`,
  /// `hamming_window`, `blackman_window`, and `bartlett_window`). The window of one number is 1.
  ///
  /// ```swift
  /// let spectrum = signal.shortTimeFourierTransform(size: 512, window: .window(.hann, count: 512))
  /// ```
  /// - Parameters:
  ///   - function: The function.
  ///   - count: n.
  ///   - isPeriodic: Whether the window continues with its first factor: right for spectra, and the default in PyTorch.
  ///     Otherwise, it is symmetric, as for the design of filters.
  ///   - device: The device of the result.
  public static func window(
    _ function: WindowFunction, count: Int, isPeriodic: Bool = true, on device: Device = .cpu
  ) -> Tensor {
    checked {
      try checkWindow("window", count)
      return Tensor(function.factors(count, isPeriodic: isPeriodic), on: device)
    }
  }

  /// Returns the n factors of a Kaiser window, I₀(β·√(1 − (2j/N − 1)²)) / I₀(β), with N = n if it is periodic, else n −
  /// 1, and the modified Bessel function I₀ (PyTorch's `kaiser_window`).
  /// - Parameters:
  ///   - count: n.
  ///   - beta: β, from 0, a rectangle, to 500; the larger, the narrower the window.
  ///   - isPeriodic: Whether the window continues with its first factor. Otherwise, it is symmetric.
  ///   - device: The device of the result.
  public static func kaiserWindow(
    count: Int, beta: Double = 12, isPeriodic: Bool = true, on device: Device = .cpu
  ) -> Tensor {
    checked {
      if !(0...500).contains(beta) { try Checks.fail("kaiserWindow", "beta is a number from 0 to 500, not \(beta)") }
      try checkWindow("kaiserWindow", count)
      let factors = WindowFunction.positions(count, isPeriodic).map { position in
        let x = 2 * position - 1
        return besselI0(beta * Swift.max(0, 1 - x * x).squareRoot()) / besselI0(beta)
      }
      return Tensor(factors, on: device)
    }
  }

  private static func checkWindow(_ name: StaticString, _ count: Int) throws {
    if !(0...Int(Int32.max)).contains(count) { try Checks.fail(name, "a count of \(count)") }
  }

  /// I₀(x) = Σ ((x/2)ᵏ/k!)².
  private static func besselI0(_ x: Double) -> Double {
    var (sum, term, index) = (1.0, 1.0, 1.0)
    while term > 1e-17 * sum {
      term *= (x / 2 / index) * (x / 2 / index)
      sum += term
      index += 1
    }
    return sum
  }
}
