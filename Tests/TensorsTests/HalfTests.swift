import Tensors
import Testing

/// float16 and bfloat16: storage, conversion, and arithmetic.
@Suite struct HalfTests {
  static let types: [DType] = [.float16, .bfloat16]

  /// Rounds with Swift's own float16, and to bfloat16 by the distances to both neighbors.
  private func rounded(_ number: Float, _ dtype: DType) -> Float {
    if dtype == .float16 { return Float(Float16(number)) }
    if number.isInfinite { return number }
    let below = Float(bitPattern: number.bitPattern & 0xFFFF_0000)
    let above = Float(bitPattern: below.bitPattern &+ 0x1_0000)
    // 2¹²⁸ takes the place of infinity as the neighbor of the largest number.
    let upper = above.isInfinite ? 0x1p128 : Double(above.magnitude)
    let (down, up) = (Double(number.magnitude) - Double(below.magnitude), upper - Double(number.magnitude))
    return down < up || (down == up && below.bitPattern & 0x1_0000 == 0) ? below : above
  }

  private let numbers: [Float] = [
    0, -0.0, 1, -1, 1 + 0x1p-8, 1 + 0x1p-11, 1 + 0x3p-11, 1.0 / 3, 65504, 65519, 65520, -65520, 1e6, 0x1p-14, 0x1p-24,
    0x1p-25, 0x1.8p-25, 0x1.8p-133, -0x1.5p-127, 3.4e38, .greatestFiniteMagnitude, .infinity, -.infinity,
  ]

