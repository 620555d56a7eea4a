import Tensors
import Testing

/// A differentiable function of tensors, with inputs for checking it.
struct GradientCase: Sendable, CustomTestStringConvertible {
  /// The inputs: fixed, distinct numbers distributed over an interval.
  struct Input: Sendable {
    var shape: [Int]
    var range: ClosedRange<Double>
    /// Half of the numbers negated, for functions with a kink at 0.
    var isSigned: Bool

    static func between(_ lower: Double, _ upper: Double, _ shape: [Int]) -> Input {
      Input(shape: shape, range: lower...upper, isSigned: false)
    }
    static func signed(_ shape: [Int], _ range: ClosedRange<Double> = 0.1...1) -> Input {
      Input(shape: shape, range: range, isSigned: true)
    }

    /// The numbers: multiples of the golden ratio, wrapped.
    func numbers(_ seed: Int) -> [Double] {
      (0..<shape.reduce(1, *)).map { index in
        let position = Double(index + 1) * 0.6180339887498949 + Double(seed) * 0.2873
        let size = range.lowerBound + (range.upperBound - range.lowerBound) * (position - position.rounded(.down))
        return isSigned && (index * 7 + seed) % 3 != 0 ? -size : size
      }
    }
  }

  var name: String
  var inputs: [Input]
  var function: @Sendable ([Tensor]) -> Tensor
  var testDescription: String { name }

  init(_ name: String, _ inputs: Input..., of function: @escaping @Sendable ([Tensor]) -> Tensor) {
    self.name = name
    self.inputs = inputs
    self.function = function
  }

  /// Returns the case of a function of one tensor.
  static func of(
    _ name: String, _ shape: [Int], _ function: @escaping @Sendable (Tensor) -> Tensor
  ) -> GradientCase {
    // Curvature makes second derivatives nonzero; a monotonic function keeps the order of the numbers.
    GradientCase(name, .signed(shape)) { function($0[0].exp() + $0[0]) }
  }

  var numbers: [[Double]] { inputs.enumerated().map { $1.numbers($0) } }

  func tensors(_ numbers: [[Double]], _ dtype: DType, on device: Device) -> [Tensor] {
    zip(numbers, inputs).map { Tensor($0, shape: $1.shape, dtype: dtype, on: device) }
  }

  /// Σ wᵢ·yᵢ with fixed, distinct weights.
  func objective(_ x: [Tensor]) -> Tensor {
    let y = function(x)
    let weights = (0..<y.count).map { (i: Int) -> Double in 0.5 + Double(i * 37 % 101) / 101 }
    return (y * Tensor(weights, shape: y.shape, dtype: y.dtype, on: y.device)).sum()
  }

  /// Σ vᵢ·∂objective/∂xᵢ with fixed weights: a function whose gradient is a second derivative.
  func derivativeObjective(_ x: [Tensor]) -> Tensor {
    let (_, gradients) = valueAndGradient(at: x) { objective($0) }
    var sum = x[0].constant(0)
    for gradient in gradients {
      let weights = (0..<gradient.count).map { (i: Int) -> Double in 1.25 - Double(i * 53 % 97) / 97 }
      sum = sum + (gradient * Tensor(weights, shape: gradient.shape, dtype: gradient.dtype, on: gradient.device)).sum()
    }
    return sum
  }
}

/// Derivatives by central differences of fourth order, in Double.
enum FiniteDifferences {
  static func gradient(
    _ numbers: [[Double]], step: Double = 1e-3, of function: ([[Double]]) throws -> Double
  ) rethrows -> [[Double]] {
    var point = numbers
    var result = numbers
    for input in numbers.indices {
      for index in numbers[input].indices {
        let x = numbers[input][index]
        func value(_ steps: Double) throws -> Double {
          point[input][index] = x + steps * step
          return try function(point)
        }
        let near = try value(1) - value(-1)
        let far = try value(2) - value(-2)
        point[input][index] = x
        result[input][index] = (8 * near - far) / (12 * step)
      }
    }
    return result
  }
}

@Suite struct GradientTests {
  static let cases: [GradientCase] =
    GradientCase.elementwise + GradientCase.binary + GradientCase.reductions + GradientCase.shapes
    + GradientCase.indexing + GradientCase.products + GradientCase.fused + GradientCase.windows
    + GradientCase.normalizations + GradientCase.recurrent + GradientCase.layerFunctions + GradientCase.norms
    + GradientCase.compositions + GradientCase.rearrangements + GradientCase.fourier

  /// Compares the gradient of each operation with finite differences, in float64.
  @Test(arguments: cases)
  func firstDerivative(_ test: GradientCase) throws {
    let device = TestDevices.reference
    let (_, gradients) = valueAndGradient(at: test.tensors(test.numbers, .float64, on: device)) { test.objective($0) }
    let expected = try FiniteDifferences.gradient(test.numbers) { numbers in
      try test.objective(test.tensors(numbers, .float64, on: device)).item()
    }
    try expectAgreement(gradients, expected, test)
  }

