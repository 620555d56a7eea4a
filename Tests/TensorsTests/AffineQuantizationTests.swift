import Tensors
import Testing

/// Quantization of tensors. Expected values are those of PyTorch 2.15, with its functions named in each test, for
/// `torch.tensor(Self.numbers).reshape(2, 6)`.
@Suite struct AffineQuantizationTests {
  static let numbers: [Float] = [-2.0, -0.61, 0.125, 0.375, 0.7, 3.3, 0.25, -0.125, 1.9, -1.3, 0.05, -5.0]

  static func x(_ device: Device) -> Tensor { Tensor(numbers, shape: [2, 6], on: device) }

  /// `torch.quantize_per_tensor(x, 0.25, 3, torch.qint8)`, and `(x, 0.25, 10, torch.quint8)`: with ties, and numbers out of
  /// range.
  @Test(arguments: TestDevices.all) func oneScale(_ device: Device) throws {
    let signed = Self.x(device).quantized(AffineQuantization(scale: 0.25, zeroPoint: 3))
    #expect(signed.integers().dtype == .int8 && signed.integers().device == device && signed.byteCount == 12 + 8)
    try expect(signed.integers(), [-5, 1, 3, 5, 6, 16, 4, 3, 11, -2, 3, -17], shape: [2, 6])
    try expect(
      signed.dequantized(), [-2, -0.5, 0, 0.5, 0.75, 3.25, 0.25, 0, 2, -1.25, 0, -5], shape: [2, 6])
    let unsigned = Self.x(device).quantized(AffineQuantization(scale: 0.25, zeroPoint: 10, type: .uint8))
    #expect(unsigned.integers().dtype == .uint8)
    try expect(unsigned.integers(), [2, 8, 10, 12, 13, 23, 11, 10, 18, 5, 10, 0], shape: [2, 6])
    try expect(
      unsigned.dequantized(), [-2, -0.5, 0, 0.5, 0.75, 3.25, 0.25, 0, 2, -1.25, 0, -2.5], shape: [2, 6])
  }

  /// `torch.quantize_per_channel(x, torch.tensor([0.031, 0.041]), torch.tensor([0, 5]), 0, torch.qint8)`.
  @Test(arguments: TestDevices.all, [0, -2]) func aScaleForEachChannel(_ device: Device, _ axis: Int) throws {
    let quantization = AffineQuantization(
      scale: [0.031, 0.041], zeroPoint: Tensor(integers: [0, 5]), granularity: .perChannel(axis: axis))
    let q = Self.x(device).quantized(quantization)
    try expect(q.integers(), [-65, -20, 4, 12, 23, 106, 11, 2, 51, -27, 6, -117])
    try expect(
      q.dequantized(),
      [-2.015, -0.62, 0.124, 0.372, 0.713, 3.286, 0.246, -0.123, 1.886, -1.312, 0.041, -5.002], shape: [2, 6])
  }

  /// Groups of two numbers, of which the last one has one, in 4 bits. NumPy, in float32, with the padded rows as
  /// `[2, 3, 2]`: `s = (hi − lo)/15`, `z = clip(−rint(lo/s), 0, 15)`, `q = clip(rint(x/s) + z, 0, 15)`.
  @Test(arguments: TestDevices.all) func groupsOfFourBits(_ device: Device) throws {
    let x = Tensor([-1, 0.5, 2, 0.3, -0.7, 0, 0, 4, 1.3, 0.9] as [Float], shape: [2, 5], on: device)
    let q = x.quantized(
      AffineQuantization(fitting: x, type: .uint4, isSymmetric: false, granularity: .perGroup(2)))
    try expect(q.integers(), [0, 15, 15, 2, 0, 0, 0, 15, 5, 15], shape: [2, 5])
    try expect(q.dequantized(), [-1, 0.5, 2, 0.266666, -0.7, 0, 0, 4, 1.333333, 0.9], shape: [2, 5], tolerance: 1e-5)
    // Three bytes a row, and six scales and zero points.
    #expect(q.byteCount == 6 + 2 * 24 && q.shape == [2, 5])
    #expect(q.moved(to: .cpu).device == .cpu)
  }

  /// Four bits with a sign: −8…7 in two's complement, whole numbers return unchanged.
  @Test(arguments: TestDevices.all) func signedFourBits(_ device: Device) throws {
    let x = Tensor((-8..<7).map { Float($0) }, shape: [3, 5], on: device)
    let q = x.quantized(AffineQuantization(scale: 1, type: .int4))
    #expect(q.integers().dtype == .int8 && q.byteCount == 9 + 4)
    try expect(q.integers(), (-8..<7).map { Double($0) }, shape: [3, 5])
    let limits = Tensor([-100, -8.5, 7.4, .infinity] as [Float], on: device)
    try expect(limits.quantized(AffineQuantization(scale: 1, type: .int4)).dequantized(), [-8, -8, 7, 7])
  }

