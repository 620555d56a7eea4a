import HostSystem
@testable import BackendCPU
import BackendCore
@testable import BackendReference
import CPUKernels
import Testing

/// Compares vector mathematics with the C library in Double, over a sweep of all float32 bit patterns.
@Suite struct MathematicsTests {
  struct Function: Sendable, CustomTestStringConvertible {
    let kind: UnaryOp.Kind
    /// The distance from the exact result, in units of the last place of the result.
    let bound: Double
    /// The terms of which the result is a difference: where they are larger, units of their last place count.
    var terms: @Sendable (Double) -> Double = { _ in 0 }
    let exact: @Sendable (Double) -> Double
    var testDescription: String { "\(kind)" }
  }

  /// The inverse of erf by bisection of erfc, which is accurate where erf is near 1; for small x, its series.
  private static func inverseOfErf(_ x: Double) -> Double {
    let size = abs(x)
    guard size < 1 else { return size == 1 ? x * .infinity : .nan }
    if size < 1e-4 { return x * Double.pi.squareRoot() / 2 * (1 + Double.pi * x * x / 12) }
    var (low, high) = (0.0, 6.0)
    for _ in 0..<60 {
      let y = (low + high) / 2
      if erfc(y) > 1 - size { low = y } else { high = y }
    }
    return x < 0 ? -low : low
  }

