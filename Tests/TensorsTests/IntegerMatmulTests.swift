import BackendCore
import Tensors
import Testing

/// Products of 8-bit integers, compared with sums of 64-bit integers.
@Suite struct IntegerMatmulTests {
  /// Integers of a type without a pattern, among them the extremes.
  static func integers(_ count: Int, _ dtype: DType, seed: Int) -> [Int] {
    (0..<count).map { index in
      let value = (index * 2_654_435_761 + seed * 40_503) >> 7 & 255
      return dtype == .int8 ? value - 128 : value
    }
  }

  static func tensor(_ values: [Int], _ shape: [Int], _ dtype: DType, _ device: Device) -> Tensor {
    Tensor(values.map { Int64($0) }, shape: shape, dtype: dtype, on: device)
  }

  /// The product of `[m, k]` and `[k, n]`.
  static func product(_ a: ArraySlice<Int>, _ b: ArraySlice<Int>, _ m: Int, _ k: Int, _ n: Int) -> [Int] {
    (0..<m * n).map { place in
      let (i, j) = (place / n, place % n)
      return (0..<k).reduce(0) { $0 + a[a.startIndex + i * k + $1] * b[b.startIndex + $1 * n + j] }
    }
  }

  static let cases: [(m: Int, k: Int, n: Int, left: DType, right: DType)] = [
    (1, 1, 1, .int8, .int8), (3, 7, 65, .uint8, .int8), (13, 130, 20, .int8, .uint8), (2, 300, 5, .uint8, .uint8),
    (7, 64, 70, .int8, .int8),
  ]

  @Test(arguments: TestDevices.all) func matricesAreThoseOf64BitIntegers(_ device: Device) throws {
    for (m, k, n, dtype, other) in Self.cases {
      let a = Self.integers(m * k, dtype, seed: 1), b = Self.integers(k * n, other, seed: 2)
      let y = Self.tensor(a, [m, k], dtype, device).integerMatmul(Self.tensor(b, [k, n], other, device))
      #expect(y.dtype == .int32 && y.shape == [m, n] && y.device == device)
      #expect(try y.scalars(as: Int.self) == Self.product(a[...], b[...], m, k, n), "\(m)x\(k)x\(n)")
    }
  }

  /// k is above the number of terms for which sums in float32 are exact.
  @Test(arguments: TestDevices.all) func extremesAreExact(_ device: Device) throws {
    for (a, b, types) in [
      (-128, -128, (DType.int8, DType.int8)), (255, 127, (.uint8, .int8)), (-128, 255, (.int8, .uint8)),
      (255, 255, (.uint8, .uint8)),
    ] {
      let x = Self.tensor([Int](repeating: a, count: 2 * 1030), [2, 1030], types.0, device)
      let y = Self.tensor([Int](repeating: b, count: 1030 * 3), [1030, 3], types.1, device)
      #expect(try x.integerMatmul(y).scalars(as: Int.self) == [Int](repeating: 1030 * a * b, count: 6))
    }
  }

  @Test(arguments: TestDevices.all) func batchesAndVectorsAreThoseOfMatmul(_ device: Device) throws {
    let (m, k, n) = (3, 5, 4)
    let a = Self.integers(6 * m * k, .int8, seed: 3), b = Self.integers(6 * k * n, .uint8, seed: 4)
    func expected(_ pairs: [(Int, Int)]) -> [Int] {
      pairs.flatMap { Self.product(a[$0 * m * k..<($0 + 1) * m * k], b[$1 * k * n..<($1 + 1) * k * n], m, k, n) }
    }
    let left = Self.tensor(a, [2, 3, m, k], .int8, device), right = Self.tensor(b, [2, 3, k, n], .uint8, device)
    let all = left.integerMatmul(right)
    #expect(all.shape == [2, 3, m, n])
    #expect(try all.scalars(as: Int.self) == expected((0..<6).map { ($0, $0) }))
    let shared = left.integerMatmul(right[0, 1])
    #expect(try shared.scalars(as: Int.self) == expected((0..<6).map { ($0, 1) }))
    let repeated = left[1, 2].integerMatmul(right)
    #expect(repeated.shape == [2, 3, m, n])
    #expect(try repeated.scalars(as: Int.self) == expected((0..<6).map { (5, $0) }))
    let crossed = left[0].integerMatmul(right[0..., 0..<1])
    #expect(crossed.shape == [2, 3, m, n])
    #expect(try crossed.scalars(as: Int.self) == expected([0, 3].flatMap { y in (0..<3).map { ($0, y) } }))
    // Parts of tensors have an offset.
    let row = left[1, 0, 2], column = right[0, 2][0..., 1]
    let matrix = right[0, 2]
    let rowProduct = Self.product(a[(3 * m + 2) * k..<(3 * m + 3) * k], b[2 * k * n..<3 * k * n], 1, k, n)
    #expect(try row.integerMatmul(matrix).scalars(as: Int.self) == rowProduct)
    #expect(row.integerMatmul(matrix).shape == [n] && row.integerMatmul(column).shape == [])
    #expect(try row.integerMatmul(column).scalars(as: Int.self) == [rowProduct[1]])
    #expect(left.integerMatmul(column).shape == [2, 3, m])
  }

