import Tensors
import Testing

/// Products with weights in blocks, compared with products in Double of the decoded weights. `GGUFFileTests` compares
/// the blocks with those of Python.
@Suite struct QuantizedMatrixTests {
  static let formats: [BlockFormat] = [.q80, .q40, .q41]

  /// Numbers without a pattern between -1 and 1, the same in every run.
  static func numbers(_ count: Int, seed: UInt64) -> [Float] {
    (0..<count).map { Float((UInt64($0) &* 2_654_435_761 &+ seed &* 40_503) % 2001) / 1000 - 1 }
  }

  /// y[r, u] = Σ x[r, k]·W[u, k] in Double.
  static func product(_ x: [Float], _ weight: QuantizedMatrix) throws -> [Double] {
    let (units, inputs) = (weight.shape[0], weight.shape[1])
    let decoded = try weight.dequantized().scalars(as: Double.self)
    return (0..<x.count / inputs).flatMap { row in
      (0..<units).map { unit in
        (0..<inputs).reduce(0.0) { $0 + Double(x[row * inputs + $1]) * decoded[unit * inputs + $1] }
      }
    }
  }

  @Test(arguments: TestDevices.all, formats)
  func productsAreThoseOfTheDecodedWeights(_ device: Device, _ format: BlockFormat) throws {
    for (rows, units, inputs) in [(1, 5, 32), (3, 40, 96), (7, 16, 64)] {
      let weights = Tensor(Self.numbers(units * inputs, seed: 1), shape: [units, inputs], on: device)
      let weight = try QuantizedMatrix(quantizing: weights, as: format)
      let x = Self.numbers(rows * inputs, seed: 2)
      let expected = try Self.product(x, weight)
      let y = Tensor(x, shape: [rows, inputs], on: device).quantizedMatmul(weight)
      #expect(y.dtype == .float32 && y.device == device)
      try expect(y, expected, shape: [rows, units], tolerance: 1e-5, "\(rows) \(units) \(inputs)")
      let cube = Tensor(x, shape: [1, rows, inputs], on: device).quantizedMatmul(weight)
      try expect(cube, expected, shape: [1, rows, units], tolerance: 1e-5)
      let vector = Tensor(Array(x[..<inputs]), on: device).quantizedMatmul(weight)
      try expect(vector, Array(expected[..<units]), shape: [units], tolerance: 1e-5)
    }
  }

  /// For numbers from -1 to 1, the error is at most half a step of Q8_0, 0.5/127; a whole step of Q4_0, 1/8, at the end of
  /// its range; and half a step of Q4_1, 1/15.
  @Test(arguments: [(BlockFormat.q80, 0.5 / 127), (.q40, 1.0 / 8), (.q41, 1.0 / 15)])
  func weightsAreRounded(_ format: BlockFormat, _ bound: Double) throws {
    let numbers = Self.numbers(64 * 96, seed: 3)
    let weight = try QuantizedMatrix(quantizing: Tensor(numbers, shape: [64, 96]), as: format)
    #expect(weight.shape == [64, 96] && weight.format == format)
    #expect(weight.byteCount == 64 * 3 * format.size)
    let decoded = try weight.dequantized().scalars(as: Double.self)
    let worst = zip(numbers, decoded).map { abs(Double($0) - $1) }.max() ?? 1
    // All numbers are between -1 and 1; the scale is rounded to float16. Q4_0 has no step for the last eighth on the
    // side opposite to its extreme number.
    #expect(worst <= bound * 1.01 + 1e-3 && worst > bound / 10, "\(worst)")
  }

  /// NaN gives NaN in each product of its row, and in no other.
  @Test(arguments: TestDevices.all, formats)
  func inputsThatAreNaNGiveNaN(_ device: Device, _ format: BlockFormat) throws {
    let weight = try QuantizedMatrix(quantizing: Tensor(Self.numbers(640, seed: 8), shape: [20, 32]), as: format)
    var x = Self.numbers(160, seed: 9)
    x[2 * 32 + 5] = .nan
    let y = try Tensor(x, shape: [5, 32], on: device).quantizedMatmul(weight).scalars()
    #expect(y.indices.allSatisfy { y[$0].isNaN == ($0 / 20 == 2) })
  }

