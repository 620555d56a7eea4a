import HostSystem
import Tensors
import Testing

/// Gradients whose factors leave float32 while the gradient itself does not, on every device; the oracle is the formula in double.
@Suite struct ExtremeGradientTests {
  /// The gradient of Σ cotangent·f′ with respect to x.
  private func second(_ x: Tensor, _ cotangent: Double, _ f: (Tensor) -> Tensor) -> Tensor {
    valueAndGradient(at: x) { x in
      (valueAndGradient(at: x) { f($0).sum() }.gradient * cotangent).sum()
    }.gradient
  }

  /// Far out GELU and SiLU are straight, whatever multiplies their derivative.
  @Test(arguments: TestDevices.all, [1, -3, 1e4])
  func secondDerivativesOfSmoothActivationsVanishFarOut(_ device: Device, cotangent: Double) throws {
    let points = [-3e38, 3e38, -1e30, 1e30, -2000, 2000, -45, 45, -2, -0.5, 0, 0.5, 2]
    let x = Tensor(points.map { Float($0) }, on: device)
    let gelu = points.map { x in
      cotangent * (x.magnitude > 100 ? 0 : exp(-x * x / 2) / (2 * Double.pi).squareRoot() * (2 - x * x))
    }
    let silu = points.map { x in
      let sigmoid = 1 / (1 + exp(-x)), other = 1 / (1 + exp(x))
      return cotangent * (x.magnitude > 1000 ? 0 : sigmoid * other * (2 + x * (other - sigmoid)))
    }
    try expect(second(x, cotangent) { $0.gelu() }, gelu, tolerance: 1e-5, "gelu″")
    try expect(second(x, cotangent) { $0.silu() }, silu, tolerance: 1e-5, "silu″")
    try expect(second(Tensor([.nan], on: device), cotangent) { $0.gelu() }, [.nan], "gelu″")
    try expect(second(Tensor([.nan], on: device), cotangent) { $0.silu() }, [.nan], "silu″")
  }

  /// Inverse functions far out, where squares are infinite, and at the ends of their domains.
  @Test(arguments: TestDevices.all) func gradientsOfInverseFunctions(_ device: Device) throws {
    func gradient(_ x: [Float], _ f: (Tensor) -> Tensor) -> Tensor {
      valueAndGradient(at: Tensor(x, on: device)) { f($0).sum() }.gradient
    }
    let far: [Float] = [1e20, -1e20, 1e12]
    func isClose(_ found: Tensor, _ expected: [Double], _ what: Comment) throws {
      for (a, b) in zip(try found.scalars(as: Double.self), expected) {
        #expect(abs(a - b) <= max(1e-6 * abs(b), 1e-38), what)
      }
    }
    try isClose(gradient(far) { $0.asinh() }, [1e-20, 1e-20, 1e-12], "asinh′")
    try isClose(gradient([1e20, 3e38, 1e12]) { $0.acosh() }, [1e-20, 1 / 3e38, 1e-12], "acosh′")
    try isClose(gradient(far) { $0.atan() }, [0, 0, 1e-24], "atan′")
    try isClose(
      second(Tensor([1e20, 1e12, 2] as [Float], on: device), 1) { $0.asinh() }, [0, -1e-24, -0.17888543819998318],
      "asinh″")
    #expect(try second(Tensor(far, on: device), 1) { $0.atan() }.scalars().allSatisfy { $0.magnitude < 1e-30 })
    #expect(try gradient([1, -1]) { $0.asin() }.scalars() == [.infinity, .infinity])
    #expect(try gradient([1, -1]) { $0.acos() }.scalars() == [-.infinity, -.infinity])
    #expect(try gradient([1, -1]) { $0.atanh() }.scalars() == [.infinity, .infinity])
    #expect(try gradient([1, -1]) { $0.erfInverse() }.scalars() == [.infinity, .infinity])
    #expect(try gradient([1]) { $0.acosh() }.scalars() == [.infinity])
  }

  /// 1/s and 1/b are infinite in float32 where the gradient is not.
  @Test(arguments: TestDevices.all) func gradientsOfQuotientsNeedNoReciprocal(_ device: Device) throws {
    let x = Tensor([1e-10, 3], on: device)
    let scaled = valueAndGradient(at: x) { ($0 / 1e-39 * 1e-5).sum() }.gradient
    try expect(scaled, [1e34, 1e34], tolerance: 1e-5, "of x / 1e-39")

    let numerators: [Float] = [0, 1, 1e30, 3], divisors: [Float] = [Float(1e-40 as Double), 1e-25, 1e25, 2]
    let upstream: [Float] = [1, 1e-20, 1e20, 5]
    let expected = zip(upstream, zip(numerators, divisors)).map { dy, pair in
      let (a, b) = (Double(pair.0), Double(pair.1))
      return -Double(dy) * a / (b * b)
    }
    let (a, b, dy) = (Tensor(numerators, on: device), Tensor(divisors, on: device), Tensor(upstream, on: device))
    let ofDivisor = valueAndGradient(at: a, b) { (($0 / $1) * dy).sum() }.gradient.1
    try expect(ofDivisor, expected, "of a / b with respect to b")
    try expect(valueAndGradient(at: b) { (0 / $0).sum() }.gradient, [0, 0, 0, 0], "of 0 / b")
    var nested: Tensor?
    _ = valueAndGradient(at: b) { b in
      let inner = valueAndGradient(at: b) { ((a / $0) * dy).sum() }.gradient
      nested = inner.detached()
      return inner.sum()
    }
    try expect(#require(nested), expected, "of a / b with respect to b, differentiated")
  }

  /// ∂/∂a of aᵇ·ln a, the derivative with respect to the exponent, is aᵇ⁻¹·(1 + b·ln a), also where aᵇ leaves float32.
  @Test(arguments: TestDevices.all) func mixedDerivativesOfPowersNeedNoPower(_ device: Device) throws {
    let bases: [Float] = [1e20, 3, 2, 0.5], exponents: [Float] = [2, 2.5, 0, -1]
    let (a, b) = (Tensor(bases, on: device), Tensor(exponents, on: device))
    let mixed = valueAndGradient(at: a) { a in valueAndGradient(at: b) { a.power($0).sum() }.gradient.sum() }.gradient
    let expected = zip(bases, exponents).map { a, b in
      pow(Double(a), Double(b) - 1) * (1 + Double(b) * log(Double(a)))
    }
    try expect(mixed, expected, tolerance: 1e-5, "∂²aᵇ/∂a∂b")
    let twice = valueAndGradient(at: b) { b in
      valueAndGradient(at: b) { a.power($0)[1...].sum() }.gradient.sum()
    }.gradient
    let curvature = zip(bases, exponents).map { a, b in pow(Double(a), Double(b)) * pow(log(Double(a)), 2) }
    try expect(twice[1...], Array(curvature[1...]), tolerance: 1e-5, "∂²aᵇ/∂b²")
    // A base that repeats gets the sum.
    let one = Tensor([2], on: device), three = Tensor([1, 2, 3], on: device)
    let repeated = valueAndGradient(at: one) { a in
      valueAndGradient(at: three) { a.power($0).sum() }.gradient.sum()
    }.gradient
    let total = [1.0, 2, 3].map { b in pow(2, b - 1) * (1 + b * log(2)) }.reduce(0, +)
    try expect(repeated, [total], tolerance: 1e-5, "∂²aᵇ/∂a∂b, repeated")
  }
}
