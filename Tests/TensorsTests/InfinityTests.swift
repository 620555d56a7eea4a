import Tensors
import Testing

/// Activations and their relatives at ±∞ are PyTorch's on every device: values, first and second derivatives. Constants are those
/// of PyTorch 2.15 in float32 on the CPU; where its vectors and its scalars differ (x·Φ(x) at +∞), the scalar counts.
@Suite struct InfinityTests {
  struct Function: Sendable, CustomTestStringConvertible {
    let name: String
    let apply: @Sendable (Tensor) -> Tensor
    /// At +∞ and at −∞.
    let value, first, second: [Double]

    var testDescription: String { name }
  }

  static let functions = [
    Function(name: "relu", apply: { $0.relu() }, value: [.infinity, 0], first: [1, 0], second: [0, 0]),
    Function(
      name: "leakyReLU", apply: { $0.leakyReLU(0.25) }, value: [.infinity, -.infinity], first: [1, 0.25],
      second: [0, 0]),
    Function(name: "elu", apply: { $0.elu(1.5) }, value: [.infinity, -1.5], first: [1, 0], second: [0, 0]),
    Function(
      name: "gelu", apply: { $0.gelu() }, value: [.infinity, .nan], first: [.nan, .nan], second: [.nan, .nan]),
    Function(name: "relu6", apply: { $0.relu6() }, value: [6, 0], first: [0, 0], second: [0, 0]),
    Function(
      name: "selu", apply: { $0.selu() }, value: [.infinity, -1.7580993175506592], first: [1.0507010221481323, 0],
      second: [0, 0]),
    Function(name: "celu", apply: { $0.celu(1.5) }, value: [.infinity, -1.5], first: [1, 0], second: [0, 0]),
    Function(
      name: "geluTanh", apply: { $0.geluTanh() }, value: [.infinity, .nan], first: [.nan, .nan], second: [.nan, .nan]),
    Function(
      name: "hardSwish", apply: { $0.hardSwish() }, value: [.infinity, .nan], first: [1, 0], second: [0, 0]),
    Function(name: "hardSigmoid", apply: { $0.hardSigmoid() }, value: [1, 0], first: [0, 0], second: [0, 0]),
    Function(
      name: "logSigmoid", apply: { $0.logSigmoid() }, value: [0, -.infinity], first: [0, 1], second: [0, 0]),
    Function(
      name: "tanhShrink", apply: { $0.tanhShrink() }, value: [.infinity, -.infinity], first: [1, 1], second: [0, 0]),
    Function(
      name: "softShrink", apply: { $0.softShrink() }, value: [.infinity, -.infinity], first: [1, 1], second: [0, 0]),
    Function(
      name: "hardShrink", apply: { $0.hardShrink() }, value: [.infinity, -.infinity], first: [1, 1], second: [0, 0]),
    Function(
      name: "thresholded", apply: { $0.thresholded(at: 1, value: 20) }, value: [.infinity, 20], first: [1, 0],
      second: [0, 0]),
    Function(
      name: "silu", apply: { $0.silu() }, value: [.infinity, .nan], first: [.nan, .nan], second: [.nan, .nan]),
    Function(
      name: "mish", apply: { $0.mish() }, value: [.infinity, .nan], first: [.nan, .nan], second: [.nan, .nan]),
    Function(name: "sigmoid", apply: { $0.sigmoid() }, value: [1, 0], first: [0, 0], second: [0, 0]),
    Function(name: "tanh", apply: { $0.tanh() }, value: [1, -1], first: [0, 0], second: [0, 0]),
    Function(name: "softplus", apply: { $0.softplus() }, value: [.infinity, 0], first: [1, 0], second: [0, 0]),
    Function(name: "erf", apply: { $0.erf() }, value: [1, -1], first: [0, 0], second: [.nan, .nan]),
    Function(
      name: "exp", apply: { $0.exp() }, value: [.infinity, 0], first: [.infinity, 0], second: [.infinity, 0]),
    Function(
      name: "expMinusOne", apply: { $0.expMinusOne() }, value: [.infinity, -1], first: [.infinity, 0],
      second: [.infinity, 0]),
    Function(
      name: "logOnePlus", apply: { $0.logOnePlus() }, value: [.infinity, .nan], first: [0, 0], second: [0, 0]),
    // Keras' formula, whose limit at −∞ is 0.
    Function(name: "squarePlus", apply: { $0.squarePlus() }, value: [.infinity, 0], first: [1, 0], second: [0, 0]),
    // The derivatives are their limits, where PyTorch's are NaN.
    Function(name: "softsign", apply: { $0.softsign() }, value: [.nan, .nan], first: [0, 0], second: [0, 0]),
  ]

  /// An excluded element, −∞, leaves the distribution of the others unchanged. Worked out by hand.
  @Test(arguments: TestDevices.all) func sparsemaxExcludesNegativeInfinity(_ device: Device) throws {
    try expect(Tensor([0, -.infinity], on: device).sparsemax(), [1, 0])
    let x = Tensor([0.5, -.infinity, 0, 0.2], on: device)
    let weights = Tensor([1, 5, 2, 4], on: device)
    let (value, gradient) = valueAndGradient(at: x) { ($0.sparsemax() * weights).sum() }
    try expect(x.sparsemax(), [0.6, 0, 0.1, 0.3])
    try expect(value, [2])
    try expect(gradient, [-4.0 / 3, 0, -1.0 / 3, 5.0 / 3])
    try expect(x.reshaped([4, 1]).sparsemax(axis: 0), [0.6, 0, 0.1, 0.3], shape: [4, 1])
  }

  /// 35 pairs: whole vectors of every width and a rest.
  private static let pairs = 35

  @Test(arguments: TestDevices.all, functions) func infinitiesFollowPyTorch(_ device: Device, _ function: Function)
    throws
  {
    let x = Tensor((0..<2 * Self.pairs).map { $0 % 2 == 0 ? Float.infinity : -.infinity }, on: device)
    func check(_ found: Tensor, _ expected: [Double], _ what: String) throws {
      let numbers = try found.scalars(as: Double.self)
      for (index, number) in numbers.enumerated() {
        let wanted = expected[index % 2]
        if number != wanted && !(number.isNaN && wanted.isNaN) {
          Issue.record("\(what) of \(function.name) at \(index % 2 == 0 ? "" : "-")∞ is \(number), not \(wanted)")
          return
        }
      }
    }
    try check(function.apply(x), function.value, "value")
    try check(valueAndGradient(at: x) { function.apply($0).sum() }.gradient, function.first, "first derivative")
    var recorded: Tensor?
    let second = valueAndGradient(at: x) { x in
      let first = valueAndGradient(at: x) { function.apply($0).sum() }.gradient
      recorded = first.detached()
      return first.sum()
    }.gradient
    try check(#require(recorded), function.first, "recorded first derivative")
    try check(second, function.second, "second derivative")
  }
}