  /// Compares the gradient of the gradient: the nested forms of the rules with finite differences of the other forms.
  @Test(arguments: cases)
  func secondDerivative(_ test: GradientCase) throws {
    let device = TestDevices.reference
    let (value, gradients) = valueAndGradient(at: test.tensors(test.numbers, .float64, on: device)) {
      test.derivativeObjective($0)
    }
    let plain = try test.derivativeObjective(test.tensors(test.numbers, .float64, on: device)).item()
    #expect(
      abs(try value.item() - plain) <= 1e-9 * max(1, abs(plain)), "\(test.name): nested and plain gradients differ")
    let expected = try FiniteDifferences.gradient(test.numbers) { numbers in
      try test.derivativeObjective(test.tensors(numbers, .float64, on: device)).item()
    }
    try expectAgreement(gradients, expected, test)
  }

  /// Compares values and gradients in float32 on every device with Reference in float64.
  @Test(arguments: TestDevices.all)
  func devicesAgree(_ device: Device) throws {
    for test in GradientTests.cases {
      let expected = valueAndGradient(at: test.tensors(test.numbers, .float64, on: TestDevices.reference)) {
        test.objective($0)
      }
      let found = valueAndGradient(at: test.tensors(test.numbers, .float32, on: device)) { test.objective($0) }
      let forward = test.function(test.tensors(test.numbers, .float64, on: TestDevices.reference))
      try expectEqual(
        test.function(test.tensors(test.numbers, .float32, on: device)), forward, tolerance: 1e-5, "\(test.name)")
      try expectEqual(found.value, expected.value, tolerance: 2e-5, "\(test.name)")
      for (found, expected) in zip(found.gradient, expected.gradient) {
        try expectEqual(found, expected, tolerance: 1e-4, "\(test.name)")
      }
    }
  }

  /// Compares values and gradients in float64 on the other devices that compute with it with those on Reference, and some
  /// gradients with finite differences.
  @Test(arguments: TestDevices.real.filter { $0.backend.computes(.float64) })
  func doublesAgree(_ device: Device) throws {
    for test in GradientTests.cases {
      func results(on device: Device) -> (value: Tensor, gradient: [Tensor]) {
        valueAndGradient(at: test.tensors(test.numbers, .float64, on: device)) { test.objective($0) }
      }
      let (found, expected) = (results(on: device), results(on: TestDevices.reference))
      #expect(found.value.dtype == .float64, "\(test.name)")
      try expectEqual(found.value, expected.value, tolerance: 1e-11, "\(test.name)")
      for (found, expected) in zip(found.gradient, expected.gradient) {
        try expectEqual(found, expected, tolerance: 1e-9, "\(test.name)")
      }
    }
    for test in [GradientCase.products, GradientCase.normalizations, GradientCase.recurrent].compactMap(\.first) {
      let gradients = valueAndGradient(at: test.tensors(test.numbers, .float64, on: device)) { test.objective($0) }
        .gradient
      let expected = try FiniteDifferences.gradient(test.numbers) { numbers in
        try test.objective(test.tensors(numbers, .float64, on: device)).item()
      }
      try expectAgreement(gradients, expected, test)
    }
  }

  /// Compares values and gradients in float16 and bfloat16 with those of the same numbers in float32: the differences are
  /// some roundings.
  @Test(arguments: TestDevices.all, [DType.float16, .bfloat16])
  func halvesAgree(_ device: Device, _ dtype: DType) throws {
    let unit = dtype == .float16 ? 0x1p-11 : 0x1p-8
    func isClose(_ found: Tensor, _ expected: Tensor, units: Double) throws -> Bool {
      if expected.count == 0 { return true }
      let difference = try (found.cast(to: .float32) - expected).magnitude().max().item()
      return try difference <= units * unit * Swift.max(expected.magnitude().max().item(), 1)
    }
    let tests = GradientTests.cases.filter { test in
      // Fourier transforms need float32.
      test.name != "norm of small numbers" && !GradientCase.fourier.contains { $0.name == test.name }
    }
    for test in tests {
      let halves = test.tensors(test.numbers, dtype, on: device)
      let floats = halves.map { $0.cast(to: .float32) }
      let (y, expected) = (test.function(halves), test.function(floats))
      #expect(y.dtype == dtype, "\(test.name)")
      #expect(try isClose(y, expected, units: 8), "\(test.name)")
      let found = valueAndGradient(at: halves) { test.objective($0) }.gradient
      for (found, expected) in zip(found, valueAndGradient(at: floats) { test.objective($0) }.gradient) {
        #expect(found.dtype == dtype, "\(test.name)")
        #expect(try isClose(found, expected, units: 16), "gradient of \(test.name)")
      }
    }
  }

  private func expectAgreement(_ gradients: [Tensor], _ expected: [[Double]], _ test: GradientCase) throws {
    for (index, gradient) in gradients.enumerated() {
      #expect(gradient.shape == test.inputs[index].shape)
      let found = try gradient.scalars(as: Double.self)
      let scale = expected[index].lazy.map { abs($0) }.max() ?? 0
      let isClose = zip(found, expected[index]).allSatisfy { abs($0 - $1) <= 1e-6 * max(scale, 1e-3) }
      #expect(isClose, "\(test.name), input \(index): found \(found), differences give \(expected[index])")
    }
  }
}
