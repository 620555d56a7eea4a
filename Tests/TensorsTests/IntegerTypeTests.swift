import TestSupport
import Tensors
import Testing

/// Arithmetic on all integer types. Expected results are those of NumPy on arrays of the type, such as `a + b`, `a // b`,
/// `np.gcd(a, b)`, `a << np.int8(3)`, and `a.reshape(2, 3) @ b.reshape(3, 2)`; sums and products of int8, uint8, and int16
/// are PyTorch's, which are int64 (`a.sum(dtype=np.int64)`, `(a | 1).prod(dtype=np.int64)`).
@Suite struct IntegerTypeTests {
  static let devices = TestDevices.all.filter { $0.backend.computes(.int64) }

  @Test(arguments: devices, IntegerCase.all)
  func resultsAreThoseOfNumPy(_ device: Device, _ test: IntegerCase) throws {
    let (a, b) = (Tensor(test.a, dtype: test.dtype, on: device), Tensor(test.b, dtype: test.dtype, on: device))
    for (name, expected) in test.results {
      let y = try #require(Self.result(of: name, a, b), "\(name)")
      #expect(try y.scalars(as: Int64.self) == expected, "\(name) of \(test.dtype)")
      #expect(y.dtype == Self.type(of: name, test.dtype), "\(name) of \(test.dtype)")
    }
  }

  private static func result(of name: String, _ a: Tensor, _ b: Tensor) -> Tensor? {
    switch name {
    case "+": a + b
    case "-": a - b
    case "*": a * b
    case "floorDivided": a.floorDivided(by: b)
    case "remainder": a.remainder(b)
    case "negative": -a
    case "magnitude": a.magnitude()
    case "squared": a.squared()
    case "&": a & b
    case "|": a | b
    case "^": a ^ b
    case "~": ~a
    case "maximum": a.maximum(b)
    case "minimum": a.minimum(b)
    case "less": a .< b
    case "gcd": a.gcd(b)
    case "lcm": a.lcm(b)
    case "<<": a << 3
    case ">>": a >> 3
    case "sum": a.sum()
    // Of odd numbers, because the product of even ones soon loses all its bits.
    case "product": (a | 1).product()
    case "cumulativeSum": a.cumulativeSum(axis: 0)
    case "cumulativeProduct": (a | 1).cumulativeProduct(axis: 0)
    case "max": a.max()
    case "min": a.min()
    case "argsort": a.argsort()
    case "sorted": a.sorted()
    case "argmax": a.argmax(axis: 0)
    case "matmul": a.reshaped([2, 3]).matmul(b.reshaped([3, 2]))
    default: nil
    }
  }

  private static func type(of name: String, _ dtype: DType) -> DType {
    switch name {
    case "less": .bool
    case "argsort", "argmax": .int32
    case "sum", "product", "cumulativeSum", "cumulativeProduct": dtype == .int32 ? .int32 : .int64
    default: dtype
    }
  }