  @Test(arguments: TestDevices.all) func emptyMatricesGiveZerosOrNothing(_ device: Device) throws {
    func zeros(_ shape: [Int]) -> Tensor { Tensor.zeros(shape, dtype: .int8, on: device) }
    #expect(try zeros([2, 0]).integerMatmul(zeros([0, 3])).scalars(as: Int.self) == [0, 0, 0, 0, 0, 0])
    #expect(zeros([0, 4]).integerMatmul(zeros([4, 3])).shape == [0, 3])
    #expect(zeros([2, 4]).integerMatmul(zeros([4, 0])).shape == [2, 0])
    #expect(zeros([0, 2, 4]).integerMatmul(zeros([4, 3])).shape == [0, 2, 3])
    let right = Tensor.zeros([4, 3], dtype: .uint8, on: .shapes)
    let shapes = Tensor.zeros([5, 2, 4], dtype: .int8, on: .shapes).integerMatmul(right)
    #expect(shapes.shape == [5, 2, 3] && shapes.dtype == .int32)
  }

  // MARK: Linear layers

  /// Numbers without a pattern between -1 and 1.
  static func numbers(_ count: Int, seed: Int) -> [Float] {
    integers(count, .int8, seed: seed).map { Float($0) / 128 + 1e-3 }
  }

  static func weight(_ units: Int, _ inputs: Int) throws -> (weight: PackedIntegers, values: [Int8], scales: [Float]) {
    let values = integers(units * inputs, .int8, seed: 5).map { Int8($0) }
    let scales = (0..<units).map { 0.01 + Float($0) / 1024 }
    return (try PackedIntegers(values, units: units, inputs: inputs, scales: scales), values, scales)
  }

  @Test func packedIntegersComeBack() throws {
    for (units, inputs) in [(1, 1), (65, 6), (64, 8), (130, 3), (0, 4), (3, 0)] {
      let (weight, values, scales) = try Self.weight(units, inputs)
      #expect(weight.values == values && Array(weight.scales) == scales)
      let sums = (0..<units).map { unit in (0..<inputs).reduce(0) { $0 + Int32(values[unit * inputs + $1]) } }
      #expect(Array(weight.sums.prefix(units)) == sums)
    }
  }

  @Test(arguments: TestDevices.all, [nil, 0.006 as Float])
  func linearRoundsItsInputs(_ device: Device, _ inputScale: Float?) throws {
    for (rows, inputs, units) in [(1, 3, 5), (5, 150, 70), (13, 33, 2)] {
      let (weight, values, scales) = try Self.weight(units, inputs)
      let x = Self.numbers(rows * inputs, seed: 6), bias = Self.numbers(units, seed: 7)
      var expected: [Double] = []
      for row in 0..<rows {
        let part = x[row * inputs..<(row + 1) * inputs]
        let scale = inputScale ?? part.map { abs($0) }.max()! / 127
        let q = part.map { Int(max(-127, min(127, ($0 * (1 / scale)).rounded(.toNearestOrEven)))) }
        for unit in 0..<units {
          let sum = (0..<inputs).reduce(0) { $0 + q[$1] * Int(values[unit * inputs + $1]) }
          expected.append(Double(sum) * Double(scale) * Double(scales[unit]) + Double(bias[unit]))
        }
      }
      let tensor = Tensor(x, shape: [rows, inputs], on: device)
      let y = quantizedLinear(tensor, weight, inputScale: inputScale, bias: Tensor(bias, on: device))
      #expect(y.dtype == .float32)
      // Where a device divides with less precision, an input in the middle between two integers may become the other one.
      let step = 128 * Double(inputScale ?? 1 / 127) * Double(scales.max()!)
      let tolerance = device.backend.kind == .cpu ? 1e-5 : max(1e-5, step)
      try expect(y, expected, shape: [rows, units], tolerance: tolerance, "\(rows)x\(inputs)x\(units)")
      let plain = quantizedLinear(tensor.reshaped([1, rows, inputs]), weight, inputScale: inputScale, bias: nil)
      try expect(
        plain, expected.indices.map { expected[$0] - Double(bias[$0 % units]) }, shape: [1, rows, units],
        tolerance: tolerance)
    }
  }