  @Test(arguments: TestDevices.all) func gradientsReachTheInputs(_ device: Device) throws {
    let weight = try QuantizedMatrix(quantizing: Tensor(Self.numbers(320, seed: 4), shape: [10, 32]), as: .q41)
    let x = Tensor(Self.numbers(64, seed: 5), shape: [2, 32], on: device)
    let (y, gradient) = valueAndGradient(at: x) { $0.quantizedMatmul(weight).sum() }
    let decoded = try weight.dequantized().scalars(as: Double.self)
    let columns = (0..<32).map { input in (0..<10).reduce(0.0) { $0 + decoded[$1 * 32 + input] } }
    try expect(gradient, columns + columns, shape: [2, 32], tolerance: 1e-5)
    try expect(y, [Self.product(x.scalars(), weight).reduce(0, +)], tolerance: 1e-5)
  }

  @Test(arguments: [DType.float16, .bfloat16]) func halvesAreMultipliedInFloat32(_ dtype: DType) throws {
    let weight = try QuantizedMatrix(quantizing: Tensor(Self.numbers(320, seed: 6), shape: [10, 32]))
    let x = Tensor(Self.numbers(64, seed: 7), shape: [2, 32]).cast(to: dtype)
    let y = x.quantizedMatmul(weight)
    #expect(y.dtype == dtype)
    let expected = x.cast(to: .float32).quantizedMatmul(weight).cast(to: dtype)
    #expect(try y.scalars() == expected.scalars())
  }

  // MARK: Inputs that are rounded to 8 bits

  /// The multiples of max|x|/127 of each block of 32 numbers that are nearest to its numbers.
  static func rounded(_ x: [Float]) -> [Float] {
    stride(from: 0, to: x.count, by: 32).flatMap { start in
      let block = x[start..<start + 32]
      let step = (block.map(\.magnitude).max() ?? 0) / 127
      return block.map { step == 0 ? 0 : ($0 / step).rounded(.toNearestOrEven) * step }
    }
  }

  @Test(arguments: TestDevices.all, formats)
  func roundedInputsAreMultiplied(_ device: Device, _ format: BlockFormat) throws {
    for (rows, units, inputs) in [(1, 5, 32), (3, 40, 96), (7, 16, 64)] {
      let weights = Tensor(Self.numbers(units * inputs, seed: 1), shape: [units, inputs])
      let weight = try QuantizedMatrix(quantizing: weights, as: format)
      // The numbers of blocks differ in magnitude, and one block is zero.
      var x = Self.numbers(rows * inputs, seed: 2)
      for place in x.indices { x[place] *= Float(place / 32 % 3) + (rows == 1 ? 0.7 : 0) }
      let expected = try Self.product(Self.rounded(x), weight)
      let tensor = Tensor(x, shape: [rows, inputs], on: device)
      let y = tensor.quantizedMatmul(weight, activations: .int8)
      #expect(y.dtype == .float32 && y.device == device)
      try expect(y, expected, shape: [rows, units], tolerance: 1e-5, "\(rows) \(units) \(inputs)")
      // The inputs were rounded, by up to half a step.
      let exact = try Self.product(x, weight)
      let pairs = zip(expected, exact)
      let error = pairs.reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let power = exact.reduce(0.0) { $0 + $1 * $1 }
      let relative = (error / power).squareRoot()
      #expect(relative > 1e-4 && relative < 0.02, "\(relative)")
    }
  }

  @Test(arguments: TestDevices.all) func gradientsPassThroughTheRounding(_ device: Device) throws {
    let weight = try QuantizedMatrix(quantizing: Tensor(Self.numbers(320, seed: 4), shape: [10, 32]), as: .q41)
    let x = Tensor(Self.numbers(64, seed: 5), shape: [2, 32], on: device)
    let (y, gradient) = valueAndGradient(at: x) { $0.quantizedMatmul(weight, activations: .int8).sum() }
    let decoded = try weight.dequantized().scalars(as: Double.self)
    let columns = (0..<32).map { input in (0..<10).reduce(0.0) { $0 + decoded[$1 * 32 + input] } }
    try expect(gradient, columns + columns, shape: [2, 32], tolerance: 1e-5)
    try expect(y, [Self.product(Self.rounded(x.scalars()), weight).reduce(0, +)], tolerance: 1e-5)
  }

