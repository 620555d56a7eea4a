import HostSystem
import Tensors
import TestSupport
import Testing

/// Discrete Fourier transforms agree with their definition, computed in Double, and with PyTorch in float64.
@Suite struct FourierTests {
  /// Numbers without a pattern, from −0.5 to 0.5, which are exact in float32.
  static func noise(_ count: Int, _ seed: UInt64) -> [Double] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40) / 0x1p24 - 0.5
    }
  }

  /// One number of a transform, by definition.
  static func frequency(_ k: Int, _ real: [Double], _ imaginary: [Double]) -> (real: Double, imaginary: Double) {
    let count = real.count
    var sum = (real: 0.0, imaginary: 0.0)
    for index in 0..<count {
      let angle = -2 * Double.pi * Double(index * k % count) / Double(count)
      let (c, s) = (cos(angle), sin(angle))
      sum.real += real[index] * c - imaginary[index] * s
      sum.imaginary += real[index] * s + imaginary[index] * c
    }
    return sum
  }

  /// Direct factors, several factors, a prime above 64 as one of two factors, and Bluestein's transform (257, 1009,
  /// 2018).
  static let lengths = [1, 2, 3, 4, 5, 7, 8, 12, 97, 100, 128, 129, 134, 257, 360, 400, 512, 1009, 2018, 4096, 1 << 16]

  /// The root mean square of the errors, relative to that of all numbers, is a few times the distance of numbers
  /// near 1: 1.2e-7 for float32, 2.2e-16 for float64. Of long transforms, a few numbers are compared.
  @Test(arguments: TestDevices.all, lengths)
  func accuracy(_ device: Device, _ count: Int) throws {
    let (real, imaginary) = (Self.noise(count, 1), Self.noise(count, 2))
    let frequencies = count <= 400 ? Array(0..<count) : [1, count / 3] + (1...4).map { $0 * 2_654_435_761 % count }
    let energy = zip(real, imaginary).map { $0 * $0 + $1 * $1 }.reduce(0, +)
    let realEnergy = real.map { $0 * $0 }.reduce(0, +)
    let expected = frequencies.map { Self.frequency($0, real, imaginary) }
    let expectedReal = frequencies.map { Self.frequency($0, real, Array(repeating: 0, count: count)) }
    let types: [(DType, Double)] =
      device == TestDevices.reference ? [(.float32, 1e-6), (.float64, 1e-14)] : [(.float32, 1e-6)]
    for (type, tolerance) in types {
      let x = Spectrum(
        real: Tensor(real, dtype: type, on: device), imaginary: Tensor(imaginary, dtype: type, on: device))
      let whole = x.fourierTransform()
      #expect(whole.shape == [count] && whole.real.dtype == type)
      try close(whole, at: frequencies, expected, energy, tolerance)
      try close(x.real.fourierTransform(), at: frequencies, expectedReal, realEnergy, tolerance)
      let half = x.real.realFourierTransform()
      #expect(half.shape == [count / 2 + 1])
      let isKept = frequencies.indices.filter { frequencies[$0] <= count / 2 }
      try close(half, at: isKept.map { frequencies[$0] }, isKept.map { expectedReal[$0] }, realEnergy, tolerance)
      let back = whole.inverseFourierTransform()
      try close(
        back, at: Array(0..<count), (0..<count).map { (real[$0], imaginary[$0]) }, energy / Double(count), tolerance)
      let realBack = half.inverseRealFourierTransform(length: count)
      let none = Tensor.zeros(like: realBack)
      try close(
        Spectrum(real: realBack, imaginary: none), at: Array(0..<count), real.map { ($0, 0) },
        realEnergy / Double(count), tolerance)
    }
  }

  /// - Parameter energy: The mean of the squared magnitudes of all numbers, which Parseval's theorem gives.
  private func close(
    _ found: Spectrum, at positions: [Int], _ expected: [(real: Double, imaginary: Double)], _ energy: Double,
    _ tolerance: Double, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let (real, imaginary) = (try found.real.scalars(as: Double.self), try found.imaginary.scalars(as: Double.self))
    let errors = zip(positions, expected).map { position, expected in
      let (a, b) = (real[position] - expected.real, imaginary[position] - expected.imaginary)
      return a * a + b * b
    }
    let error = (errors.reduce(0, +) / Double(errors.count) / energy).squareRoot()
    #expect(error <= tolerance, "error \(error)", sourceLocation: sourceLocation)
  }

  /// Parseval's theorem: an orthonormal transform keeps the sum of the squares.
  @Test(arguments: TestDevices.all, [7, 128, 360, 521])
  func keepsTheEnergy(_ device: Device, _ count: Int) throws {
    let x = Tensor(Self.noise(count, 3), dtype: .float32, on: device)
    let energy = try x.squared().sum().item()
    let found = try x.fourierTransform(normalization: .ortho).power().sum().item()
    #expect(abs(found - energy) <= 2e-6 * energy)
  }

  // MARK: PyTorch

  typealias Case = LayerFunctionTests.Case

  private static func signal(_ shape: [Int], _ device: Device) -> Tensor { LayerFunctionTests.wave(shape, 1, device) }
  private static func spectrum(_ shape: [Int], _ device: Device) -> Spectrum {
    Spectrum(
      real: LayerFunctionTests.wave(shape, 1, device), imaginary: LayerFunctionTests.wave(shape, 2, device))
  }

  /// Results of `torch.fft` in float64; the parts of complex results one after the other.
  static let cases: [Case] = [
    Case(
      "rfft2", [2, 2, 3, 3],
      [
        0.5, 1, 1, -1.75, 1.052323, 2.875, -1.75, -3.927323, 2.875, -0.5, 1, 1, -0.3125, 0.385177, -1.4375, -0.3125,
        5.364823, -1.4375, 0, -1, 0, -0.6495191, -1.052323, 0, 0.6495191, 3.927323, 0, 0, -1, 0, 1.840304, 1.4375,
        2.489823, -1.840304, 1.4375, -2.489823,
      ]
    ) { stacked(signal([2, 3, 4], $0).realFourierTransform(axes: [-2, -1])) },
    Case(
      "fftn(dim=(0, 2), norm=\"ortho\")", [2, 2, 3, 4],
      [
        -0.4861359, 0.5745243, 0.5745243, 0.5745243, 0, 0.5745243, -0.4419417, 0.5745243, 0.4861359, -0.4419417,
        0.5745243, -0.4419417, -0.2209709, -1.016466, 1.016466, -1.016466, 0.7954951, 1.016466, 0, 1.016466, -0.2209709,
        0, -1.016466, 0, 0, 0.4419417, 0, -0.4419417, 0, -0.5745243, 0, 0.5745243, 0, -0.5745243, 0, 0.5745243, 0, 0, 0,
        0, 0, 1.016466, 0, -1.016466, 0, -1.016466, 0, 1.016466,
      ]
    ) { stacked(signal([2, 3, 4], $0).fourierTransform(axes: [0, 2], normalization: .ortho)) },
    Case(
      "ifft(n=3, dim=0, norm=\"forward\")", [2, 3, 5],
      [
        0.125, -2.125, 1.375, -0.875, 2.625, 1.128285, -0.9497595, 0.8995191, -1.178525, 0.6707532, -1.253285,
        -0.3002405, -0.3995191, 0.5535254, 0.4542468, 0, 0.625, -1.625, 1.875, -0.375, 2.170753, -0.8035254, 0.1495191,
        0.05024047, 1.003285, 1.954247, 0.9285254, -1.149519, 0.6997595, -1.378285,
      ]
    ) { stacked(spectrum([2, 5], $0).inverseFourierTransform(length: 3, axis: 0, normalization: .forward)) },
    Case(
      "fft(n=3)", [2, 2, 3],
      [
        -0.5, 1.224279, -0.7242786, -0.125, 1.224279, -0.7242786, 0.75, 3.203044, 0.1719555, -1.75, 0.3280445,
        -2.703044,
      ]
    ) { stacked(spectrum([2, 5], $0).fourierTransform(length: 3)) },
    Case(
      "irfft(n=7)", [2, 7],
      [
        -0.2857143, -0.03201754, -0.1610835, -0.03745824, 0.9029048, -0.1957819, -0.1908494, -0.1607143, -0.1102548,
        -0.1524839, -0.05985039, 0.925297, -0.2043815, -0.1126122,
      ]
    ) { spectrum([2, 5], $0).inverseRealFourierTransform(length: 7) },
    Case(
      "irfft", [2, 8],
      [
        -0.09375, -0.2468592, 0.15625, -0.4633883, 0.71875, 0.3718592, -0.15625, -0.2866117, 0.03125, -0.3223034,
        0.15625, -0.4763325, 0.71875, 0.3848034, -0.15625, -0.2111675,
      ]
    ) { spectrum([2, 5], $0).inverseRealFourierTransform() },
    Case(
      "irfft2(s=(3, 5))", [2, 3, 5],
      [
        0.09166667, 0.3829271, -0.1112168, 0.1366812, -0.2083915, -0.1169658, 0.1838773, -0.07457986, 0.2979869,
        -0.07530791, -0.1747008, -0.7974971, 0.2354602, 0.3982922, -0.1682317, 0.008333333, -0.1556675, 0.01592816,
        0.009536236, 0.3302031, -0.3787874, 0.1673456, -0.6133837, 0.1494447, 0.539617, -0.104546, 0.1494042, 0.4188945,
        0.1914648, 0.147213,
      ]
    ) { spectrum([2, 3, 4], $0).inverseRealFourierTransform(axes: [-2, -1], lengths: [3, 5]) },
    Case("fftfreq(5, 0.5)", [5], [0, 0.4, 0.8, -0.8, -0.4]) { .fourierFrequencies(5, spacing: 0.5, on: $0) },
    Case("fftfreq(4)", [4], [0, 0.25, -0.5, -0.25]) { .fourierFrequencies(4, on: $0) },
    Case("rfftfreq(5, 0.5)", [3], [0, 0.4, 0.8]) { .realFourierFrequencies(5, spacing: 0.5, on: $0) },
    Case("fftshift", [2, 3], [6, 4, 5, 3, 1, 2]) {
      Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3], on: $0).fourierShifted()
    },
    Case("ifftshift(dim=1)", [2, 3], [2, 3, 1, 5, 6, 4]) {
      Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3], on: $0).inverseFourierShifted(axes: [1])
    },
  ]

  private static func stacked(_ spectrum: Spectrum) -> Tensor { .stacked([spectrum.real, spectrum.imaginary]) }

  @Test(arguments: TestDevices.all, cases)
  func agreesWithPyTorch(_ device: Device, _ test: Case) throws {
    try expect(test.function(device), test.expected, shape: test.shape, tolerance: 2e-6, "\(test.testDescription)")
  }

  /// Inverses of transforms of several axes, with an odd length.
  @Test(arguments: TestDevices.all)
  func returnsThroughSeveralAxes(_ device: Device) throws {
    let x = Self.signal([2, 5, 9], device)
    let half = x.realFourierTransform(axes: [0, 2, 1], normalization: .forward)
    #expect(half.shape == [2, 3, 9])
    try expectEqual(half.inverseRealFourierTransform(axes: [0, 2, 1], lengths: [2, 9, 5], normalization: .forward), x)
    let whole = x.fourierTransform(axes: [0, 1], lengths: [2, 5])
    try expectEqual(whole.inverseFourierTransform(axes: [0, 1]).real, x)
    try expectEqual(x.fourierShifted().inverseFourierShifted(), x)
  }

  /// Zeros that are added, also where they leave out columns of the first matrix.
  @Test(arguments: TestDevices.all, [130, 200, 391, 514, 1031])
  func addsZeros(_ device: Device, _ length: Int) throws {
    let x = Tensor(Self.noise(60, 4), shape: [3, 20], dtype: .float32, on: device)
    let padded = x.padded([(0, 0), (0, length - 20)])
    try expectEqual(x.realFourierTransform(length: length).real, padded.realFourierTransform().real)
    try expectEqual(x.fourierTransform(length: length).imaginary, padded.fourierTransform().imaginary)
    let half = x.realFourierTransform()
    let wide = half.mapped { $0.padded([(0, 0), (0, length / 2 - 10)]) }
    try expectEqual(
      half.inverseRealFourierTransform(length: length), wide.inverseRealFourierTransform(length: length))
  }

  @Test(arguments: TestDevices.all)
  func emptyBatches(_ device: Device) throws {
    let none = Tensor.zeros([0, 300], on: device)
    let spectrum = none.realFourierTransform()
    #expect(spectrum.shape == [0, 151])
    #expect(spectrum.inverseRealFourierTransform().shape == [0, 300])
    #expect(none.fourierTransform(axes: []).shape == [0, 300])
  }

  // MARK: Spectra

  @Test(arguments: TestDevices.all)
  func arithmetic(_ device: Device) throws {
    let a = Spectrum(real: Tensor([3, 0, 1], on: device), imaginary: Tensor([4, 0, -1], on: device))
    let b = Spectrum(real: Tensor([1, 2, 0], on: device), imaginary: Tensor([-2, 1, 2], on: device))
    func check(_ found: Spectrum, _ real: [Double], _ imaginary: [Double]) throws {
      try expect(found.real, real)
      try expect(found.imaginary, imaginary)
    }
    try check(a + b, [4, 2, 1], [2, 1, 1])
    try check(a - b, [2, -2, 1], [6, -1, -3])
    try check(a * b, [11, 0, 2], [-2, 0, 2])
    try check(a / b, [-1, 0, -0.5], [2, 0, -0.5])
    try check(a * Tensor([1, 2, 3], on: device), [3, 0, 3], [4, 0, -3])
    try check(2 * a, [6, 0, 2], [8, 0, -2])
    try check(a.conjugate(), [3, 0, 1], [-4, 0, 1])
    try expect(a.magnitude(), [5, 0, 2.0.squareRoot()])
    try expect(a.power(), [25, 0, 2])
    try expect(a.phase(), [0.9272952180016122, 0, -Double.pi / 4])
    try check(Spectrum(magnitude: a.magnitude(), phase: a.phase()), [3, 0, 1], [4, 0, -1])
    // The gradient at 0 is 0, not NaN.
    let (_, slope) = valueAndGradient(at: Tensor.zeros([4], on: device)) { $0.realFourierTransform().magnitude().sum() }
    try expect(slope, [0, 0, 0, 0])
  }

  /// A product of spectra is a circular convolution.
  @Test(arguments: TestDevices.all)
  func convolution(_ device: Device) throws {
    let x = Tensor([1, 2, 3, 4, 5], on: device), kernel = Tensor([1, -1, 0.5], on: device)
    let product = x.realFourierTransform() * kernel.realFourierTransform(length: 5)
    try expect(product.inverseRealFourierTransform(length: 5), [-2, 3.5, 1.5, 2, 2.5])
  }

  // MARK: Recordings and mistakes

  /// Replayed calls give the same bits, also with gradients.
  @Test(arguments: TestDevices.all)
  func isRecordable(_ device: Device) throws {
    func body(_ inputs: [Tensor]) -> [Tensor] {
      let (value, gradient) = valueAndGradient(at: inputs[0]) { x in
        x.realFourierTransform(length: 260).power().sum() + x.fourierTransform(length: 257).real.squared().sum()
      }
      return [value, gradient, inputs[0].realFourierTransform().inverseRealFourierTransform()]
    }
    func input(_ seed: UInt64) -> Tensor { .uniform([2, 150], using: RandomStream(seed: seed), on: device) }
    let function = try #require(try RecordedFunction.record(on: device, like: [input(1)], body).function)
    for seed: UInt64 in [2, 3] {
      for (found, expected) in zip(try function([input(seed)]), body([input(seed)])) {
        #expect(try found.scalars() == expected.scalars())
      }
    }
  }

  static let mistakes = [
    Refusal(["realFourierTransform", "int32"]) { _ = Tensor(integers: [1, 2]).realFourierTransform() },
    Refusal(["fourierTransform", "axis 2", "[3]"]) { _ = Tensor.zeros([3]).fourierTransform(axis: 2) },
    Refusal(["fourierTransform", "a length of 0", "[3]"]) { _ = Tensor.zeros([3]).fourierTransform(length: 0) },
    Refusal(["fourierTransform", "a length of \(Int.max)"]) { _ = Tensor.zeros([3]).fourierTransform(length: .max) },
    Refusal(["a length of 4", "[2, 0]", "at least 1"]) { _ = Tensor.zeros([2, 0]).fourierTransform(length: 4) },
    Refusal(["inverseRealFourierTransform", "a length of 0", "give the length of the result"]) {
      _ = Tensor.zeros([2, 1]).realFourierTransform().inverseRealFourierTransform()
    },
    Refusal(["inverseRealFourierTransform", "no axes"]) {
      _ = Tensor.zeros([2]).realFourierTransform().inverseRealFourierTransform(axes: [])
    },
    Refusal(["1 lengths for 2 axes", "[2, 3]"]) {
      _ = Tensor.zeros([2, 3]).fourierTransform(axes: [0, 1], lengths: [4])
    },
    Refusal(["axis 1 is named twice"]) { _ = Tensor.zeros([2, 3]).realFourierTransform(axes: [1, 1]) },
    Refusal(["Spectrum", "[2]", "[3]"]) { _ = Spectrum(real: .zeros([2]), imaginary: .zeros([3])) },
    Refusal(["Spectrum", "int32"]) { _ = Spectrum(real: Tensor(integers: [2]), imaginary: .zeros([1])) },
    Refusal(["fourierFrequencies", "a count of 0"]) { _ = Tensor.fourierFrequencies(0) },
    Refusal(["realFourierFrequencies", "a spacing of 0.0"]) { _ = Tensor.realFourierFrequencies(4, spacing: 0) },
    Refusal(["fourierShifted", "axis 1"]) { _ = Tensor.zeros([2]).fourierShifted(axes: [1]) },
  ]

  @Test(arguments: mistakes) func refuses(_ test: Refusal) { test.check() }

  /// Tables that do not fit into the memory of the host, for factors and for Bluestein's transform, give an error that is
  /// thrown when the result is read, not the end of the program.
  @Test(.enabled(if: hasOrdinaryAllocator)) func withoutMemoryTransformsFail() async {
    await #expect(processExitsWith: .success) {
      let x = Tensor.ones([8])
      guard (try? x.fourierTransform(length: 300).real.scalars().count) == 300, limitMemory(toFree: 120 << 20) else {
        exit(5)
      }
      for (index, length) in [1 << 21, 1_000_003].enumerated() {
        do {
          _ = try x.fourierTransform(length: length).real.scalars()
          exit(10 + Int32(index))
        } catch DeviceError.outOfMemory(let requested, _, let available) {
          if requested <= available { exit(20 + Int32(index)) }
        } catch { exit(30 + Int32(index)) }
      }
      exit(0)
    }
  }
}

/// A mistake, and parts of its message.
struct Refusal: Sendable, CustomTestStringConvertible {
  private let fragments: [String]
  private let body: @Sendable () -> Void
  var testDescription: String { fragments.joined(separator: ", ") }

  init(_ fragments: [String], _ body: @escaping @Sendable () -> Void) {
    (self.fragments, self.body) = (fragments, body)
  }

  func check() {
    var messages: [String] = []
    ProgrammerError.attempt(body) { messages.append($0) }
    let message = messages.first ?? "no mistake"
    for fragment in fragments { #expect(message.contains(fragment), "\"\(fragment)\" is missing in: \(message)") }
  }
}