  /// `torch.fake_quantize_per_channel_affine(x, s, z, 1, -8, 7)` and `torch.fake_quantize_per_tensor_affine(x, 0.021, -100,
  /// -128, 127)`, with gradients of `(y*torch.arange(1., 13.).reshape(2, 6)).sum()`.
  @Test(arguments: TestDevices.all) func fakeQuantizationHasAStraightThroughGradient(_ device: Device) throws {
    let factors = Tensor((1...12).map { Float($0) }, shape: [2, 6], on: device)
    func check(_ quantization: AffineQuantization, _ expected: [Double], _ gradient: [Double]) throws {
      try expect(Self.x(device).fakeQuantized(quantization), expected, shape: [2, 6])
      let (_, found) = valueAndGradient(at: Self.x(device)) { ($0.fakeQuantized(quantization) * factors).sum() }
      try expect(found, gradient, shape: [2, 6])
    }
    try check(
      AffineQuantization(
        scale: [0.05, 0.5, 0.25, 0.02, 0.01, 0.06], zeroPoint: Tensor(integers: [0, 1, -2, 3, -4, 5]), type: .int4,
        granularity: .perChannel(axis: 1)),
      [-0.4, -0.5, 0, 0.08, 0.11, 0.12, 0.25, 0, 2, -0.22, 0.05, -0.78], [0, 2, 3, 0, 0, 0, 7, 8, 9, 0, 11, 0])
    try check(
      AffineQuantization(scale: 0.021, zeroPoint: -100),
      [-0.588, -0.588, 0.126, 0.378, 0.693, 3.297, 0.252, -0.126, 1.89, -0.588, 0.042, -0.588],
      [0, 0, 3, 4, 5, 6, 7, 8, 9, 0, 11, 0])
  }

  /// Halves keep their type, and NaN is not hidden by fake quantization.
  @Test func halvesAndNaN() throws {
    let quantization = AffineQuantization(scale: 0.25)
    let y = Tensor([0.3, .nan, 100] as [Float]).cast(to: .float16).fakeQuantized(quantization)
    #expect(y.dtype == .float16)
    try expect(y, [0.25, .nan, 31.75])
    try expect(Tensor([0.3, .nan] as [Float]).quantized(quantization).integers(), [1, 0])
  }