  /// Gradients are those of Σ c·(x·Wᵀ + b) with the numbers that the integers represent: c·W and the sums of c over rows, also
  /// for an input that is rounded to the end of the range.
  @Test(arguments: TestDevices.all, [nil, 0.004 as Float])
  func linearHasStraightThroughGradients(_ device: Device, _ inputScale: Float?) throws {
    let (rows, inputs, units) = (3, 10, 4)
    let (weight, values, scales) = try Self.weight(units, inputs)
    let x = Self.numbers(rows * inputs, seed: 6), c = Self.numbers(rows * units, seed: 9)
    #expect(x.contains { abs($0) > 0.004 * 127 })
    let dx = (0..<rows * inputs).map { place in
      (0..<units).reduce(0.0) { sum, unit in
        let weight = Double(values[unit * inputs + place % inputs]) * Double(scales[unit])
        return sum + Double(c[place / inputs * units + unit]) * weight
      }
    }
    let db = (0..<units).map { unit in (0..<rows).reduce(0.0) { $0 + Double(c[$1 * units + unit]) } }
    let factors = Tensor(c, shape: [1, rows, units], on: device)
    let (_, found) = valueAndGradient(
      at: Tensor(x, shape: [1, rows, inputs], on: device), Tensor(Self.numbers(units, seed: 7), on: device)
    ) { x, bias in (quantizedLinear(x, weight, inputScale: inputScale, bias: bias) * factors).sum() }
    try expect(found.0, dx, shape: [1, rows, inputs], tolerance: 1e-5)
    try expect(found.1, db, shape: [units], tolerance: 1e-5)
    let half = Tensor(x, shape: [1, rows, inputs], on: device).cast(to: .bfloat16)
    let (_, rounded) = valueAndGradient(at: half) { x in
      (quantizedLinear(x, weight, inputScale: inputScale, bias: nil).cast(to: .float32) * factors).sum()
    }
    #expect(rounded.dtype == .bfloat16)
    try expect(rounded.cast(to: .float32), dx, shape: [1, rows, inputs], tolerance: 0.03)
  }

  /// Rows that are not finite give NaN, rows of zeros and of tiny numbers give the bias, and other rows do not change.
  @Test(arguments: TestDevices.all) func linearKeepsNumbersThatAreNotFinite(_ device: Device) throws {
    let (weight, _, _) = try Self.weight(3, 40)
    var x = Self.numbers(5 * 40, seed: 8)
    x[40 + 7] = .nan
    x[2 * 40 + 39] = -.infinity
    for place in 3 * 40..<4 * 40 { x[place] = place % 2 == 0 ? 0 : 1e-37 }
    let bias = Tensor([1, 2, 3], on: device)
    let rows = Tensor(x, shape: [5, 40], on: device)
    for scale in [nil, 0.1 as Float] {
      let y = try quantizedLinear(rows, weight, inputScale: scale, bias: bias).scalars()
      #expect(y[..<3].allSatisfy(\.isFinite) && y[3..<9].allSatisfy(\.isNaN) && y[12...].allSatisfy(\.isFinite))
      #expect(y[9..<12] == [1, 2, 3])
    }
    let halves = rows.cast(to: .float16)
    #expect(quantizedLinear(halves, weight, inputScale: nil, bias: bias).dtype == .float16)
  }

  @Test(arguments: TestDevices.all) func emptyLayersGiveTheBias(_ device: Device) throws {
    let (weight, _, _) = try Self.weight(2, 0)
    let y = quantizedLinear(.zeros([3, 0], on: device), weight, inputScale: nil, bias: Tensor([1, 2], on: device))
    try expect(y, [1, 2, 1, 2, 1, 2], shape: [3, 2])
    let none = try Self.weight(0, 4).weight
    #expect(quantizedLinear(.ones([3, 4], on: device), none, inputScale: nil, bias: nil).shape == [3, 0])
    #expect(quantizedLinear(.ones([0, 0], on: device), weight, inputScale: nil, bias: nil).shape == [0, 2])
  }
}
