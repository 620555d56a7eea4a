import Tensors
import Testing

/// Gradients at NaN and infinities, and gradients of results whose own gradient is not finite, match PyTorch on every
/// device and in every order. Constants are those of PyTorch 2 in float64, `y.backward(torch.full_like(y, upstream))`.
/// Unlike in PyTorch, bounds of `clamped`, and ties with a number, keep the gradient.
@Suite struct NonFiniteGradientTests {
  private static let points: [Float] = [.nan, -1, 0, 0.5, 1, 2, -.infinity, .infinity]

  private struct Function: Sendable {
    let name: String
    let apply: @Sendable (Tensor) -> Tensor
    /// The gradient at `points` for a gradient c of the result.
    let gradient: @Sendable (Double) -> [Double]
  }

  private static let functions = [
    Function(name: "clamped", apply: { $0.clamped(to: 0...1) }, gradient: { c in [0, 0, c, c, c, 0, 0, 0] }),
    Function(name: "maximum", apply: { $0.maximum(0) }, gradient: { c in [c, 0, c, c, c, c, 0, c] }),
    Function(name: "minimum", apply: { $0.minimum(1) }, gradient: { c in [c, c, c, c, c, 0, c, 0] }),
    Function(name: "relu", apply: { $0.relu() }, gradient: { c in [c, 0, 0, c, c, c, 0, c] }),
    Function(
      name: "magnitude", apply: { $0.magnitude() }, gradient: { c in [0, -1, 0, 1, 1, 1, -1, 1].map { c * $0 } }),
  ]

  @Test(arguments: TestDevices.all, [1, Double.infinity, -.infinity, .nan])
  func functionsOfOneNumberFollowPyTorch(_ device: Device, upstream: Double) throws {
    let x = Tensor(Self.points, on: device)
    for function in Self.functions {
      func gradient(_ x: Tensor) -> Tensor {
        valueAndGradient(at: x) { (function.apply($0) * upstream).sum() }.gradient
      }
      try expect(gradient(x), function.gradient(upstream), "\(function.name)")
      // Recorded for further differentiation.
      var inner: Tensor?
      _ = valueAndGradient(at: x) { x in
        let dx = gradient(x)
        inner = dx.detached()
        return dx.sum()
      }
      try expect(#require(inner), function.gradient(upstream), "\(function.name), recorded")
    }
  }

  @Test(arguments: TestDevices.all, [1, Double.infinity, .nan])
  func pairsFollowPyTorch(_ device: Device, upstream c: Double) throws {
    let (a, b) = (
      Tensor([.nan, 0, .nan, 1, 1, .infinity], on: device), Tensor([0, .nan, .nan, 1, 2, .infinity], on: device)
    )
    let all: [Double] = [c, c, c, c / 2, c, c / 2], lost: [Double] = [c, c, c, c / 2, 0, c / 2]
    for (isMaximum, expected) in [(true, (lost, all)), (false, (all, lost))] {
      let (da, db) = valueAndGradient(at: a, b) { a, b in
        ((isMaximum ? a.maximum(b) : a.minimum(b)) * c).sum()
      }.gradient
      try expect(da, expected.0)
      try expect(db, expected.1)
    }
  }

  /// The second derivative of |x|² and of min(max(x, 0), 1)² at NaN is 0.
  @Test(arguments: TestDevices.all)
  func secondDerivativesFollowPyTorch(_ device: Device) throws {
    let x = Tensor([.nan, -2, 0, 3], on: device)
    func second(_ f: (Tensor) -> Tensor) -> Tensor {
      valueAndGradient(at: x) { x in valueAndGradient(at: x) { f($0).squared().sum() }.gradient.sum() }.gradient
    }
    try expect(second { $0.magnitude() }, [0, 2, 0, 2])
    try expect(second { $0.clamped(to: -1...1) }, [0, 0, 2, 0])
  }

  /// `torch.var(x, correction=c)`, whose divisor may be zero.
  @Test(arguments: TestDevices.all)
  func varianceWithManyCorrectionsFollowsPyTorch(_ device: Device) throws {
    let cases: [(values: [Float], correction: Int, variance: Double, gradient: [Double])] = [
      ([0, 1, 2], 2, 2, [-2, 0, 2]), ([0, 1, 2], 3, .infinity, [.infinity, .nan, .infinity]),
      ([0, 1, 2], 4, .infinity, [.infinity, .nan, .infinity]), ([0], 1, .nan, [.nan]), ([0], 2, .nan, [.nan]),
      ([2, 2, 2], 3, .nan, [.nan, .nan, .nan]),
    ]
    for (values, correction, variance, gradient) in cases {
      let x = Tensor(values, on: device)
      let found = valueAndGradient(at: x) { $0.variance(correction: correction) }
      try expect(found.value, [variance], "\(values), correction \(correction)")
      try expect(found.gradient, gradient, "\(values), correction \(correction)")
      let rows = Tensor(values + values, shape: [2, values.count], on: device)
      let byRow = valueAndGradient(at: rows) { $0.variance(axis: 1, correction: correction).sum() }
      try expect(byRow.gradient, gradient + gradient, "\(values) twice, correction \(correction)")
    }
  }
}