  static let functions: [Function] = [
    Function(kind: .exp, bound: 1) { exp($0) },
    Function(kind: .log, bound: 1) { log($0) },
    Function(kind: .tanh, bound: 2.5) { tanh($0) },
    Function(kind: .sigmoid, bound: 2.5) { 1 / (1 + exp(-$0)) },
    Function(kind: .gelu, bound: 8) { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) },
    Function(kind: .silu, bound: 3.5) { $0 / (1 + exp(-$0)) },
    // The argument of the exponential function is rounded, which counts most far below zero.
    Function(kind: .geluTanh, bound: 200) {
      $0 / (1 + exp(-2 * (2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
    },
    Function(kind: .relu6, bound: 0) { $0.isNaN ? $0 : min(max($0, 0), 6) },
    Function(kind: .selu, bound: 4) { 1.0507009873554805 * ($0 > 0 ? $0 : 1.6732632423543772 * expm1($0)) },
    Function(kind: .hardSigmoid, bound: 1.5) { $0 <= -3 ? 0 : $0 >= 3 ? 1 : ($0 + 3) / 6 },
    Function(kind: .hardSwish, bound: 2.5) { $0 * ($0 <= -3 ? 0 : $0 >= 3 ? 1 : ($0 + 3) / 6) },
    Function(kind: .softsign, bound: 2) { $0 / (1 + abs($0)) },
    Function(kind: .logSigmoid, bound: 2.5) { min($0, 0) - log1p(exp(-abs($0))) },
    Function(kind: .expMinusOne, bound: 2) { expm1($0) },
    Function(kind: .logOnePlus, bound: 2) { log1p($0) },
    Function(kind: .softplus, bound: 2.5) { max($0, 0) + log1p(exp(-abs($0))) },
    Function(kind: .mish, bound: 6) { $0 * tanh(max($0, 0) + log1p(exp(-abs($0)))) },
    Function(kind: .erf, bound: 2) { erf($0) },
    Function(kind: .sin, bound: 1) { sin($0) },
    Function(kind: .cos, bound: 1) { cos($0) },
    Function(kind: .tan, bound: 2) { tan($0) },
    Function(kind: .asin, bound: 2.5) { asin($0) },
    Function(kind: .acos, bound: 2.5) { acos($0) },
    Function(kind: .atan, bound: 2) { atan($0) },
    Function(kind: .sinh, bound: 2.5) { sinh($0) },
    Function(kind: .cosh, bound: 2.5) { cosh($0) },
    Function(kind: .asinh, bound: 4) { asinh($0) },
    Function(kind: .acosh, bound: 4) { acosh($0) },
    Function(kind: .atanh, bound: 4) { atanh($0) },
    Function(kind: .exp2, bound: 1) { exp2($0) },
    Function(kind: .log2, bound: 2.5) { log2($0) },
    Function(kind: .log10, bound: 2) { log10($0) },
    Function(kind: .erfc, bound: 9) { erfc($0) },
    Function(kind: .erfInverse, bound: 5, exact: inverseOfErf),
    Function(kind: .logGamma, bound: 8, terms: { $0 < 0 ? lgamma(1 - $0) : 0 }, exact: logGamma),
    Function(kind: .digamma, bound: 8, terms: { $0 < 0 ? max(.pi, digamma(1 - $0)) : 0 }, exact: digamma),
    Function(kind: .trigamma, bound: 6, exact: trigamma),
    Function(kind: .trunc, bound: 0) { trunc($0) },
    Function(kind: .squareRoot, bound: 0.51) { $0.squareRoot() },
    Function(kind: .reciprocalSquareRoot, bound: 1.5) { 1 / $0.squareRoot() },
    Function(kind: .floor, bound: 0) { floor($0) },
    Function(kind: .ceil, bound: 0) { ceil($0) },
    Function(kind: .round, bound: 0) { $0.rounded(.toNearestOrEven) },
  ]

  @Test(arguments: functions, InstructionSet.available)
  func staysWithinItsBound(_ function: Function, _ instructionSet: InstructionSet) throws {
    try sweep(function, instructionSet, step: 3701)
  }

  /// `Scripts/test-sanitized` sets these variables.
  private static let isSanitized = environment("ASAN_OPTIONS") != nil || environment("TSAN_OPTIONS") != nil

  /// A fine sweep of the most common functions of networks on the default kernels: 116 million arguments each. The
  /// other instruction sets, and builds with a sanitizer, which would take minutes, run a hundredth of them.
  @Test(
    .enabled(if: !isSanitized),
    arguments: functions.filter { [.exp, .log, .tanh, .sigmoid, .erf, .gelu, .silu].contains($0.kind) })
  func staysWithinItsBoundEverywhere(_ function: Function) throws {
    try sweep(function, try #require(InstructionSet.available.first), step: 37)
  }

  /// All bit patterns in steps of `step`, including NaN, infinities, and denormals.
  private func sweep(_ function: Function, _ instructionSet: InstructionSet, step: UInt64) throws {
    let kernel = instructionSet.kernels!.pointee.unary
    let code = try #require(function.kind.code)
    var x = [Float](repeating: 0, count: 4099)
    var y = x
    var (worst, at) = (0.0, Float(0))
    var bits: UInt64 = 0
    while bits < 1 << 32 {
      for i in x.indices {
        x[i] = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
        bits += step
      }
      kernel(code, x, &y, x.count, 0, 0)
      for i in x.indices {
        let excess = error(y[i], of: function, at: x[i]) - function.bound
        if excess > worst { (worst, at) = (excess, x[i]) }
      }
    }
    #expect(worst <= 0, "\(worst) ulp beyond the bound at \(at)")
  }

  @Test(arguments: functions, InstructionSet.available)
  func isRightAtTheEdges(_ function: Function, _ instructionSet: InstructionSet) throws {
    let kernel = instructionSet.kernels!.pointee.unary
    let code = try #require(function.kind.code)
    let edges: [Float] = [
      0, -0.0, .infinity, -.infinity, .nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
      .leastNormalMagnitude, -.leastNormalMagnitude, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, 1, -1, 88.7228,
      88.7229, 89.1, -87.3, -88.4, -100, -103.9, -104, -150, 0.5, 1.5, 2.5, -0.5, -1.5, 8388607.5, 8388608, 16777215,
      4194303.9, 4194304, 1e9, 0.99999994, 1.0000001, -0.99999994,
    ]
    var y = [Float](repeating: 7, count: edges.count)
    kernel(code, edges, &y, edges.count, 0, 0)
    for (x, found) in zip(edges, y) {
      let exact = function.exact(Double(x))
      #expect(error(found, of: function, at: x) <= function.bound, "\(function.kind)(\(x)) = \(found), not \(exact)")
    }
  }

  /// A function of two numbers, C's in double, and the permitted error in ulps.
  struct Pair: Sendable {
    let code: nn_binary
    let bound: Double
    let exact: @Sendable (Double, Double) -> Double
  }
  static let pairs = [
    Pair(code: nn_binary_power, bound: 1) { pow($0, $1) }, Pair(code: nn_binary_hypot, bound: 2.5) { hypot($0, $1) },
    Pair(code: nn_binary_atan2, bound: 4) { atan2($0, $1) },
    Pair(code: nn_binary_copySign, bound: 0) { copysign($0, $1) },
    Pair(code: nn_binary_remainder, bound: 0.5) { a, b in
      let rest = fmod(a, b)
      return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
    },
  ]

  @Test(arguments: InstructionSet.available, pairs.indices)
  func functionsOfTwoFollowC(_ instructionSet: InstructionSet, _ index: Int) {
    let function = Self.pairs[index]
    let special: [Float] = [
      0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, .infinity, -.infinity, .nan, 1e30, -1e30, 0x1p-130, -0x1p-130, 7, -7,
      16_777_218,
    ]
    var (x, p): ([Float], [Float]) = ([], [])
    for a in special { for b in special { (x, p) = (x + [a], p + [b]) } }
    var numbers = Numbers(seed: 3)
    let bases = numbers.floats(5000, in: -20...20), exponents = numbers.floats(5000, in: -6...6)
    x += bases.map { expf($0) }
    p += exponents
    x += exponents
    p += bases.map { function.code == nn_binary_power ? $0 : -expf($0) }
    var y = [Float](repeating: 0, count: x.count)
    x.withUnsafeBufferPointer { x in
      p.withUnsafeBufferPointer { p in
        instructionSet.kernels!.pointee.binary(
          function.code, nn_view(base: x.baseAddress!, row: 0, column: 1),
          nn_view(base: p.baseAddress!, row: 0, column: 1), &y, 0, 1, x.count)
      }
    }
    for i in x.indices {
      let exact = function.exact(Double(x[i]), Double(p[i]))
      #expect(ulps(y[i], exact) <= function.bound, "\(function.code): \(x[i]), \(p[i]) -> \(y[i]), not \(exact)")
    }
  }

  private func error(_ found: Float, of function: Function, at x: Float) -> Double {
    ulps(found, function.exact(Double(x)), terms: function.terms(Double(x)))
  }

  /// The distance of a float32 from an exact result, in units of the last place; infinite if a result that must be
  /// exact differs.
  private func ulps(_ found: Float, _ exact: Double, terms: Double = 0) -> Double {
    if exact.isNaN { return found.isNaN ? 0 : .infinity }
    let rounded = Float(exact)
    if found == rounded { return 0 }
    if rounded.isInfinite || found.isInfinite || found.isNaN { return .infinity }
    return abs(Double(found) - exact) / Double(max(rounded.magnitude, Float(terms)).ulp)
  }
}
