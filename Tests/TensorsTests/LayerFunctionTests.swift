import Tensors
import Testing

/// Functions of layers give PyTorch's results. The numbers come from the functions of `torch.nn.functional` that the cases
/// name, in float64; those of the rotary embedding from its formula in NumPy.
@Suite struct LayerFunctionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let function: @Sendable (Device) -> Tensor
    let shape: [Int]
    let expected: [Double]

    init(
      _ name: String, _ shape: [Int], _ expected: [Double], _ function: @escaping @Sendable (Device) -> Tensor
    ) {
      (testDescription, self.function, self.shape, self.expected) = (name, function, shape, expected)
    }
  }

  /// Multiples of 1/8 from −11/8 to 11/8 in a fixed order.
  static func wave(_ shape: [Int], _ seed: Int, _ device: Device) -> Tensor {
    let numbers = (0..<shape.reduce(1, *)).map { Float(($0 * 37 + seed * 11) % 23 - 11) / 8 }
    return Tensor(numbers, shape: shape, on: device)
  }

  @Test(
    arguments: TestDevices.all,
    LayerFunctionTests.convolution + LayerFunctionTests.pooling + LayerFunctionTests.padding
      + LayerFunctionTests.resizing + LayerFunctionTests.unfolding + LayerFunctionTests.other)
  func agreesWithPyTorch(_ device: Device, _ test: Case) throws {
    try expect(test.function(device), test.expected, shape: test.shape, tolerance: 5e-6, "\(test.testDescription)")
  }

  /// Padding and repetition only move elements, so they take all types.
  @Test(arguments: TestDevices.all)
  func integersAndBooleansAreMoved(_ device: Device) throws {
    let x = Tensor(integers: [1, 2, 3], on: device)
    #expect(try x.padded([(2, 1)], mode: .reflect).scalars(as: Int32.self) == [3, 2, 1, 2, 3, 2])
    #expect(try x.padded([(2, 1)], mode: .replicate).scalars(as: Int32.self) == [1, 1, 1, 2, 3, 3])
    #expect(try x.padded([(3, 1)], mode: .circular).scalars(as: Int32.self) == [1, 2, 3, 1, 2, 3, 1])
    #expect(try x.padded([(0, 1)], mode: .zeros).scalars(as: Int32.self) == [1, 2, 3, 0])
    #expect(x.padded([(0, 0)], mode: .circular).shape == [3])
    let mask = Tensor([true, false], shape: [1, 1, 2], on: device)
    #expect(try mask.padded([(0, 0), (0, 0), (1, 0)], mode: .reflect).scalars(as: Bool.self) == [false, true, false])
    #expect(try mask.resized(to: 3, method: .nearest).scalars(as: Bool.self) == [true, true, false])
    let image = Tensor(integers: 0..<16, shape: [1, 4, 2, 2], on: device)
    #expect(try image.pixelShuffled(by: 2).pixelUnshuffled(by: 2).scalars(as: Int32.self) == Array(0..<16))
    #expect(try image.unfolded(2).scalars(as: Int32.self) == Array(0..<16))
  }

  @Test(arguments: TestDevices.all)
  func emptyBatches(_ device: Device) throws {
    #expect(Tensor.zeros([0, 4, 2, 3], on: device).pixelShuffled(by: 2).shape == [0, 1, 4, 6])
    #expect(Tensor.zeros([0, 1, 4, 6], on: device).pixelUnshuffled(by: 2).shape == [0, 4, 2, 3])
    let none = Tensor.zeros([0, 1, 4, 6], on: device)
    #expect(none.gridSampled(at: .zeros([0, 2, 3, 2], on: device)).shape == [0, 1, 2, 3])
    let image = Tensor.zeros([2, 0, 4, 6], on: device)
    #expect(image.gridSampled(at: .zeros([2, 2, 3, 2], on: device)).shape == [2, 0, 2, 3])
  }

  /// A number affects only its neighbors, also if it is infinite or NaN.
  @Test(arguments: TestDevices.all)
  func resizingIsLocal(_ device: Device) throws {
    let x = Tensor([1, 2, .infinity, 4, 5, 6, 7, 8], shape: [1, 1, 8], on: device)
    try expect(x.resized(to: 4), [1.5, .infinity, 5.5, 7.5])
    try expect(x.resized(to: 4, method: .area), [1.5, .infinity, 5.5, 7.5])
    try expect(x.resized(to: 3, method: .area), [.infinity, .infinity, 7])
    let cubic = try x.resized(to: 16, method: .bicubic).scalars()
    #expect(cubic[10...].allSatisfy(\.isFinite) && !cubic[4].isFinite)
    try expect(Tensor([1, .nan, 3], shape: [1, 1, 3], on: device).resized(to: 2, method: .nearest), [1, .nan])
    #expect(x.resized(to: [8]).shape == [1, 1, 8])
  }

  @Test(arguments: TestDevices.all)
  func poolingAtTheEdges(_ device: Device) throws {
    let x = Tensor([-.infinity, .nan, 3, 2], shape: [1, 1, 4], on: device)
    try expect(x.maxPooled(2), [.nan, 3], shape: [1, 1, 2])
    try expect(
      Tensor([-.infinity], shape: [1, 1, 1], on: device).maxPooled(2, padding: 1, ceilMode: true), [-.infinity],
      shape: [1, 1, 1])
    #expect(Tensor.zeros([0, 2, 4, 4], on: device).averagePooled(2).shape == [0, 2, 2, 2])
    // The gradient goes to the first of equal numbers.
    let (_, gradient) = valueAndGradient(at: Tensor.ones([1, 1, 2, 2, 2], on: device)) { $0.maxPooled(2).sum() }
    try expect(gradient, [1, 0, 0, 0, 0, 0, 0, 0])
  }

  /// A product with unfolded windows is a convolution, and folding counts the windows of each pixel.
  @Test(arguments: TestDevices.all)
  func unfoldingIsHalfOfAConvolution(_ device: Device) throws {
    let x = LayerFunctionTests.wave([2, 3, 5, 4], 0, device)
    let weight = LayerFunctionTests.wave([2, 3, 3, 2], 1, device)
    let columns = x.unfolded([3, 2], stride: 2, padding: 1)
    let product = weight.reshaped([1, 2, -1]).matmul(columns)
    let expected = x.convolution(weight, stride: 2, padding: 1)
    try expectEqual(product.reshaped(expected.shape), expected)
    try expect(Tensor.ones([1, 4, 4], on: device).folded(to: 3, window: 2), [1, 2, 1, 2, 4, 2, 1, 2, 1])
  }

  /// Each class is drawn as often as its probability says, and the gradient is that of the soft vectors.
  @Test(arguments: TestDevices.all)
  func gumbelSoftmaxDrawsFromTheSoftmax(_ device: Device) throws {
    let logits = Tensor([0.5, 0.25, 0.25], on: device).log()
    let draws = logits.broadcast(to: [20_000, 3]).gumbelSoftmax(isHard: true, using: RandomStream(seed: 1))
    try expect(draws.sum(axis: 1).min(), [1])
    #expect(try Set(draws.scalars()) == [0, 1])
    // Three standard deviations.
    try expect(draws.mean(axis: 0), [0.5, 0.25, 0.25], tolerance: 0.011)
    let weights = Tensor([1, 2, 3], on: device)
    func gradient(_ isHard: Bool) throws -> [Float] {
      let (_, gradient) = valueAndGradient(at: logits) { x in
        (x.gumbelSoftmax(temperature: 0.5, isHard: isHard, using: RandomStream(seed: 2)) * weights).sum()
      }
      return try gradient.scalars()
    }
    let soft = try gradient(false)
    #expect(try gradient(true) == soft && soft.contains { $0 != 0 })
  }

  /// Products of rotated vectors depend only on the distance of their positions.
  @Test(arguments: TestDevices.all, [false, true])
  func rotationsAreRelative(_ device: Device, _ isInterleaved: Bool) throws {
    let (q, k) = (LayerFunctionTests.wave([1, 8], 0, device), LayerFunctionTests.wave([1, 8], 3, device))
    func product(_ first: Int, _ second: Int) -> Tensor {
      (q.rotaryEmbedded(positions: first..<first + 1, isInterleaved: isInterleaved)
        * k.rotaryEmbedded(positions: second..<second + 1, isInterleaved: isInterleaved)).sum()
    }
    try expectEqual(product(1007, 1000), product(7, 0), tolerance: 1e-5)
    try expectEqual(product(3, 3), (q * k).sum(), tolerance: 1e-5)
    #expect(try abs(product(7, 0).item() - product(0, 0).item()) > 1e-3)
  }

  @Test(arguments: TestDevices.all)
  func dropoutPreservesTheMean(_ device: Device) throws {
    let y = Tensor.ones([10_000], on: device).dropout(0.2, using: RandomStream(seed: 4))
    #expect(try Set(y.scalars()) == [0, 1.25])
    try expect(y.mean(), [1], tolerance: 0.015)
    let again = Tensor.ones([10_000], on: device).dropout(0.2, using: RandomStream(seed: 4))
    #expect(try again.scalars() == y.scalars())
  }

  /// `torch.nn.functional.grid_sample` with `align_corners=False`, forward and backward.
  @Test(arguments: TestDevices.all)
  func gridSampling(_ device: Device) throws {
    let x = LayerFunctionTests.wave([2, 2, 3, 4], 0, device)
    let grid = LayerFunctionTests.wave([2, 3, 2, 2], 4, device)
    try expect(
      x.gridSampled(at: grid),
      [
        0, 0.4921875, 0, -0.515625, -0.01171875, 0, 0, -0.3828125, 0, 0.0859375, -0.1640625, 0, 0, -0.0390625,
        0.42578125, 0.28125, -0.01953125, -0.0703125, 0.4375, -0.01953125, -0.13671875, -0.21875, 0.19921875,
        0.0390625,
      ], shape: [2, 2, 3, 2])
    let weights = LayerFunctionTests.wave([2, 2, 3, 2], 1, device)
    let (_, gradients) = valueAndGradient(at: [x, grid]) { ($0[0].gridSampled(at: $0[1]) * weights).sum() }
    try expect(
      gradients[0],
      [
        0, 0, -0.34375, 0.3515625, 0, 0, 0, 0.5859375, -0.4921875, 0, 0, 0, 0, 0, 0.9453125, 0.0703125, 0, 0,
        0, 0.1171875, 0.328125, 0, 0, 0, 0, -0.0234375, -0.65234375, -0.64453125, -0.01171875, 0, -0.04296875,
        0.05078125, 0.32421875, 0.0625, 0, 0, 0, -0.1171875, 0.1953125, 0.234375, 0.017578125, 0, 0.015625,
        -0.140625, 0.201171875, 0, 0, 0,
      ])
    try expect(
      gradients[1],
      [
        0, 0, -3.36328125, 1.44140625, 0, 0, -3.330078125, 0.8203125, 0.1484375, -1.93359375, 0, 0, -0.84375,
        0.1640625, 0.2421875, 0.41015625, 4.169921875, 0.24609375, -1.9375, -0.521484375, 1.91015625,
        0.17578125, -0.28125, 0.84375,
      ])
    let far = Tensor([.nan, 0, .infinity, 0, 1e30, -1e30, 0, 0], shape: [1, 2, 2, 2], on: device)
    let image = Tensor([1, 2, 3, 4], shape: [1, 1, 2, 2], on: device)
    try expect(image.gridSampled(at: far), [0, 0, 0, 2.5])
    let (_, gradient) = valueAndGradient(at: image) { $0.gridSampled(at: far).sum() }
    try expect(gradient, [0.25, 0.25, 0.25, 0.25])
  }
}
