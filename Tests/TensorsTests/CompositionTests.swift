import Tensors
import Testing

@Suite struct CompositionTests {
  /// PyTorch: lerp; exact at both ends.
  @Test(arguments: TestDevices.all)
  func interpolation(_ device: Device) throws {
    let (a, b) = (Tensor([1, 2, 3], on: device), Tensor([5, 0, 3], on: device))
    try expect(a.lerp(to: b, weight: 0.25), [2, 1.5, 3], shape: [3])
    try expect(a.lerp(to: b, weight: Tensor([0.25, 0.75, 1], on: device)), [2, 0.5, 3], shape: [3])
    try expect(a.lerp(to: b, weight: 2), [9, -2, 3])
    let (tiny, large) = (Tensor([0.1], on: device), Tensor([1e9], on: device))
    for (weight, expected) in [(0.0, tiny), (1.0, large)] {
      #expect(try tiny.lerp(to: large, weight: weight).item() == expected.item())
      #expect(try tiny.lerp(to: large, weight: Tensor([Float(weight)], on: device)).item() == expected.item())
    }
    let grid = Tensor.zeros([2, 1], on: device).lerp(to: Tensor([1, 2, 3], on: device), weight: tiny)
    try expect(grid, [0.1, 0.2, 0.3, 0.1, 0.2, 0.3], shape: [2, 3])
  }

  @Test(arguments: TestDevices.all)
  func replacingNaN(_ device: Device) throws {
    let x = Tensor([1, .nan, .infinity, -.infinity], on: device)
    let largest = Double(Float.greatestFiniteMagnitude)
    try expect(x.nanToNumber(), [1, 0, largest, -largest])
    try expect(x.nanToNumber(nan: -7, positiveInfinity: 9, negativeInfinity: .nan), [1, -7, 9, .nan])
    try expect(valueAndGradient(at: x) { $0.nanToNumber().sum() }.gradient, [1, 0, 0, 0])
  }

  @Test func largestNumberOfTheElementType() throws {
    let x = Tensor([Double.infinity, -.infinity], dtype: .float64, on: TestDevices.reference)
    let largest = Double.greatestFiniteMagnitude
    #expect(try x.nanToNumber().scalars(as: Double.self) == [largest, -largest])
  }