  /// Ranges of symmetric and asymmetric quantization, and of tensors of zeros.
  @Test(arguments: TestDevices.all) func scalesCoverTheRange(_ device: Device) throws {
    let x = Self.x(device)
    let symmetric = AffineQuantization(fitting: x, granularity: .perChannel(axis: 0))
    try expect(symmetric.scale, [3.3 / 127, 5.0 / 127], shape: [2])
    #expect(symmetric.zeroPoint == nil && symmetric.scale.device == device)
    let unsigned = AffineQuantization(fitting: x, type: .uint8)
    try expect(unsigned.scale, [5.0 / 127], shape: [])
    try expect(try #require(unsigned.zeroPoint), [128], shape: [])
    let zeros = AffineQuantization(fitting: .zeros([3], on: device), type: .int4, isSymmetric: false)
    try expect(zeros.scale, [1])
    try expect(try #require(zeros.zeroPoint), [-8])
    try expect(Tensor.zeros([3], on: device).quantized(zeros).dequantized(), [0, 0, 0])
  }

  /// `MinMaxObserver(dtype=torch.quint8, qscheme=torch.per_tensor_affine)` of x and 1.5x + 0.1, and
  /// `MovingAverageMinMaxObserver(averaging_constant=0.1, dtype=torch.qint8, qscheme=torch.per_tensor_affine)` of x, 1.5x + 0.1,
  /// and 0.5x.
  @Test(arguments: TestDevices.all) func observersFindTheRange(_ device: Device) throws {
    let x = Self.x(device)
    var extremes = RangeObserver(.minMax)
    for batch in [x, 1.5 * x + 0.1, .zeros([0], on: device)] { try extremes.observe(batch) }
    let unsigned = extremes.quantization(type: .uint8)
    try expect(unsigned.scale, [0.048823528])
    try expect(try #require(unsigned.zeroPoint), [152])
    var average = RangeObserver(.movingAverage(weight: 0.1))
    for batch in [x, 1.5 * x + 0.1, 0.5 * x] { try average.observe(batch) }
    let signed = average.quantization()
    try expect(signed.scale, [0.032386269])
    try expect(try #require(signed.zeroPoint), [25])
  }

  /// NaN in any batch is not hidden.
  @Test(arguments: TestDevices.all, [RangeObserver.Method.minMax, .movingAverage(), .percentile(90)])
  func observersKeepNaN(_ device: Device, _ method: RangeObserver.Method) throws {
    for position in 0..<3 {
      var observer = RangeObserver(method)
      for batch in 0..<3 {
        try observer.observe(Tensor([1, batch == position ? .nan : 2, 3] as [Float], on: device))
      }
      #expect(try #require(observer.minimum).isNaN && #require(observer.maximum).isNaN, "batch \(position)")
    }
  }

  /// The range is wider than the largest number: 6e38/255 = 2.352941…e36.
  @Test(arguments: TestDevices.all) func largeNumbersHaveAFiniteScale(_ device: Device) throws {
    let x = Tensor([-3e38, 0, 3e38] as [Float], on: device)
    let rule = AffineQuantization(fitting: x, isSymmetric: false)
    try expect(rule.scale / 1e36, [2.3529412], shape: [])
    let numbers = try x.quantized(rule).dequantized().scalars()
    for (number, expected) in zip(numbers, [-3e38, 0, 3e38] as [Float]) { #expect(abs(number - expected) < 2e36) }
  }

  @Test(arguments: TestDevices.all, QuantizedType.allCases)
  func emptyTensorsStayEmpty(_ device: Device, _ type: QuantizedType) throws {
    for shape in [[0, 4], [3, 0], [0]] {
      let groups = Array(shape.dropLast()) + [shape.last == 0 ? 0 : 2]
      let rules = [
        AffineQuantization(scale: 0.1, type: type),
        AffineQuantization(scale: .ones([shape[0]]), type: type, granularity: .perChannel(axis: 0)),
        AffineQuantization(scale: .ones(groups), type: type, granularity: .perGroup(2)),
      ]
      let x = Tensor.zeros(shape, on: device)
      for rule in rules {
        #expect(try x.fakeQuantized(rule).scalars().isEmpty && x.fakeQuantized(rule).shape == shape)
        let q = x.quantized(rule)
        #expect(q.shape == shape && q.byteCount == rule.byteCount)
        #expect(q.integers().shape == shape && q.dequantized().shape == shape)
        #expect(try q.dequantized().scalars().isEmpty)
      }
    }
  }

  /// `torch._make_per_channel_quantized_tensor(torch.tensor([[0, 7, 255], [10, 128, 3]], dtype=torch.uint8), torch.tensor([0.5,
  /// 0.25], dtype=torch.float64), torch.tensor([3, 128]), 0).dequantize()` and
  /// `torch._make_per_tensor_quantized_tensor(torch.tensor([-128, -1, 5, 127], dtype=torch.int8), 0.5, -3).dequantize()`.
  @Test(arguments: TestDevices.all) func storedIntegersAreTakenAsTheyAre(_ device: Device) throws {
    let channels = QuantizedTensor(
      integers: Tensor([0, 7, 255, 10, 128, 3] as [UInt8], shape: [2, 3], on: device),
      quantization: AffineQuantization(
        scale: [0.5, 0.25], zeroPoint: Tensor(integers: [3, 128]), type: .uint8, granularity: .perChannel(axis: 0)))
    try expect(channels.dequantized(), [-1.5, 2, 126, -29.5, 0, -31.25], shape: [2, 3])
    #expect(channels.device == device && channels.byteCount == 6 + 16 && channels.shape == [2, 3])
    let one = QuantizedTensor(
      integers: Tensor([-128, -1, 5, 127] as [Int8], on: device),
      quantization: AffineQuantization(scale: 0.5, zeroPoint: -3))
    try expect(one.dequantized(), [-62.5, 1, 4, 65])
    try expect(one.integers(), [-128, -1, 5, 127])
    // Integers of 4 bits are packed, and limited to their range.
    let signed = QuantizedTensor(
      integers: Tensor([-8, 7, -1, 0, 5, 100] as [Int8], shape: [2, 3], on: device),
      quantization: AffineQuantization(scale: 2, type: .int4))
    #expect(signed.byteCount == 4 + 4 && signed.integers().dtype == .int8)
    try expect(signed.integers(), [-8, 7, -1, 0, 5, 7], shape: [2, 3])
    try expect(signed.dequantized(), [-16, 14, -2, 0, 10, 14], shape: [2, 3])
  }

  /// The means of percentiles, as of `numpy.percentile`: 10 and 90 of 0…100, then of 0…200.
  @Test func percentilesIgnoreLargeNumbers() throws {
    var observer = RangeObserver(.percentile(90))
    for size in [101, 201] { try observer.observe(Tensor((0..<size).map { Float($0) })) }
    let (low, high) = (try #require(observer.minimum), try #require(observer.maximum))
    #expect(abs(low - 15) < 1e-4 && abs(high - 135) < 1e-4)
  }
}