  /// Integers of which float64 does not hold all bits.
  @Test(arguments: devices) func longIntegersAreExact(_ device: Device) throws {
    let limit: Int64 = 1 << 53
    let x = Tensor([limit + 1, limit, limit + 2, limit + 1], on: device)
    #expect(try (x + 1).scalars(as: Int64.self) == [limit + 2, limit + 1, limit + 3, limit + 2])
    #expect(try (1 - x).scalars(as: Int64.self) == [-limit, 1 - limit, -limit - 1, -limit])
    #expect(try (x .== x[0]).scalars(as: Bool.self) == [true, false, false, true])
    #expect(try (x .> limit).scalars(as: Bool.self) == [true, false, true, true])
    #expect(try x.max().item(as: Int64.self) == limit + 2 && x.argmin(axis: 0).item(as: Int.self) == 1)
    #expect(try x.argsort(descending: true).scalars(as: Int.self) == [2, 0, 3, 1])
    #expect(try x.topK(2).values.scalars(as: Int64.self) == [limit + 2, limit + 1])
    #expect(try x.sum().item(as: Int64.self) == 4 * limit + 4)
    let places = Tensor(integers: [1, 0, 1], on: device)
    let added = Tensor.zeros([2], dtype: .int64, on: device).scatterAdded(x[..<3], at: places)
    #expect(try added.scalars(as: Int64.self) == [limit, 2 * limit + 3])
    let start = Int(limit) + 1
    #expect(
      try Tensor.range(start..<start + 3, dtype: .int64, on: device).scalars(as: Int.self)
        == [start, start + 1, start + 2])
    #expect(try x.isEqual(to: x) && !x.isEqual(to: x - 1))
  }

  @Test(arguments: devices) func numbersTakeTheTypeOfTheTensor(_ device: Device) throws {
    let pixels = Tensor([0, 100, 255] as [UInt8], on: device)
    #expect(try (pixels + 1).scalars(as: Int.self) == [1, 101, 0] && (pixels + 1).dtype == .uint8)
    #expect(try (255 - pixels).scalars(as: Int.self) == [255, 155, 0])
    #expect(try (pixels .>= 100).scalars(as: Bool.self) == [false, true, true])
    #expect(try pixels.clamped(to: 50...200).scalars(as: Int.self) == [50, 100, 200])
    #expect(try (pixels / 0).scalars(as: Int.self) == [0, 0, 0])
    // A shift beyond the number of bits shifts all of them out.
    #expect(try (pixels << 9).scalars(as: Int.self) == [0, 0, 0] && (pixels >> 40).scalars(as: Int.self) == [0, 0, 0])
    #expect(try (Tensor([-5] as [Int8], on: device) >> 40).item(as: Int.self) == -1)
    var sum = pixels
    sum += pixels
    #expect(try sum.scalars(as: Int.self) == [0, 200, 254] && sum.dtype == .uint8)
    #expect(try pixels.any().item(as: Bool.self) && !pixels.all().item(as: Bool.self))
    #expect(try pixels.allClose(pixels + 0) && !pixels.allClose(255 - pixels))
    #expect(try Tensor.range(250..<256, dtype: .uint8, on: device).sum().item(as: Int.self) == 1515)
    let short = Tensor([1, -1] as [Int16], on: device)
    #expect(try short.signBit().scalars(as: Bool.self) == [false, true])
  }

  /// PyTorch: div(x, y, rounding_mode="trunc"). NumPy: x // 0 and x % 0.
  @Test(arguments: devices, [.int8, .int16, .int32, .int64] as [DType])
  func quotientsRoundTowardZero(_ device: Device, _ dtype: DType) throws {
    let x = Tensor([-7, 7, -7, 7, -128, 5, -5, 0] as [Int64], dtype: dtype, on: device)
    let y = Tensor([2, -2, -2, 2, 3, 7, 7, 3] as [Int64], dtype: dtype, on: device)
    #expect(try (x / y).scalars(as: Int.self) == [-3, -3, 3, 3, -42, 0, 0, 0])
    #expect(try (x / -2).scalars(as: Int.self) == [3, -3, 3, -3, 64, -2, 2, 0])
    #expect(try (-7 / y).scalars(as: Int.self) == [-3, 3, 3, -3, -2, -1, -1, -2])
    let (zero, zeros) = (Tensor.zeros(like: x), [Int](repeating: 0, count: 8))
    for y in [x / zero, x / 0, x.floorDivided(by: zero), x.floorDivided(by: 0), x.remainder(zero), x.remainder(0)] {
      #expect(try y.scalars(as: Int.self) == zeros)
    }
  }

  /// NumPy: left_shift and right_shift. A negative distance shifts in the other direction, as in Swift.
  @Test(arguments: devices) func shiftsBeyondTheBitsAndBackward(_ device: Device) throws {
    let x = Tensor([1, -5, 1 << 62, .min] as [Int64], on: device)
    let (none, signs) = ([0, 0, 0, 0] as [Int64], [0, -1, 0, -1] as [Int64])
    let twice = [2, -10, .min, 0] as [Int64], half = [0, -3, 1 << 61, -(1 << 62)] as [Int64]
    let far = Tensor([64, 65, 1000, .max] as [Int64], on: device), farthest = Tensor([.min] as [Int64], on: device)
    for y in [x << far, x << 64, x << 1000, x >> -far, x >> -64, x >> farthest] {
      #expect(try y.scalars(as: Int64.self) == none)
    }
    for y in [x >> far, x >> 64, x >> 1000, x << -far, x << -64, x << farthest] {
      #expect(try y.scalars(as: Int64.self) == signs)
    }
    let back = Tensor([-1] as [Int64], on: device)
    for y in [x << 1, x >> -1, x >> back] { #expect(try y.scalars(as: Int64.self) == twice) }
    for y in [x >> 1, x << -1, x << back] { #expect(try y.scalars(as: Int64.self) == half) }
    let short = Tensor(integers: [1, -5], on: device)
    #expect(try (short << 32).scalars(as: Int.self) == [0, 0] && (short >> 32).scalars(as: Int.self) == [0, -1])
    #expect(try (short << -1).scalars(as: Int.self) == [0, -3] && (short >> -1).scalars(as: Int.self) == [2, -10])
  }

  /// The largest of no numbers is the smallest number of the type, and the reverse.
  @Test(arguments: devices) func extremesOfNoElements(_ device: Device) throws {
    let limits: [(DType, ClosedRange<Int>)] = [
      (.int8, -128...127), (.uint8, 0...255), (.int16, -32_768...32_767), (.int32, -2_147_483_648...2_147_483_647),
      (.int64, Int.min...Int.max),
    ]
    for (dtype, range) in limits {
      let x = Tensor.zeros([2, 0, 3], dtype: dtype, on: device)
      let (most, least) = (x.max(axis: 1), x.min(axes: [0, 1], keepingRank: true))
      #expect(most.dtype == dtype && most.shape == [2, 3] && least.dtype == dtype && least.shape == [1, 1, 3])
      #expect(try most.scalars(as: Int.self) == [Int](repeating: range.lowerBound, count: 6), "\(dtype)")
      #expect(try least.scalars(as: Int.self) == [Int](repeating: range.upperBound, count: 3), "\(dtype)")
      #expect(try x.max().item(as: Int.self) == range.lowerBound, "\(dtype)")
      #expect(try x.min().item(as: Int.self) == range.upperBound, "\(dtype)")
      #expect(x.max(axis: 0).shape == [0, 3])
    }
  }

  /// NumPy: einsum of arrays of the type, which wraps around.
  @Test(arguments: devices) func einsumKeepsTheType(_ device: Device) throws {
    let cases: [(DType, a: [Int64], b: [Int64], product: [Int64], sums: [Int64])] = [
      (.int8, [100, -128, 7, 127, 3, -5], [1, 2, 3, 4, -5, 6], [98, -34], [-29, -125, 2]),
      (.uint8, [100, 128, 7, 127, 3, 251], [1, 2, 3, 4, 251, 6], [98, 222], [227, 131, 2]),
      (.int16, [30000, 27136, 2100, -27436, 900, -1500], [1, 2, 3, 4, -5, 6], [18136, -10200], [2564, 28036, 600]),
    ]
    for (dtype, a, b, product, sums) in cases {
      let x = Tensor(a, shape: [2, 3], dtype: dtype, on: device)
      let y = Tensor(b, shape: [3, 2], dtype: dtype, on: device)
      let (products, columns) = (Tensor.einsum("ij,jk->k", x, y), Tensor.einsum("ij->j", x))
      #expect(products.dtype == dtype && columns.dtype == dtype)
      #expect(try products.scalars(as: Int64.self) == product, "\(dtype)")
      #expect(try columns.scalars(as: Int64.self) == sums, "\(dtype)")
    }
  }
}

/// Two operands of a type, and the results of functions of one or both of them.
struct IntegerCase: Sendable, CustomTestStringConvertible {
  let dtype: DType
  let a, b: [Int64]
  let results: [(String, [Int64])]
  var testDescription: String { "\(dtype)" }

  private init(_ dtype: DType, _ a: [Int64], _ b: [Int64], _ results: [(String, [Int64])]) {
    (self.dtype, self.a, self.b, self.results) = (dtype, a, b, results)
  }

  static let all = [
    IntegerCase(
      .int8, [-128, -7, 7, 127, -128, 100], [-1, 2, -2, 127, 127, 99],
      [
        ("+", [127, -5, 5, -2, -1, -57]),
        ("-", [-127, -9, 9, 0, 1, 1]),
        ("*", [-128, -14, -14, 1, -128, -84]),
        ("floorDivided", [-128, -4, -4, 1, -2, 1]),
        ("remainder", [0, 1, -1, 0, 126, 1]),
        ("negative", [-128, 7, -7, -127, -128, -100]),
        ("magnitude", [-128, 7, 7, 127, -128, 100]),
        ("squared", [0, 49, 49, 1, 0, 16]),
        ("&", [-128, 0, 6, 127, 0, 96]),
        ("|", [-1, -5, -1, 127, -1, 103]),
        ("^", [127, -5, -7, 0, -1, 7]),
        ("~", [127, 6, -8, -128, 127, -101]),
        ("maximum", [-1, 2, 7, 127, 127, 100]),
        ("minimum", [-128, -7, -2, 127, -128, 99]),
        ("less", [1, 1, 0, 0, 1, 0]),
        ("gcd", [1, 1, 1, 127, 1, 1]),
        ("lcm", [-128, 14, 14, 127, -128, -84]),
        ("<<", [0, -56, 56, -8, 0, 32]),
        (">>", [-16, -1, 0, 15, -16, 12]),
        ("sum", [-29]),
        ("product", [-10137447467]),
        ("cumulativeSum", [-128, -135, -128, -1, -129, -29]),
        ("cumulativeProduct", [-127, 889, 6223, 790321, -100370767, -10137447467]),
        ("max", [127]),
        ("min", [-128]),
        ("argsort", [0, 4, 1, 2, 5, 3]),
        ("sorted", [-128, -128, -7, 7, 100, 127]),
        ("argmax", [3]),
        ("matmul", [7, 60, 29, 42]),
      ]),
    IntegerCase(
      .uint8, [0, 7, 200, 255, 255, 100], [1, 2, 100, 255, 2, 99],
      [
        ("+", [1, 9, 44, 254, 1, 199]),
        ("-", [255, 5, 100, 0, 253, 1]),
        ("*", [0, 14, 32, 1, 254, 172]),
        ("floorDivided", [0, 3, 2, 1, 127, 1]),
        ("remainder", [0, 1, 0, 0, 1, 1]),
        ("negative", [0, 249, 56, 1, 1, 156]),
        ("magnitude", [0, 7, 200, 255, 255, 100]),
        ("squared", [0, 49, 64, 1, 1, 16]),
        ("&", [0, 2, 64, 255, 2, 96]),
        ("|", [1, 7, 236, 255, 255, 103]),
        ("^", [1, 5, 172, 0, 253, 7]),
        ("~", [255, 248, 55, 0, 0, 155]),
        ("maximum", [1, 7, 200, 255, 255, 100]),
        ("minimum", [0, 2, 100, 255, 2, 99]),
        ("less", [1, 0, 0, 0, 0, 0]),
        ("gcd", [1, 1, 100, 255, 1, 1]),
        ("lcm", [0, 14, 200, 255, 254, 172]),
        ("<<", [0, 56, 64, 248, 248, 32]),
        (">>", [0, 0, 25, 31, 31, 12]),
        ("sum", [817]),
        ("product", [9240507675]),
        ("cumulativeSum", [0, 7, 207, 462, 717, 817]),
        ("cumulativeProduct", [1, 7, 1407, 358785, 91490175, 9240507675]),
        ("max", [255]),
        ("min", [0]),
        ("argsort", [0, 1, 5, 2, 3, 4]),
        ("sorted", [0, 7, 100, 200, 255, 255]),
        ("argmax", [3]),
        ("matmul", [76, 81, 99, 171]),
      ]),
    IntegerCase(
      .int16, [-32768, -7, 7, 32767, -32768, 300], [-1, 2, -2, 32767, 3, 299],
      [
        ("+", [32767, -5, 5, -2, -32765, 599]),
        ("-", [-32767, -9, 9, 0, 32765, 1]),
        ("*", [-32768, -14, -14, 1, -32768, 24164]),
        ("floorDivided", [-32768, -4, -4, 1, -10923, 1]),
        ("remainder", [0, 1, -1, 0, 1, 1]),
        ("negative", [-32768, 7, -7, -32767, -32768, -300]),
        ("magnitude", [-32768, 7, 7, 32767, -32768, 300]),
        ("squared", [0, 49, 49, 1, 0, 24464]),
        ("&", [-32768, 0, 6, 32767, 0, 296]),
        ("|", [-1, -5, -1, 32767, -32765, 303]),
        ("^", [32767, -5, -7, 0, -32765, 7]),
        ("~", [32767, 6, -8, -32768, 32767, -301]),
        ("maximum", [-1, 2, 7, 32767, 3, 300]),
        ("minimum", [-32768, -7, -2, 32767, -32768, 299]),
        ("less", [1, 1, 0, 0, 1, 0]),
        ("gcd", [1, 1, 1, 32767, 1, 1]),
        ("lcm", [-32768, 14, 14, 32767, -32768, 24164]),
        ("<<", [0, -56, 56, -8, 0, 2400]),
        (">>", [-4096, -1, 0, 4095, -4096, 37]),
        ("sum", [-32469]),
        ("product", [-518886795533567587]),
        ("cumulativeSum", [-32768, -32775, -32768, -1, -32769, -32469]),
        ("cumulativeProduct", [-32767, 229369, 1605583, 52610138161, -1723876397121487, -518886795533567587]),
        ("max", [32767]),
        ("min", [-32768]),
        ("argsort", [0, 4, 1, 2, 5, 3]),
        ("sorted", [-32768, -32768, -7, 7, 300, 32767]),
        ("argmax", [3]),
        ("matmul", [-32733, -30668, -31867, -8606]),
      ]),
    IntegerCase(
      .int32, [-2147483648, -7, 7, 2147483647, 1073741825, -2147483648], [-1, 2, -2, 2147483647, 3, 1073741823],
      [
        ("+", [2147483647, -5, 5, -2, 1073741828, -1073741825]),
        ("-", [-2147483647, -9, 9, 0, 1073741822, 1073741825]),
        ("*", [-2147483648, -14, -14, 1, -1073741821, -2147483648]),
        ("floorDivided", [-2147483648, -4, -4, 1, 357913941, -3]),
        ("remainder", [0, 1, -1, 0, 2, 1073741821]),
        ("negative", [-2147483648, 7, -7, -2147483647, -1073741825, -2147483648]),
        ("magnitude", [-2147483648, 7, 7, 2147483647, 1073741825, -2147483648]),
        ("squared", [0, 49, 49, 1, -2147483647, 0]),
        ("&", [-2147483648, 0, 6, 2147483647, 1, 0]),
        ("|", [-1, -5, -1, 2147483647, 1073741827, -1073741825]),
        ("^", [2147483647, -5, -7, 0, 1073741826, -1073741825]),
        ("~", [2147483647, 6, -8, -2147483648, -1073741826, 2147483647]),
        ("maximum", [-1, 2, 7, 2147483647, 1073741825, 1073741823]),
        ("minimum", [-2147483648, -7, -2, 2147483647, 3, -2147483648]),
        ("less", [1, 1, 0, 0, 0, 1]),
        ("gcd", [1, 1, 1, 2147483647, 1, 1]),
        ("lcm", [-2147483648, 14, 14, 2147483647, -1073741821, -2147483648]),
        ("<<", [0, -56, 56, -8, 8, 0]),
        (">>", [-268435456, -1, 0, 268435455, 134217728, -268435456]),
        ("sum", [-1073741824]),
        ("product", [-1073741775]),
        ("cumulativeSum", [-2147483648, 2147483641, -2147483648, -1, 1073741824, -1073741824]),
        ("cumulativeProduct", [-2147483647, 2147483641, 2147483599, 49, 1073741873, -1073741775]),
        ("max", [2147483647]),
        ("min", [-2147483648]),
        ("argsort", [0, 5, 1, 2, 4, 3]),
        ("sorted", [-2147483648, -2147483648, -7, 7, 1073741825, 2147483647]),
        ("argmax", [3]),
        ("matmul", [-2147483613, 1073741824, 2147483647, -1073741827]),
      ]),
    IntegerCase(
      .int64, [-9223372036854775808, -7, 7, 9223372036854775807, 4611686018427387905, -9223372036854775808],
      [-1, 2, -2, 9223372036854775807, 3, 4611686018427387903],
      [
        ("+", [9223372036854775807, -5, 5, -2, 4611686018427387908, -4611686018427387905]),
        ("-", [-9223372036854775807, -9, 9, 0, 4611686018427387902, 4611686018427387905]),
        ("*", [-9223372036854775808, -14, -14, 1, -4611686018427387901, -9223372036854775808]),
        ("floorDivided", [-9223372036854775808, -4, -4, 1, 1537228672809129301, -3]),
        ("remainder", [0, 1, -1, 0, 2, 4611686018427387901]),
        ("negative", [-9223372036854775808, 7, -7, -9223372036854775807, -4611686018427387905, -9223372036854775808]),
        ("magnitude", [-9223372036854775808, 7, 7, 9223372036854775807, 4611686018427387905, -9223372036854775808]),
        ("squared", [0, 49, 49, 1, -9223372036854775807, 0]),
        ("&", [-9223372036854775808, 0, 6, 9223372036854775807, 1, 0]),
        ("|", [-1, -5, -1, 9223372036854775807, 4611686018427387907, -4611686018427387905]),
        ("^", [9223372036854775807, -5, -7, 0, 4611686018427387906, -4611686018427387905]),
        ("~", [9223372036854775807, 6, -8, -9223372036854775808, -4611686018427387906, 9223372036854775807]),
        ("maximum", [-1, 2, 7, 9223372036854775807, 4611686018427387905, 4611686018427387903]),
        ("minimum", [-9223372036854775808, -7, -2, 9223372036854775807, 3, -9223372036854775808]),
        ("less", [1, 1, 0, 0, 0, 1]),
        ("gcd", [1, 1, 1, 9223372036854775807, 1, 1]),
        ("lcm", [-9223372036854775808, 14, 14, 9223372036854775807, -4611686018427387901, -9223372036854775808]),
        ("<<", [0, -56, 56, -8, 8, 0]),
        (">>", [-1152921504606846976, -1, 0, 1152921504606846975, 576460752303423488, -1152921504606846976]),
        ("sum", [-4611686018427387904]),
        ("product", [-4611686018427387855]),
        (
          "cumulativeSum",
          [
            -9223372036854775808, 9223372036854775801, -9223372036854775808, -1, 4611686018427387904,
            -4611686018427387904,
          ]
        ),
        (
          "cumulativeProduct",
          [
            -9223372036854775807, 9223372036854775801, 9223372036854775759, 49, 4611686018427387953,
            -4611686018427387855,
          ]
        ),
        ("max", [9223372036854775807]),
        ("min", [-9223372036854775808]),
        ("argsort", [0, 5, 1, 2, 4, 3]),
        ("sorted", [-9223372036854775808, -9223372036854775808, -7, 7, 4611686018427387905, 9223372036854775807]),
        ("argmax", [3]),
        ("matmul", [-9223372036854775773, 4611686018427387904, 9223372036854775807, -4611686018427387907]),
      ]),
  ]
}