  @Test(arguments: TestDevices.all, formats)
  func roundedInputsThatAreNotFiniteGiveNaN(_ device: Device, _ format: BlockFormat) throws {
    let weight = try QuantizedMatrix(quantizing: Tensor(Self.numbers(640, seed: 8), shape: [20, 32]), as: format)
    for wrong in [Float.nan, .infinity] {
      var x = Self.numbers(160, seed: 9)
      x[2 * 32 + 5] = wrong
      let y = Tensor(x, shape: [5, 32], on: device).quantizedMatmul(weight, activations: .int8)
      let numbers = try y.scalars()
      #expect(numbers.indices.allSatisfy { numbers[$0].isNaN == ($0 / 20 == 2) }, "\(wrong)")
    }
  }

  @Test(arguments: [DType.float16, .bfloat16]) func roundedHalvesAreMultipliedInFloat32(_ dtype: DType) throws {
    let weight = try QuantizedMatrix(quantizing: Tensor(Self.numbers(320, seed: 6), shape: [10, 32]))
    let x = Tensor(Self.numbers(64, seed: 7), shape: [2, 32]).cast(to: dtype)
    let y = x.quantizedMatmul(weight, activations: .int8)
    #expect(y.dtype == dtype)
    let expected = x.cast(to: .float32).quantizedMatmul(weight, activations: .int8).cast(to: dtype)
    #expect(try y.scalars() == expected.scalars())
  }

  /// In float64, products are those of the decoded weights and have errors of float64.
  @Test(arguments: TestDevices.all.filter { $0.backend.computes(.float64) }, formats)
  func numbersOfFloat64AreMultipliedInFloat64(_ device: Device, _ format: BlockFormat) throws {
    let weight = try QuantizedMatrix(quantizing: Tensor(Self.numbers(640, seed: 10), shape: [10, 64]), as: format)
    let x = Self.numbers(192, seed: 11)
    let tensor = Tensor(x, shape: [3, 64], on: device).cast(to: .float64)
    for (activations, inputs) in [(QuantizedMatrix.Activations.float32, x), (.int8, Self.rounded(x))] {
      let y = tensor.quantizedMatmul(weight, activations: activations)
      #expect(y.dtype == .float64)
      try expect(y, Self.product(inputs, weight), shape: [3, 10], tolerance: activations == .int8 ? 1e-6 : 1e-13)
    }
  }

  // MARK: Other operands

  @Test func emptyOperandsGiveZerosOrNothing() throws {
    let none = try QuantizedMatrix(quantizing: .zeros([0, 32]))
    #expect(Tensor.ones([3, 32]).quantizedMatmul(none).shape == [3, 0])
    let narrow = try QuantizedMatrix(quantizing: .zeros([2, 0]))
    try expect(Tensor.ones([3, 0]).quantizedMatmul(narrow), [0, 0, 0, 0, 0, 0], shape: [3, 2])
    let weight = try QuantizedMatrix(quantizing: .ones([2, 32]))
    for activations in QuantizedMatrix.Activations.allCases {
      #expect(Tensor.ones([0, 32]).quantizedMatmul(weight, activations: activations).shape == [0, 2])
      #expect(Tensor.ones([3, 0]).quantizedMatmul(narrow, activations: activations).shape == [3, 2])
      #expect(Tensor.ones([3, 32]).quantizedMatmul(none, activations: activations).shape == [3, 0])
    }
    #expect(try none.dequantized().shape == [0, 32])
  }

  /// A block with a number that is not finite does not become one of numbers, and the others stay as they are.
  @Test(arguments: formats) func numbersThatAreNotFiniteAreNotHidden(_ format: BlockFormat) throws {
    for wrong in [Float.nan, .infinity, -.infinity] {
      var numbers = [Float](repeating: 0.5, count: 64)
      numbers[7] = wrong
      let decoded = try QuantizedMatrix(quantizing: Tensor(numbers, shape: [1, 64]), as: format).dequantized().scalars()
      #expect(!decoded[7].isFinite, "\(wrong)")
      #expect(decoded[32...].allSatisfy { abs($0 - 0.5) < 1e-3 })
    }
  }
}