  @Test(arguments: TestDevices.all, types)
  func castsRoundOnceToTheNearest(_ device: Device, _ dtype: DType) throws {
    let x = Tensor(numbers, on: device).cast(to: dtype)
    #expect(x.dtype == dtype && x.shape == [numbers.count])
    let expected = numbers.map { rounded($0, dtype) }
    #expect(try x.scalars().map(\.bitPattern) == expected.map(\.bitPattern))
    #expect(try x.cast(to: .float32).scalars().map(\.bitPattern) == expected.map(\.bitPattern))
    #expect(try Tensor(numbers, dtype: dtype, on: device).scalars().map(\.bitPattern) == expected.map(\.bitPattern))
    #expect(try Tensor([Float.nan], on: device).cast(to: dtype).cast(to: .float32).item().isNaN)
    // 2²⁴ + 2¹⁶ + 1 is above the middle of two numbers of bfloat16; float32 would round it to the middle.
    let whole = Tensor(integers: [0, -3, 2049, 16_842_753, .init(Int32.min)], on: device).cast(to: dtype)
    #expect(
      try whole.scalars()
        == (dtype == .float16 ? [0, -3, 2048, .infinity, -.infinity] : [0, -3, 2048, 0x1.02p24, -0x1p31]))
    #expect(
      try Tensor([1.9, -1.9, .nan, .infinity], on: device).cast(to: dtype).cast(to: .int32).scalars(as: Int32.self)
        == [1, -1, 0, .max])
    #expect(
      try Tensor([0, -0.0, 0x1p-24, .nan], on: device).cast(to: dtype).cast(to: .bool).scalars(as: Bool.self)
        == [false, false, true, true])
    #expect(try Tensor([true, false], on: device).cast(to: dtype).scalars() == [1, 0])
  }

  @Test(arguments: TestDevices.all)
  func castsBetweenBothTypes(_ device: Device) throws {
    let x = Tensor([1 + 0x1p-10, 65504, 0x1p-24, -3], dtype: .float16, on: device)
    #expect(try x.cast(to: .bfloat16).scalars() == [1, 65536, 0x1p-24, -3])
    let y = Tensor([0x1.02p0, 0x1p16, 0x1p-25, 0x1.8p-24], dtype: .bfloat16, on: device)
    #expect(try y.cast(to: .float16).scalars() == [0x1.02p0, .infinity, 0, 0x1p-23])
  }

  /// Every number of float16 as Swift defines it.
  @Test(arguments: TestDevices.all)
  func everyFloat16IsReadAndWritten(_ device: Device) throws {
    let halves = (0...UInt16.max).map { Float16(bitPattern: $0) }
    let x = Tensor(halves, on: device)
    #expect(x.dtype == .float16)
    #expect(try x.scalars(as: Float16.self).map(\.bitPattern) == halves.map(\.bitPattern))
    let floats = try x.cast(to: .float32).scalars()
    #expect(floats.count == halves.count)
    let wrong = zip(floats, halves).filter { found, half in
      half.isNaN ? !found.isNaN : found.bitPattern != Float(half).bitPattern
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(10))")
    let finite = halves.filter { !$0.isNaN }
    #expect(try Tensor(finite, on: device).scalars() == finite.map { Float($0) })
    #expect(try Tensor([1.5, -2] as [Float], on: device).scalars(as: Float16.self) == [1.5, -2])
  }

  @Test(arguments: TestDevices.all, types)
  func elementsAreMoved(_ device: Device, _ dtype: DType) throws {
    let x = Tensor((0..<12).map { Float($0) - 4 }, shape: [3, 4], on: device)
    let half = x.cast(to: dtype)
    let moves: [(Tensor) -> Tensor] = [
      { $0.transposed() }, { $0.reshaped([2, 6]) }, { $0[1..., 1..<3] }, { $0.flipped(axis: 1) },
      { Tensor.concatenated([$0, $0], axis: 1) }, { Tensor.stacked([$0, $0]) },
      { $0.rows(at: Tensor(integers: [2, 0, 2], on: device)) }, { $0[.all, [3, 1]] }, { $0[1] },
      { $0.gathered(Tensor(integers: [3, 0, 1], shape: [3, 1], on: device), axis: 1) },
      { $0.replacing(with: -1, where: Tensor([true, false, true, false], on: device)) },
      { $0.broadcast(to: [2, 3, 4]) }, { $0.padded([(before: 1, after: 0), (before: 0, after: 2)]) },
      { $0.moved(to: TestDevices.reference) }, { $0.tiled([2, 1]) },
    ]
    for (index, move) in moves.enumerated() {
      let (moved, expected) = (move(half), move(x))
      #expect(moved.dtype == dtype && moved.shape == expected.shape, "\(index)")
      #expect(try moved.scalars() == expected.scalars(), "\(index)")
    }
    #expect(
      try Tensor.full([3], 0.1, dtype: dtype, on: device).scalars() == [Float](repeating: rounded(0.1, dtype), count: 3)
    )
    #expect(try Tensor.ones([2], dtype: dtype, on: device).scalars() == [1, 1])
    var changed = half
    changed[1, 1..<3] = Tensor([100, 200], dtype: dtype, on: device)
    #expect(try changed[1].scalars() == [0, 100, 200, 3] && half[1].scalars() == [0, 1, 2, 3])
  }

  /// The gradient passes through casts and moves; it is rounded like the numbers.
  @Test(arguments: TestDevices.all, types)
  func gradientsPassThroughCasts(_ device: Device, _ dtype: DType) throws {
    let x = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    let weights = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    let (value, gradient) = valueAndGradient(at: x) { x in
      let y = x.cast(to: dtype).transposed().cast(to: .float32)
      return (y * weights).sum()
    }
    #expect(try value.item() == 29)
    #expect(gradient.dtype == .float32)
    #expect(try gradient.scalars() == [1, 3, 2, 4])
    let joined = valueAndGradient(at: x) { x in
      let half = x.cast(to: dtype)
      return Tensor.concatenated([half.flattened(), Tensor.zeros([2], dtype: dtype, on: device)]).cast(to: .float32)
        .squared().sum()
    }.gradient
    #expect(try joined.scalars() == [2, 4, 6, 8])
  }

  /// Gradients of a tensor that is used twice or sliced are added in its type.
  @Test(arguments: TestDevices.all, types)
  func gradientsAreAdded(_ device: Device, _ dtype: DType) throws {
    let x = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    let twice = valueAndGradient(at: x) { x in
      let half = x.cast(to: dtype)
      return (half * half + half.transposed() * 3).sum()
    }.gradient
    #expect(try twice.dtype == .float32 && twice.scalars() == [5, 7, 9, 11])
    let half = x.cast(to: dtype)
    let sliced = valueAndGradient(at: half) { ($0[0] * 2 + $0[1]).sum() }.gradient
    #expect(try sliced.dtype == dtype && sliced.scalars() == [2, 2, 1, 1])
    // bfloat16 cannot represent 257, and float16 cannot represent 2049.
    let large = dtype == .bfloat16 ? 256.0 : 2048
    let rounded = valueAndGradient(at: half) { ($0 * large + $0).sum() }.gradient
    #expect(try rounded.scalars(as: Double.self) == [Double](repeating: large, count: 4))
  }

  /// Each result is that of float32, rounded once.
  @Test(arguments: TestDevices.all, types)
  func operationsComputeInFloat32(_ device: Device, _ dtype: DType) throws {
    let numbers = (0..<60).map { Float($0 * 37 % 61) / 7 - 4 }
    let x = Tensor(numbers, shape: [10, 6], dtype: dtype, on: device)
    let w = Tensor(numbers.reversed(), shape: [6, 10], dtype: dtype, on: device)
    let row = w[.all, 0]
    let operations: [(name: String, function: (Tensor, Tensor, Tensor) -> Tensor)] = [
      ("add", { x, w, _ in x + w.transposed() }), ("broadcast", { x, _, row in x * row }),
      ("exp", { x, _, _ in x.exp() }), ("matmul", { x, w, _ in x.matmul(w) }), ("softmax", { x, _, _ in x.softmax() }),
      ("sum", { x, _, _ in x.sum() }), ("mean", { x, _, _ in x.mean(axis: 0) }), ("max", { x, _, _ in x.max(axis: 1) }),
      ("comparison", { x, w, _ in x .< w.transposed() }), ("argmax", { x, _, _ in x.argmax(axis: 1) }),
      ("sorted", { x, _, _ in x.sorted(axis: 1) }), ("argsort", { x, _, _ in x.argsort(axis: 0) }),
      ("cumulative sum", { x, _, _ in x.cumulativeSum(axis: 1) }), ("variance", { x, _, _ in x.variance(axis: 0) }),
      ("norm", { x, _, _ in x.norm(3) }), ("logit", { x, _, _ in x.magnitude().minimum(0.75).logit() }),
      ("soft shrink", { x, _, _ in x.softShrink(0.3) }), ("sinc", { x, _, _ in x.sinc() }),
      ("lerp", { x, w, _ in x.lerp(to: w.transposed(), weight: w.transposed()) }),
      ("unit vectors", { x, _, _ in x.unitNormalized() }), ("quantile", { x, _, _ in x.quantile(0.3, axis: 0) }),
      ("decibels", { x, _, _ in x.decibels() }),
      ("is close", { x, w, _ in x.isClose(w.transposed(), relativeTolerance: 0.3) }),
      ("layer normalization", { x, _, row in x.layerNormalized(weight: row) }),
      ("linear", { x, w, _ in x.linear(w, bias: w[0]) }), ("isNaN", { x, _, _ in x.isNaN() }),
      ("scatter", { x, _, _ in x.scatterAdded(x[0..<2], at: Tensor(integers: [1, 1], on: x.device), axis: 0) }),
      // The squares are beyond float16.
      ("standard deviation of large numbers", { x, _, _ in (x * 256).standardDeviation(axis: 1) }),
    ]
    let floats = [x, w, row].map { $0.cast(to: .float32) }
    for (name, function) in operations {
      let (found, exact) = (function(x, w, row), function(floats[0], floats[1], floats[2]))
      let expected = exact.dtype == .float32 ? exact.cast(to: dtype) : exact
      #expect(found.dtype == expected.dtype && found.shape == expected.shape, "\(name)")
      #expect(try found.scalars(as: Double.self) == expected.scalars(as: Double.self), "\(name)")
    }
  }

  @Test(arguments: TestDevices.all, types)
  func drawsStayInTheirRange(_ device: Device, _ dtype: DType) throws {
    let random = RandomStream(seed: 5)
    func draws(_ range: Range<Double>) throws -> [Double] {
      try Tensor.uniform([50_000], in: range, using: random, dtype: dtype, on: device).scalars(as: Double.self)
    }
    for range in [0.0..<1, -1.0..<0, -2.0..<3, 5.0..<7] {
      let found = try draws(range)
      #expect(found.allSatisfy { range.contains($0) }, "\(range): \(found.filter { !range.contains($0) }.prefix(3))")
      let mean = found.reduce(0, +) / Double(found.count), width = range.upperBound - range.lowerBound
      #expect(abs(mean - (range.lowerBound + range.upperBound) / 2) < 0.01 * width)
    }
    let logits = Tensor.zeros([20_000, 10], dtype: dtype, on: device)
    let soft = logits.gumbelSoftmax(using: random)
    #expect(try soft.dtype == dtype && soft.isFinite().all().item() == 1)
    let counts = try Tensor.categorical(logits: logits[0], count: 10_000, using: random).binCount().scalars()
    #expect(counts.count == 10 && counts.allSatisfy { abs($0 - 1000) < 200 }, "\(counts)")
    for other in [
      Tensor.exponential([50_000], using: random, dtype: dtype, on: device),
      .truncatedNormal([50_000], in: -5...5, using: random, dtype: dtype, on: device),
      .poisson(rates: .full([5000], 300, dtype: dtype, on: device), using: random),
      .gamma(shapes: .full([5000], 0.5, dtype: dtype, on: device), using: random),
    ] {
      #expect(try other.dtype == dtype && other.isFinite().all().item() == 1)
    }
  }

  @Test(arguments: TestDevices.all, types)
  func infinityBecomesTheLargestNumber(_ device: Device, _ dtype: DType) throws {
    let x = Tensor([Float.infinity, -.infinity, .nan], dtype: dtype, on: device).nanToNumber()
    let largest: Float = dtype == .float16 ? 65504 : 0x1.FEp127
    #expect(try x.scalars() == [largest, -largest, 0])
  }

  /// The search for the first infinity looks at the numbers of the type, not at their bytes.
  @Test(arguments: TestDevices.all, types)
  func faultSearchReadsThem(_ device: Device, _ dtype: DType) {
    for (number, operation) in [(3.4e38 as Float, "cast"), (-1000, nil)] {
      let search = FaultSearch()
      search.run(on: device) {
        let x = Tensor([1, number], on: device).cast(to: dtype)
        _ = x.reshaped([2, 1]).transposed()[.all, [1, 0]]
      }
      #expect(search.finding?.operation == operation, "\(number)")
    }
  }

  /// Kernels of users receive the bits.
  @Test(arguments: TestDevices.openCL, types)
  func kernelsReceiveBits(_ device: Device, _ dtype: DType) throws {
    let source =
      "kernel void negate(global const TYPE *x, global TYPE *y) { y[get_global_id(0)] = x[get_global_id(0)] ^ BIT; }"
    func program(_ type: String, _ bit: String) -> String { "#define TYPE \(type)\n#define BIT \(bit)\n\(source)" }
    let x = Tensor([1, -2.5, 0], dtype: dtype, on: device)
    let kernel = try device.kernel(source: program("ushort", "0x8000"), name: "negate")
    #expect(try kernel(.tensor(x), .result([3], dtype), global: [3]).scalars() == [-1, 2.5, -0.0])
    let other = try device.kernel(source: program("int", "1"), name: "negate")
    let error = #expect(throws: DeviceError.self) {
      try other(.tensor(x), .result([3], dtype), global: [3]).scalars()
    }
    #expect(error?.description.contains("elements are \(dtype), which OpenCL C calls") == true)
  }

  @Test func printing() {
    #expect("\(Tensor([1, 2.5, -10], dtype: .float16))" == "[  1.0,   2.5, -10.0]")
    #expect("\(Tensor([0.1], dtype: .float16))" == "[0.1000]")
    #expect("\(Tensor([Float.pi], dtype: .bfloat16))" == "[3.1406]")
    #expect("\(Tensor([65504], dtype: .float16))" == "[65504.0]")
    #expect("\(Tensor([0x1p-24], dtype: .float16))" == "[5.9605e-08]")
    #expect("\(Tensor([] as [Float16]))" == "Tensor [0], float16: no elements")
  }
}
