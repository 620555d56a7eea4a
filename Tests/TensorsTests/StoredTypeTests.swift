import TestSupport
import Tensors
import Testing

/// int8, uint8, int16, int64, and float64 are stored, moved, and converted on every device that has them. Expected casts are those of PyTorch 2 on
/// the CPU, `torch.tensor(x, dtype=…).to(…)`, with two exceptions: numbers beyond the range of an integer type saturate, and
/// numbers of 64 bits are rounded to 16 bits once, as in NumPy (`x.astype(np.float16)`). PyTorch rounds them to float32 first.
@Suite struct StoredTypeTests {
  static let integers: [DType] = [.int8, .uint8, .int16, .int64]
  /// The types that a device has.
  static let cases: [(Device, DType)] = TestDevices.all.flatMap { device in
    (integers + [.float64]).filter { device.backend.supports($0) }.map { (device, $0) }
  }
  static let doubleDevices = TestDevices.all.filter { $0.backend.supports(.float64) }

  @Test(arguments: TestDevices.all) func integersWrapAround(_ device: Device) throws {
    let x = Tensor(
      [0, 127, 128, 255, 256, 300, -1, -129, 65_535, 1 << 31, 1 << 40 + 5, .max, .min] as [Int64], on: device)
    #expect(x.dtype == .int64)
    #expect(
      try x.cast(to: .int8).scalars(as: Int.self) == [0, 127, -128, -1, 0, 44, -1, 127, -1, 0, 5, -1, 0])
    #expect(
      try x.cast(to: .uint8).scalars(as: Int.self) == [0, 127, 128, 255, 0, 44, 255, 127, 255, 0, 5, 255, 0])
    #expect(
      try x.cast(to: .int16).scalars(as: Int.self)
        == [0, 127, 128, 255, 256, 300, -1, -129, -1, 0, 5, -1, 0])
    #expect(
      try x.cast(to: .int32).scalars(as: Int.self)
        == [0, 127, 128, 255, 256, 300, -1, -129, 65_535, -2_147_483_648, 5, -1, 0])
    #expect(
      try x.cast(to: .bool).scalars(as: Bool.self) == [false] + [Bool](repeating: true, count: 12))
    #expect(
      try Tensor([-1, 127, -128] as [Int8], on: device).cast(to: .uint8).scalars(as: Int.self) == [255, 127, 128])
    #expect(try Tensor([200, 0] as [UInt8], on: device).cast(to: .int64).scalars(as: Int.self) == [200, 0])
    #expect(try Tensor([true, false], on: device).cast(to: .int16).scalars(as: Int.self) == [1, 0])
  }

  @Test(arguments: TestDevices.all) func floatsAreTruncatedAndSaturate(_ device: Device) throws {
    let x = Tensor([1.9, -1.9, 127.5, 128, -129, 255.9, 256, 1e10, -1e20, .nan, .infinity] as [Float], on: device)
    #expect(
      try x.cast(to: .int8).scalars(as: Int.self) == [1, -1, 127, 127, -128, 127, 127, 127, -128, 0, 127])
    #expect(try x.cast(to: .uint8).scalars(as: Int.self) == [1, 0, 127, 128, 0, 255, 255, 255, 0, 0, 255])
    #expect(
      try x.cast(to: .int16).scalars(as: Int.self) == [1, -1, 127, 128, -129, 255, 256, 32_767, -32_768, 0, 32_767])
    #expect(
      try x.cast(to: .int64).scalars(as: Int.self)
        == [1, -1, 127, 128, -129, 255, 256, 10_000_000_000, .min, 0, .max])
    let half = Tensor([300, -0.5, .infinity] as [Float16], on: device)
    #expect(try half.cast(to: .int8).scalars(as: Int.self) == [127, 0, 127])
    #expect(try half.cast(to: .int64).scalars(as: Int.self) == [300, 0, .max])
  }

  /// Numbers whose rounding to Double, or to float32, would be a tie that the integer is not.
  @Test(arguments: TestDevices.all) func longIntegersAreRoundedOnce(_ device: Device) throws {
    let x = Tensor(
      [1 << 24 + 1, 1 << 24 + 3, 1 << 60 + 1 << 36 + 1, 257 << 45 + 1, -(257 << 45 + 1), .max] as [Int64], on: device)
    #expect(
      try x.cast(to: .float32).scalars()
        == [0x1p24, 0x1.000004p24, 0x1.000002p60, 0x1.01p53, -0x1.01p53, 0x1p63])
    #expect(
      try x.cast(to: .bfloat16).scalars() == [0x1p24, 0x1p24, 0x1p60, 0x1.02p53, -0x1.02p53, 0x1p63])
    let small = Tensor([2049, 2051, 65_519, 65_520, -5] as [Int64], on: device).cast(to: .float16)
    #expect(try small.scalars() == [2048, 2052, 65_504, .infinity, -5])
    #expect(try Tensor([2049, 32_767] as [Int16], on: device).cast(to: .float16).scalars() == [2048, 32_768])
  }

  @Test(arguments: doubleDevices) func doublesAreRoundedOnce(_ device: Device) throws {
    // Just above the middle of two numbers of float16 and of bfloat16; float32 would round to the middle.
    let numbers = [1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-8 + 0x1p-40, 1 + 0x1p-11, 65_519.999, 0.1, -1e-30, 1e300, .nan]
    let x = Tensor(numbers, dtype: .float64, on: device)
    #expect(x.dtype == .float64)
    #expect(try x.scalars(as: Double.self).dropLast() == numbers.dropLast()[...])
    #expect(
      try x.cast(to: .float16).scalars().dropLast()
        == [0x1.004p0, 0x1.01p0, 1, 65_504, Float(0.1 as Float16), -0.0, .infinity])
    #expect(
      try x.cast(to: .bfloat16).scalars().dropLast()
        == [1, 0x1.02p0, 1, 65_536, 0.10009765625, Float(bitPattern: 0x8DA2_0000), .infinity])
    #expect(
      try x.cast(to: .float32).scalars().dropLast() == numbers.dropLast().map { Float($0) }[...])
    #expect(try x.cast(to: .float16).cast(to: .float32).scalars()[7].isNaN)
    #expect(try x.cast(to: .int64).scalars(as: Int.self) == [1, 1, 1, 65_519, 0, 0, .max, 0])
    #expect(try x.cast(to: .uint8).scalars(as: Int.self) == [1, 1, 1, 255, 0, 0, 255, 0])
    let integers = Tensor([1 << 53 + 1, 1 << 53 + 3, .max] as [Int64], on: device).cast(to: .float64)
    #expect(try integers.scalars(as: Double.self) == [0x1p53, 0x1.0000000000002p53, 0x1p63])
    #expect(try Tensor([0.1] as [Float], on: device).cast(to: .float64).item() == Double(0.1 as Float))
    #expect(Tensor([0.1] as [Double], on: device).dtype == .float32)
  }

  /// Elements that Double does not represent.
  @Test(arguments: TestDevices.all) func longIntegersStayExact(_ device: Device) throws {
    let numbers: [Int64] = [1 << 53 + 1, -(1 << 53) - 1, .max, .min, .max - 1, 0]
    let x = Tensor(numbers, shape: [2, 3], on: device)
    #expect(try x.scalars(as: Int64.self) == numbers && x.scalars(as: Int.self) == numbers.map { Int($0) })
    #expect(try x[0, 0].item(as: Int.self) == 1 << 53 + 1)
    #expect(try x.transposed().scalars(as: Int64.self) == [0, 3, 1, 4, 2, 5].map { numbers[$0] })
    #expect(
      try x.rows(at: Tensor(integers: [1, 0], on: device)).scalars(as: Int64.self)
        == Array(numbers[3...] + numbers[..<3]))
    #expect(try x.moved(to: TestDevices.reference).scalars(as: Int64.self) == numbers)
    #expect(
      try x.replacing(with: x.flipped(axis: 1), where: Tensor([true], on: device)).scalars(as: Int64.self)
        == [2, 1, 0, 5, 4, 3].map { numbers[$0] })
    #expect("\(x[1, 1...])" == "[9223372036854775806,                   0]")
    #expect(try x.scalars(as: Int8.self) == [127, -128, 127, -128, 127, 0], "reading saturates")
  }

  @Test(arguments: cases) func elementsAreMoved(_ device: Device, _ dtype: DType) throws {
    let numbers = (0..<12).map { Float($0) }
    let x = Tensor(numbers, shape: [3, 4], on: device)
    let stored = x.cast(to: dtype)
    let moves: [(Tensor) -> Tensor] = [
      { $0.transposed() }, { $0.reshaped([2, 6]) }, { $0[1..., 1..<3] }, { $0.flipped(axis: 1) },
      { Tensor.concatenated([$0, $0], axis: 1) }, { Tensor.stacked([$0, $0]) },
      { $0.rows(at: Tensor(integers: [2, 0, 2], on: device)) }, { $0[.all, [3, 1]] }, { $0[1] },
      { $0.gathered(Tensor(integers: [3, 0, 1], shape: [3, 1], on: device), axis: 1) },
      { $0.replacing(with: 7, where: Tensor([true, false, true, false], on: device)) },
      { $0.broadcast(to: [2, 3, 4]) }, { $0.padded([(before: 1, after: 0), (before: 0, after: 2)]) },
      { $0.moved(to: TestDevices.reference) }, { $0.tiled([2, 1]) },
    ]
    for (index, move) in moves.enumerated() {
      let (moved, expected) = (move(stored), move(x))
      #expect(moved.dtype == dtype && moved.shape == expected.shape, "\(index)")
      #expect(try moved.scalars() == expected.scalars(), "\(index)")
    }
    #expect(try Tensor.full([3], 5, dtype: dtype, on: device).scalars() == [5, 5, 5])
    #expect(try Tensor.ones([2], dtype: dtype, on: device).scalars() == [1, 1])
    #expect(try Tensor(numbers, dtype: dtype, on: device).scalars() == numbers)
    var changed = stored
    changed[1, 1..<3] = Tensor([100, 101], dtype: dtype, on: device)
    #expect(try changed[1].scalars() == [4, 100, 101, 7] && stored[1].scalars() == [4, 5, 6, 7])
    let outside = stored.rows(at: Tensor(integers: [3], on: device))
    #expect(try outside.scalars().allSatisfy { dtype == .float64 ? $0.isNaN : $0 == 0 })
  }

  @Test(arguments: cases.filter { !$0.0.backend.computes($0.1) })
  func operationsThatComputeAreRefusedInOneLine(_ device: Device, _ dtype: DType) {
    let x = Tensor.ones([2, 2], dtype: dtype, on: device)
    let operations: [(name: String, result: Tensor)] = [
      ("add", x + x), ("multiply", x * 2), ("sum", x.sum()), ("maximum", x.max()), ("comparison", x .< x),
      ("argmax", x.argmax(axis: 1)), ("sort", x.sorted()), ("square", x.squared()), ("scan", x.cumulativeSum(axis: 0)),
    ]
    let advice = "; convert with .cast(to: .\(dtype == .float64 ? "float32" : "int32"))"
    for (name, result) in operations {
      let error = #expect(throws: DeviceError.self) { try result.scalars() }
      guard case .unsupported(_, dtype, _)? = error else {
        Issue.record("\(name): \(error.map { "\($0)" } ?? "no error")")
        continue
      }
      let message = error?.description ?? ""
      #expect(message.contains("\(dtype)") && message.hasSuffix(advice), "\(message)")
      #expect(!message.contains("\n"))
    }
  }

  @Test(arguments: doubleDevices) func gradientsPassThroughFloat64(_ device: Device) throws {
    let x = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    let weights = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    let (value, gradient) = valueAndGradient(at: x) { x in
      (x.cast(to: .float64).transposed().cast(to: .float32) * weights).sum()
    }
    #expect(try value.item() == 29 && gradient.scalars() == [1, 3, 2, 4])
  }

  /// Numbers beyond int32 do not wrap around to valid indices.
  @Test(arguments: TestDevices.all) func indicesMayBeInt64(_ device: Device) throws {
    let x = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2], on: device)
    let far: [Int64] = [1 << 32, 1 << 32 + 1, .max, .min, -(1 << 32), 1 << 31, 1 << 40 + 2]
    #expect(try x.rows(at: Tensor([2, 0] as [Int64], on: device)).scalars() == [5, 6, 1, 2])
    #expect(try x.rows(at: Tensor(far, on: device)).scalars().allSatisfy(\.isNaN))
    #expect(
      try x.gathered(Tensor([1, 0, 1] as [Int64], shape: [3, 1], on: device), axis: 1).scalars() == [2, 3, 6])
    #expect(
      try Tensor([1, 1 << 32, 0] as [Int64], on: device).oneHot(classes: 2).scalars() == [0, 1, 0, 0, 1, 0])
    let (_, gradient) = valueAndGradient(at: x) { $0.rows(at: Tensor([1, 1] as [Int64], on: device)).sum() }
    #expect(try gradient.scalars() == [0, 0, 2, 2, 0, 0])
    let zeros = Tensor.zeros([3], on: device)
    let updates = Tensor([1, 2, 4], on: device)
    let places = Tensor([2, 1 << 32, 2] as [Int64], on: device)
    #expect(try zeros.scatterAdded(updates, at: places).scalars() == [0, 0, 5])
    #expect(try zeros.scattered(updates, at: places, by: .maximum).scalars() == [0, 0, 4])
    let loss = x.softmaxCrossEntropy(
      labels: Tensor([0, 1, 1 << 32] as [Int64], on: device), smoothing: 0, ignoredLabel: nil)
    let numbers = try loss.scalars()
    // log(1 + e) and log(1 + 1/e)
    #expect(abs(numbers[0] - 1.3132616) < 1e-6 && abs(numbers[1] - 0.31326166) < 1e-6 && numbers[2].isNaN)
  }

  @Test func creationAndReading() throws {
    #expect(Tensor([1, 2] as [Int8]).dtype == .int8 && Tensor([1, 2] as [UInt8]).dtype == .uint8)
    #expect(Tensor([1, 2] as [Int16]).dtype == .int16 && Tensor([[1], [2]] as [[Int64]]).dtype == .int64)
    #expect(Tensor(integers: [1, 2] as [UInt8]).dtype == .int32)
    #expect(try Tensor([300, -1, 1.9, .nan] as [Float], dtype: .uint8).scalars(as: Int.self) == [255, 0, 1, 0])
    #expect(try Tensor([300, -300] as [Int64], dtype: .int8).scalars(as: Int.self) == [127, -128])
    // Once through Double would round to the even neighbor.
    #expect(try Tensor([1 << 60 + 1 << 36 + 1] as [Int64], dtype: .float32).item() == 0x1.000002p60)
    #expect(try Tensor([257 << 53 + 1] as [Int64], dtype: .bfloat16).item() == 0x1.02p61)
    #expect(try Tensor.full([1], 1000, dtype: .int8).item() == 127)
    #expect("\(Tensor([-1, 100] as [Int8]))" == "[ -1, 100]")
    #expect("\(Tensor([] as [UInt8]))" == "Tensor [0], uint8: no elements")
    #expect("\(Tensor([0.1], dtype: .float64))" == "[0.1]")
  }
}