  @Test(arguments: TestDevices.all)
  func signs(_ device: Device) throws {
    let x = Tensor([1, 0, -0.0, -2, .infinity, -.infinity, .nan, 1e-30, -1e-30], on: device)
    #expect(
      try x.signBit().scalars(as: Bool.self) == [false, false, true, true, false, true, false, false, true])
    #expect(try Tensor(integers: [0, -3, 3], on: device).signBit().scalars(as: Bool.self) == [false, true, false])
  }

  /// mpmath: sin(πx)/(πx) and its derivative.
  @Test(arguments: TestDevices.all)
  func cardinalSine(_ device: Device) throws {
    let x = Tensor([-2.5, -1, -0.3, -1e-4, 0, 1e-4, 0.2, 0.25, 0.7, 1, 3.5, 100.25], on: device)
    let values = [
      0.12732395447351627, 0, 0.85839369133413978, 0.99999998355065941, 1, 0.99999998355065941, 0.93548928378863903,
      0.90031631615710607, 0.36788301057177419, 0, -0.090945681766797335, 0.0022451778457783194,
    ]
    let derivatives = [
      0.050929581789406507, 1, 0.90202813013888882, 3.289868101226756e-4, 0, -3.289868101226756e-4,
      -0.63236144706845805, -0.77283813988223418, -1.3652403755203533, -1, 0.025984480504799238, 0.007031038437314406,
    ]
    let (_, gradient) = valueAndGradient(at: x) { $0.sinc().sum() }
    try expect(x.sinc(), values)
    try expect(gradient, derivatives, tolerance: 4e-6)
    // Next to 0, the derivative is not a difference that cancels.
    #expect(abs(try gradient[5].item() / -3.289868101226756e-4 - 1) < 1e-6)
    // −π²/3.
    let second = valueAndGradient(at: Tensor(0, on: device)) { x in valueAndGradient(at: x) { $0.sinc() }.gradient }
    try expect(second.gradient, [-3.2898681336964529])
  }

  /// PyTorch: isclose, and its tolerances.
  @Test(arguments: TestDevices.all)
  func closeness(_ device: Device) throws {
    let a = Tensor([1, 1.00001, 1.0001, .infinity, .infinity, -.infinity, .nan, 0, 1e-9], on: device)
    let b = Tensor([1, 1, 1, .infinity, 1, .infinity, .nan, 1e-8, 0], on: device)
    let close = [true, true, false, true, false, false, false, true, true]
    // 1.00001 in float32 is a little more than the tolerance away.
    #expect(try a.isClose(b, relativeTolerance: 1.1e-5).scalars(as: Bool.self) == close)
    #expect(try a.isClose(b, relativeTolerance: 1.1e-5, equalNaN: true)[6].item(as: Bool.self))
    #expect(try a.isClose(b, relativeTolerance: 1e-3)[2].item(as: Bool.self))
    // The tolerance is relative to the second.
    #expect(try Tensor(1, on: device).isClose(Tensor(2, on: device), relativeTolerance: 0.5).item(as: Bool.self))
    #expect(try !Tensor(2, on: device).isClose(Tensor(1, on: device), relativeTolerance: 0.5).item(as: Bool.self))
    #expect(try !Tensor(3e38, on: device).isClose(Tensor(-3e38, on: device)).item(as: Bool.self))
    let zero = Tensor(0, on: device)
    #expect(try zero.isClose(Tensor(0.5, on: device), absoluteTolerance: 0.5).item(as: Bool.self))
    #expect(try zero.isClose(zero, relativeTolerance: 0, absoluteTolerance: 0).item(as: Bool.self))
    #expect(a.isClose(.zeros([3, 1], on: device)).shape == [3, 9])
    let whole = Tensor(integers: [1, 2_147_483_647], on: device)
    let others = Tensor(integers: [2, 2_147_483_646], on: device)
    #expect(try whole.isClose(others).scalars(as: Bool.self) == [false, true])
    #expect(
      try whole.isClose(others, relativeTolerance: 0, absoluteTolerance: 0).scalars(as: Bool.self) == [false, false])
    // NumPy: isclose. Float32 does not distinguish the numbers of the first two pairs, and the last difference overflows.
    let large = Tensor(integers: [16_777_217, 2_147_483_647, -2_147_483_648, -5, 2_147_483_647], on: device)
    let near = Tensor(integers: [16_777_216, 2_147_483_646, -2_147_483_647, 5, -2_147_483_648], on: device)
    for (tolerance, close) in [(0.5, [false, false, false, false, false]), (1, [true, true, true, false, false])] {
      #expect(
        try large.isClose(near, relativeTolerance: 0, absoluteTolerance: tolerance).scalars(as: Bool.self) == close)
    }
    #expect(try Tensor([true], on: device).isClose(Tensor([true], on: device)).item(as: Bool.self))
  }

  @Test(arguments: TestDevices.all)
  func answers(_ device: Device) throws {
    let x = Tensor([1, 2, .nan], on: device)
    #expect(try !x.allClose(x) && x.allClose(x, equalNaN: true))
    #expect(try x[..<2].allClose(x[..<2] + 1e-6) && !x[..<2].allClose(x[..<2] + 1e-3))
    #expect(try Tensor.zeros([0], on: device).allClose(.zeros([0], on: device)))
    #expect(try x[..<2].isEqual(to: Tensor([1, 2], on: device)))
    #expect(try !x[..<2].isEqual(to: Tensor([1, 3], on: device)))
    #expect(try !x[..<2].isEqual(to: Tensor([1, 2], shape: [2, 1], on: device)))
    #expect(try !x.isEqual(to: x))
    #expect(try Tensor(0, on: device).isEqual(to: Tensor(-0.0, on: device)))
    #expect(try Tensor.zeros([0], on: device).isEqual(to: .zeros([0], on: device)))
    #expect(try Tensor([true, false], on: device).isEqual(to: Tensor([true, false], on: device)))
  }
}
