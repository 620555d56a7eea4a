import HostSystem
import Tensors
import Testing

@Suite struct ElementwiseTests {
  /// A function and its C library counterpart.
  struct Function: Sendable {
    var name: String
    var numbers: [Double]
    var tensor: @Sendable (Tensor) -> Tensor
    var oracle: @Sendable (Double) -> Double
  }

  static let any = [-2.5, -1, -0.3, 0, 0.2, 0.5, 1, 3.75]
  static let unit = [-1, -0.75, -0.3, 0, 0.2, 0.5, 0.6, 1]
  static let positive = [0.01, 0.3, 1, 2.5, 40]

  private static func hardSigmoid(_ x: Double) -> Double { min(max(x / 6 + 0.5, 0), 1) }

  static let functions: [Function] = [
    Function(name: "exp", numbers: any, tensor: { $0.exp() }, oracle: { exp($0) }),
    Function(name: "expMinusOne", numbers: any + [1e-6], tensor: { $0.expMinusOne() }, oracle: { expm1($0) }),
    Function(name: "log", numbers: positive, tensor: { $0.log() }, oracle: { log($0) }),
    Function(name: "logOnePlus", numbers: positive + [1e-6], tensor: { $0.logOnePlus() }, oracle: { log1p($0) }),
    Function(name: "squareRoot", numbers: positive, tensor: { $0.squareRoot() }, oracle: { $0.squareRoot() }),
    Function(
      name: "reciprocalSquareRoot", numbers: positive, tensor: { $0.reciprocalSquareRoot() },
      oracle: { 1 / $0.squareRoot() }),
    Function(name: "squared", numbers: any, tensor: { $0.squared() }, oracle: { $0 * $0 }),
    Function(name: "reciprocal", numbers: positive, tensor: { $0.reciprocal() }, oracle: { 1 / $0 }),
    Function(name: "magnitude", numbers: any, tensor: { $0.magnitude() }, oracle: { abs($0) }),
    Function(name: "sign", numbers: any, tensor: { $0.sign() }, oracle: { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }),
    Function(name: "negation", numbers: any, tensor: { -$0 }, oracle: { -$0 }),
    Function(name: "sin", numbers: any, tensor: { $0.sin() }, oracle: { sin($0) }),
    Function(name: "cos", numbers: any, tensor: { $0.cos() }, oracle: { cos($0) }),
    Function(name: "tan", numbers: any, tensor: { $0.tan() }, oracle: { tan($0) }),
    Function(name: "asin", numbers: unit, tensor: { $0.asin() }, oracle: { asin($0) }),
    Function(name: "acos", numbers: unit, tensor: { $0.acos() }, oracle: { acos($0) }),
    Function(name: "atan", numbers: any + [1e20], tensor: { $0.atan() }, oracle: { atan($0) }),
    Function(name: "sinh", numbers: any, tensor: { $0.sinh() }, oracle: { sinh($0) }),
    Function(name: "cosh", numbers: any, tensor: { $0.cosh() }, oracle: { cosh($0) }),
    Function(name: "asinh", numbers: any + [1e20, -1e20], tensor: { $0.asinh() }, oracle: { asinh($0) }),
    Function(name: "acosh", numbers: [1, 1.25, 3, 1e20], tensor: { $0.acosh() }, oracle: { acosh($0) }),
    Function(name: "atanh", numbers: [-0.75, 0, 0.1, 0.9], tensor: { $0.atanh() }, oracle: { atanh($0) }),
    Function(name: "exp2", numbers: any + [10, -10], tensor: { $0.exp2() }, oracle: { exp2($0) }),
    Function(name: "log2", numbers: positive + [8, 0.125], tensor: { $0.log2() }, oracle: { log2($0) }),
    Function(name: "log10", numbers: positive + [1000], tensor: { $0.log10() }, oracle: { log10($0) }),
    Function(name: "erfc", numbers: any + [6], tensor: { $0.erfc() }, oracle: { erfc($0) }),
    Function(name: "logit", numbers: [0.001, 0.25, 0.5, 0.75], tensor: { $0.logit() }, oracle: { log($0 / (1 - $0)) }),
    Function(name: "trunc", numbers: any + [-3.75], tensor: { $0.trunc() }, oracle: { trunc($0) }),
    Function(name: "tanh", numbers: any, tensor: { $0.tanh() }, oracle: { tanh($0) }),
    Function(name: "sigmoid", numbers: any, tensor: { $0.sigmoid() }, oracle: { 1 / (1 + exp(-$0)) }),
    Function(name: "erf", numbers: any, tensor: { $0.erf() }, oracle: { erf($0) }),
    Function(name: "floor", numbers: any, tensor: { $0.floor() }, oracle: { floor($0) }),
    Function(name: "ceil", numbers: any, tensor: { $0.ceil() }, oracle: { ceil($0) }),
    Function(name: "rounded", numbers: any + [2.5, 3.5], tensor: { $0.rounded() }, oracle: { rint($0) }),
    Function(name: "relu", numbers: any, tensor: { $0.relu() }, oracle: { max($0, 0) }),
    Function(name: "leakyReLU", numbers: any, tensor: { $0.leakyReLU() }, oracle: { $0 > 0 ? $0 : 0.01 * $0 }),
    Function(name: "elu", numbers: any, tensor: { $0.elu() }, oracle: { $0 > 0 ? $0 : expm1($0) }),
    Function(name: "gelu", numbers: any, tensor: { $0.gelu() }, oracle: { $0 / 2 * (1 + erf($0 / 2.0.squareRoot())) }),
    Function(name: "silu", numbers: any, tensor: { $0.silu() }, oracle: { $0 / (1 + exp(-$0)) }),
    Function(
      name: "softplus", numbers: any + [100], tensor: { $0.softplus() }, oracle: { $0 > 50 ? $0 : log1p(exp($0)) }),
    Function(name: "mish", numbers: any, tensor: { $0.mish() }, oracle: { $0 * tanh(log1p(exp($0))) }),
    Function(name: "relu6", numbers: any + [6, 7.5], tensor: { $0.relu6() }, oracle: { min(max($0, 0), 6) }),
    Function(
      name: "selu", numbers: any, tensor: { $0.selu() },
      oracle: { 1.0507009873554805 * ($0 > 0 ? $0 : 1.6732632423543772 * expm1($0)) }),
    Function(
      name: "geluTanh", numbers: any, tensor: { $0.geluTanh() },
      oracle: { $0 / 2 * (1 + tanh(0.7978845608028654 * ($0 + 0.044715 * $0 * $0 * $0))) }),
    Function(name: "hardSigmoid", numbers: any + [-3.5], tensor: { $0.hardSigmoid() }, oracle: hardSigmoid),
    Function(name: "hardSwish", numbers: any + [-3.5], tensor: { $0.hardSwish() }, oracle: { $0 * hardSigmoid($0) }),
    Function(name: "softsign", numbers: any, tensor: { $0.softsign() }, oracle: { $0 / (1 + abs($0)) }),
    Function(
      name: "logSigmoid", numbers: any + [-100], tensor: { $0.logSigmoid() },
      oracle: { $0 < -50 ? $0 : -log1p(exp(-$0)) }),
    Function(
      name: "celu", numbers: any, tensor: { $0.celu(0.5) }, oracle: { $0 > 0 ? $0 : 0.5 * expm1($0 / 0.5) }),
    Function(name: "tanhShrink", numbers: any, tensor: { $0.tanhShrink() }, oracle: { $0 - tanh($0) }),
    Function(
      name: "softShrink", numbers: any, tensor: { $0.softShrink(0.25) },
      oracle: { $0 > 0.25 ? $0 - 0.25 : $0 < -0.25 ? $0 + 0.25 : 0 }),
    Function(
      name: "hardShrink", numbers: any, tensor: { $0.hardShrink(0.25) }, oracle: { abs($0) > 0.25 ? $0 : 0 }),
    Function(
      name: "thresholded", numbers: any, tensor: { $0.thresholded(at: 0.5, value: -2) },
      oracle: { $0 > 0.5 ? $0 : -2 }),
    Function(
      name: "squarePlus", numbers: any, tensor: { $0.squarePlus(3) }, oracle: { ($0 + ($0 * $0 + 3).squareRoot()) / 2 }),
    Function(name: "power 2", numbers: any, tensor: { $0.power(2) }, oracle: { $0 * $0 }),
    Function(name: "power 1.5", numbers: positive, tensor: { $0.power(1.5) }, oracle: { pow($0, 1.5) }),
    Function(name: "clamped", numbers: any, tensor: { $0.clamped(to: -0.5...1) }, oracle: { min(max($0, -0.5), 1) }),
    Function(name: "maximum", numbers: any, tensor: { $0.maximum(0.3) }, oracle: { max($0, 0.3) }),
    Function(name: "minimum", numbers: any, tensor: { $0.minimum(0.3) }, oracle: { min($0, 0.3) }),
    Function(name: "remainder", numbers: any, tensor: { $0.remainder(0.75) }, oracle: { $0 - 0.75 * floor($0 / 0.75) }),
    Function(name: "x + 2", numbers: any, tensor: { $0 + 2 }, oracle: { $0 + 2 }),
    Function(name: "2 - x", numbers: any, tensor: { 2 - $0 }, oracle: { 2 - $0 }),
    Function(name: "x - 2.5", numbers: any, tensor: { $0 - 2.5 }, oracle: { $0 - 2.5 }),
    Function(name: "3 x", numbers: any, tensor: { 3 * $0 }, oracle: { 3 * $0 }),
    Function(name: "x / 4", numbers: any, tensor: { $0 / 4 }, oracle: { $0 / 4 }),
    Function(name: "4 / x", numbers: positive, tensor: { Float(4) / $0 }, oracle: { 4 / $0 }),
  ]

  /// Values of mpmath 1.3.
  @Test(arguments: TestDevices.all) func erfInverseHasKnownValues(_ device: Device) throws {
    let x = Tensor([0, 0.5, -0.5, 0.9, 0.99, -0.999, 1, -1, 1.5] as [Double], dtype: .float32, on: device)
    let known = [0, 0.4769362762044699, -0.4769362762044699, 1.163087153676674, 1.821386367718450, -2.326753765513525]
    let found = try x.erfInverse().scalars(as: Double.self)
    for (value, expected) in zip(found, known) { #expect(abs(value - expected) <= 1e-5 * abs(expected)) }
    #expect(found[6] == .infinity && found[7] == -.infinity && found[8].isNaN)
  }

  /// Values of mpmath 1.3 and, at poles and infinities, of PyTorch 2.15.
  @Test(arguments: TestDevices.all) func gammaFunctionsHaveKnownValues(_ device: Device) throws {
    let x = Tensor([-2.5, -0.75, 0.01, 0.3, 1, 2.25, 50] as [Double], dtype: .float32, on: device)
    let logarithms = [
      -0.056243716497674054, 1.5757045971498584, 4.599479878042022, 1.0957979948180756, 0, 0.1248717148923966,
      144.5657439463449,
    ]
    let derivatives = [
      1.103156640645243, -2.894120200042932, -100.56088545786868, -3.502524222200133, -0.5772156649015329,
      0.5725464666237345, 3.901989673427892,
    ]
    let second = [
      9.539246644989124, 18.975106932284888, 10001.621213528313, 12.245364546107732, 1.6449340668482264,
      0.5573291545071107, 0.020201333226697125,
    ]
    try expect(x.logGamma(), logarithms, tolerance: 2e-6)
    try expect(x.digamma(), derivatives, tolerance: 2e-6)
    try expect(x.trigamma(), second, tolerance: 2e-6)
    try expect(x.polygamma(0), derivatives, tolerance: 2e-6)
    try expect(x.polygamma(1), second, tolerance: 2e-6)
    let special = Tensor([0, -0.0, -2, .infinity, -.infinity, .nan] as [Float], on: device)
    try expect(special.logGamma(), [.infinity, .infinity, .infinity, .infinity, .infinity, .nan])
    try expect(special.digamma(), [-.infinity, .infinity, .nan, .infinity, .nan, .nan])
    try expect(special.trigamma(), [.infinity, .infinity, .infinity, 0, .nan, .nan])
  }

  @Test(arguments: TestDevices.all) func polygammaAndMultivariateGammaHaveKnownValues(_ device: Device) throws {
    let cases: [(order: Int, x: Float, value: Double)] = [
      (2, 0.3, -75.27253658872604), (2, -1.3, 68.54941347116214), (3, 0.3, 743.1417646550498),
      (3, -1.3, 768.7206571990426), (6, 2.5, -1.318006107550035), (6, -0.4, 413705.1270716368),
      (16, 3.5, -11958.830739645904),
    ]
    for (order, x, value) in cases {
      // The rounding of x counts n + 1 times.
      try expect(Tensor([x], on: device).polygamma(order), [value], tolerance: 4e-6, "ψ⁽ⁿ⁾ for n = \(order) at \(x)")
    }
    // PyTorch's mvlgamma.
    let x = Tensor([2.5, 7], on: device)
    try expect(x.multivariateLogGamma(3), [1.8809954616117743, 18.74639984342339], tolerance: 2e-6)
  }

  /// mpmath: besseli(0, x) and besseli(1, x).
  @Test(arguments: TestDevices.all) func besselFunctionHasKnownValues(_ device: Device) throws {
    let x = Tensor([-20, -8.5, -8, -1.25, 0, 0.5, 3, 7.75, 8.25, 12, 40, 88], on: device)
    let values = [
      43558282.559553534, 683.1619269901156, 427.5641157218048, 1.4304687177218296, 1, 1.0634833707413236,
      4.8807925858650245, 338.5137537472759, 540.325079074807, 18948.925349296307, 1.48947747934199e+16,
      7.034019697322304e+36,
    ]
    let derivatives = [
      -42454973.38512777, -641.6199025400667, -399.8731367825601, -0.7552814183407472, 0, 0.2578943053908963,
      3.9533702174026093, 315.85248092400343, 506.4338383076455, 18141.348781638833, 1.4707396163259352e+16,
      6.993938822790253e+36,
    ]
    try expect(x.besselI0(), values)
    try expect(valueAndGradient(at: x) { $0.besselI0().sum() }.gradient, derivatives, tolerance: 4e-6)
    // eˣ is beyond float32.
    try expect(Tensor([90], on: device).besselI0(), [5.139238345508664e+37])
    try expect(Tensor([.infinity, -.infinity, .nan], on: device).besselI0(), [.infinity, .infinity, .nan])
  }

  @Test func besselFunctionIsPreciseInFloat64() throws {
    let x = Tensor([-20, -1.25, 3, 7.75, 8.25, 90], dtype: .float64, on: TestDevices.reference)
    let values = [
      43558282.559553534, 1.4304687177218296, 4.8807925858650245, 338.5137537472759, 540.325079074807,
      5.139238345508664e+37,
    ]
    try expect(x.besselI0(), values, tolerance: 3e-12)
  }

  @Test(arguments: TestDevices.all) func infinitiesAreFound(_ device: Device) throws {
    let x = Tensor([1, .infinity, -.infinity, .nan] as [Float], on: device)
    #expect(try x.isInfinite().scalars(as: Bool.self) == [false, true, true, false])
  }

  @Test(arguments: TestDevices.all)
  func functionsOfOneNumber(_ device: Device) throws {
    for function in ElementwiseTests.functions {
      let numbers = function.numbers.map { Double(Float($0)) }
      let x = Tensor(numbers, shape: [1, numbers.count], on: device)
      let result = function.tensor(x)
      try expect(result, numbers.map(function.oracle), shape: x.shape, "\(function.name)")
      #expect(result.device == device && result.dtype == .float32)
    }
  }

  @Test(arguments: TestDevices.all)
  func specialNumbers(_ device: Device) throws {
    let x = Tensor([.nan, .infinity, -.infinity, 0], on: device)
    #expect(try x.isNaN().scalars(as: Bool.self) == [true, false, false, false])
    #expect(try x.isFinite().scalars(as: Bool.self) == [false, false, false, true])
    try expect(x.relu(), [.nan, .infinity, 0, 0])
    try expect(x.maximum(Tensor(1, on: device)), [.nan, .infinity, 1, 1])
    // The value is the same while a gradient is recorded.
    let recorded = valueAndGradient(at: x) { $0.maximum(Double.nan).sum() + $0.minimum(Double.nan).sum() }
    try expect(recorded.value, [.nan])
    try expect(valueAndGradient(at: Tensor(1, on: device)) { $0.maximum(Double.nan) }.value, [.nan])
    try expect(x.clamped(to: -2...2), [.nan, 2, -2, 0])
  }

  @Test(arguments: TestDevices.all)
  func binaryWithBroadcasting(_ device: Device) throws {
    let a = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3], on: device)
    let row = Tensor([1, 2, 4], on: device)
    let column = Tensor([10, 20], shape: [2, 1], on: device)
    try expect(a + row, [2, 4, 7, 5, 7, 10], shape: [2, 3])
    try expect(row - a, [0, 0, 1, -3, -3, -2], shape: [2, 3])
    try expect(a * column, [10, 20, 30, 80, 100, 120], shape: [2, 3])
    try expect(a / row, [1, 1, 0.75, 4, 2.5, 1.5], shape: [2, 3])
    try expect(row + column, [11, 12, 14, 21, 22, 24], shape: [2, 3])
    try expect(column.power(row), [10, 100, 10000, 20, 400, 160000], shape: [2, 3], tolerance: 1e-5)
    try expect(a.maximum(row + 1), [2, 3, 5, 4, 5, 6])
    try expect(a.minimum(row + 1), [1, 2, 3, 2, 3, 5])
    try expect((a - 3.5).remainder(row), [0.5, 0.5, 3.5, 0.5, 1.5, 2.5])
    try expect(Tensor(2, on: device) * a, [2, 4, 6, 8, 10, 12], shape: [2, 3])
    try expect(a + Tensor.zeros([2, 1, 1, 3], on: device), [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6], shape: [2, 1, 2, 3])
    try expect(Tensor.zeros([0, 3], on: device) + row, [], shape: [0, 3])
  }

  @Test(arguments: TestDevices.all)
  func integers(_ device: Device) throws {
    let a = Tensor(integers: [7, -7, 5], on: device)
    let b = Tensor(integers: [2, 2, 0], on: device)
    #expect(try (a + b).scalars(as: Int32.self) == [9, -5, 5])
    #expect(try (a / b).scalars(as: Int32.self) == [3, -3, 0])
    #expect(try a.remainder(b).scalars(as: Int32.self) == [1, 1, 0])
    #expect(try (a * 3 - 1).scalars(as: Int32.self) == [20, -22, 14])
    #expect(try a.magnitude().scalars(as: Int32.self) == [7, 7, 5])
    #expect(try (-a).scalars(as: Int32.self) == [-7, 7, -5])
    #expect(try a.clamped(to: -1...6).scalars(as: Int32.self) == [6, -1, 5])
    #expect((a + b).dtype == .int32)
  }

  /// NumPy: gcd and lcm.
  @Test(arguments: TestDevices.all)
  func commonDivisors(_ device: Device) throws {
    let a = Tensor(
      integers: [12, -12, 0, 7, 0, 1_836_311_903, 1_134_903_170, -2_147_483_648, 2_147_483_647], on: device)
    let b = Tensor(integers: [18, 30, 5, 0, 0, 1_134_903_170, 1_836_311_903, 6, -1], on: device)
    #expect(try a.gcd(b).scalars(as: Int32.self) == [6, 6, 5, 7, 0, 1, 1, 2, 1])
    #expect(try b.gcd(a).scalars(as: Int32.self) == [6, 6, 5, 7, 0, 1, 1, 2, 1])
    let c = Tensor(integers: [4, -6, 0, 46341], shape: [4, 1], on: device)
    let d = Tensor(integers: [6, 0, -9], on: device)
    #expect(try c.lcm(d).scalars(as: Int32.self) == [12, 0, 36, 6, 0, 18, 0, 0, 0, 92682, 0, 46341])
    #expect(try c.gcd(d).scalars(as: Int32.self) == [2, 4, 1, 6, 6, 3, 6, 0, 9, 3, 46341, 9])
  }

  /// NumPy's results in double precision; of float32 for the floor of 1/0.1.
  @Test(arguments: TestDevices.all)
  func functionsOfTwo(_ device: Device) throws {
    func row(_ numbers: [Double]) -> Tensor { Tensor(numbers.map { Float($0) }, on: device) }
    try expect(
      row([7, -7, 7, -7, 1, 1, -3]).floorDivided(by: row([2, 2, -2, -2, 0.1, 0, .infinity])),
      [3, -4, -4, 3, 9, .infinity, -1])
    try expect(row([7, -7.5]).floorDivided(by: 2), [3, -4])
    try expect(
      row([3, 1e30, 0, .infinity, 1e-30]).hypot(row([-4, 1e30, 0, .nan, 0])),
      [5, 1.4142135623730951e30, 0, .infinity, 1e-30], tolerance: 1e-6)
    try expect(
      row([0, 1, -1, 0, -0.0, 1, 0, 3]).atan2(row([1, 0, -1, -1, -1, .infinity, 0, 4])),
      [0, 1.5707963267948966, -2.356194490192345, .pi, -.pi, 0, 0, 0.6435011087932844], tolerance: 1e-6)
    try expect(
      row([0, 1000, -.infinity, .infinity, 1, -.infinity]).logAddExp(row([0, 1000, -.infinity, .infinity, -2, 3])),
      [0.6931471805599453, 1000.6931471805599, -.infinity, .infinity, 1.0485873515737421, 3], tolerance: 1e-6)
    try expect(
      row([2, -3, 0, 4]).withSign(of: row([-1, 1, -0.0, -0.0])).reciprocal(), [-0.5, 1.0 / 3, -.infinity, -0.25])
    try expect(row([2, -3]).withSign(of: -1), [-2, -3])
    try expect(
      row([0, 0, 0, 2, 0]).xlogy(row([0, .infinity, -1, 3, .nan])), [0, 0, 0, 2.1972245773362196, .nan],
      tolerance: 1e-6)
    try expect(row([1, 2]).expanded(axis: 1).hypot(row([0, 0, 0])), [1, 1, 1, 2, 2, 2], shape: [2, 3])
  }

  /// PyTorch's gradients, except where the documentation states a difference.
  @Test(arguments: TestDevices.all)
  func gradientsOfFunctionsOfTwo(_ device: Device) throws {
    func gradients(_ a: [Double], _ b: [Double], _ body: (Tensor, Tensor) -> Tensor) -> (Tensor, Tensor) {
      let (a, b) = (Tensor(a.map { Float($0) }, on: device), Tensor(b.map { Float($0) }, on: device))
      return valueAndGradient(at: a, b) { body($0, $1).sum() }.gradient
    }
    let hypot = gradients([0, 3e30], [0, 4e30]) { $0.hypot($1) }
    try expect(hypot.0, [0, 0.6], tolerance: 1e-6)
    try expect(hypot.1, [0, 0.8], tolerance: 1e-6)
    let angle = gradients([0, 3e-30], [0, 4e-30]) { $0.atan2($1) * 1e-30 }
    try expect(angle.0, [0, 0.16], tolerance: 1e-6)
    try expect(angle.1, [0, -0.12], tolerance: 1e-6)
    let sum = gradients([-.infinity, 0, -90], [-.infinity, 0, 0]) { $0.logAddExp($1) }
    try expect(sum.0, [0.5, 0.5, 8.194012623990515e-40], tolerance: 1e-6)
    try expect(sum.1, [0.5, 0.5, 1], tolerance: 1e-6)
    let sign = gradients([2, -3, 0, 4], [-1, -1, 1, 2]) { $0.withSign(of: $1) }
    try expect(sign.0, [-1, 1, 0, 1])
    try expect(sign.1, [0, 0, 0, 0])
    let product = gradients([0, 0, 2], [0, 4, 4]) { $0.xlogy($1) }
    try expect(product.0, [0, 1.3862943611198906, 1.3862943611198906], tolerance: 1e-6)
    try expect(product.1, [0, 0, 0.5])
    let quotient = gradients([7], [2]) { $0.floorDivided(by: $1) * $0 }
    try expect(quotient.0, [3])
    try expect(quotient.1, [0])
  }

  @Test(arguments: TestDevices.all)
  func bits(_ device: Device) throws {
    func row(_ numbers: [Int32]) -> Tensor { Tensor(integers: numbers.map(Int.init), on: device) }
    let (a, b) = (row([12, -1, 7]), row([10, 255, 2]))
    #expect(try (a & b).scalars(as: Int32.self) == [8, 255, 2])
    #expect(try (a | b).scalars(as: Int32.self) == [14, -1, 7])
    #expect(try (a ^ b).scalars(as: Int32.self) == [6, -256, 5])
    #expect(try (~a).scalars(as: Int32.self) == [-13, 0, -8])
    #expect(try (a & 6).scalars(as: Int32.self) == [4, 6, 6])
    #expect(try (row([1, 3, -8, 5, 12]) << row([4, 31, 1, 40, -2])).scalars(as: Int32.self) == [16, .min, -16, 0, 3])
    #expect(try (row([16, -8, -8, 5, 9]) >> row([2, 1, 40, -1, .min])).scalars(as: Int32.self) == [4, -4, -1, 10, 0])
    #expect(try (1 << row([0, 5, 31])).scalars(as: Int32.self) == [1, 32, .min])
    #expect(try (row([-9, 9]) >> 1).scalars(as: Int32.self) == [-5, 4])
    #expect(
      try row([7, -7, 5, .min]).floorDivided(by: row([2, 2, 0, -1])).scalars(as: Int32.self) == [3, -4, 0, .min])
  }

  @Test(arguments: TestDevices.all)
  func comparisons(_ device: Device) throws {
    let a = Tensor([1, 2, 3, .nan], on: device)
    let b = Tensor([2, 2, 2, .nan], on: device)
    #expect(try (a .< b).scalars(as: Bool.self) == [true, false, false, false])
    #expect(try (a .<= b).scalars(as: Bool.self) == [true, true, false, false])
    #expect(try (a .> b).scalars(as: Bool.self) == [false, false, true, false])
    #expect(try (a .>= 2).scalars(as: Bool.self) == [false, true, true, false])
    #expect(try (a .== 2).scalars(as: Bool.self) == [false, true, false, false])
    #expect(try (a .!= b).scalars(as: Bool.self) == [true, false, true, true])
    #expect(try (a .< 2.5).scalars(as: Bool.self) == [true, true, false, false])
    #expect(try (a .> Float(2.5)).scalars(as: Bool.self) == [false, false, true, false])
    #expect(try (a .<= 2).scalars(as: Bool.self) == [true, true, false, false])
    #expect(try (a .!= 2).scalars(as: Bool.self) == [true, false, true, true])
    let mask = Tensor([true, true, false], on: device)
    let other = Tensor([true, false, false], on: device)
    #expect(try (mask .& other).scalars(as: Bool.self) == [true, false, false])
    #expect(try (mask .| other).scalars(as: Bool.self) == [true, true, false])
    #expect(try (.!mask).scalars(as: Bool.self) == [false, false, true])
    #expect(try (mask .== other).scalars(as: Bool.self) == [true, false, true])
    #expect(try (mask .!= other).scalars(as: Bool.self) == [false, true, false])
    #expect((a .< b).dtype == .bool)
  }

  @Test(arguments: TestDevices.all)
  func replacing(_ device: Device) throws {
    let x = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    try expect(x.replacing(with: 0, where: x .> 2), [1, 2, 0, 0], shape: [2, 2])
    try expect(x.replacing(with: -x, where: Tensor([true, false], on: device)), [-1, 2, -3, 4], shape: [2, 2])
    let labels = Tensor(integers: [1, -1], on: device)
    #expect(try labels.replacing(with: 0, where: labels .< 0).scalars(as: Int32.self) == [1, 0])
  }
}
