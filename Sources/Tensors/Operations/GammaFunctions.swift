import BackendCore

// Functions of the gamma function that are composed of other operations.

extension Tensor {
  /// Returns derivative n of `digamma`, ψ⁽ⁿ⁾(x) = (−1)ⁿ⁺¹·n!·Σ (x + k)⁻ⁿ⁻¹ over k ≥ 0 (PyTorch's `polygamma`), for orders from 0
  /// (`digamma`) to 16. The gradient is the next derivative.
  ///
  /// From order 2 on, it is composed of the first terms of the sum, the Euler–Maclaurin series of the others, and for
  /// negative x a reflection. It is within about 1e-6 of the largest term, and not finite at 0 and at negative integers,
  /// and where a term is beyond float32, for x < 10^(−37/(n + 1)).
  public func polygamma(_ order: Int) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.polygamma(order) } }
      try Checks.floatingPoint("polygamma", self)
      guard 0...16 ~= order else { try Checks.fail("polygamma", "the order is \(order), not from 0 to 16") }
      if order == 0 { return digamma() }
      if order == 1 { return trigamma() }
      let isNegative = detached() .< 0
      let values = replacing(with: 1 - self, where: isNegative).polygammaOfPositive(order)
      // (−1)ⁿ·ψ⁽ⁿ⁾(1 − x) − ψ⁽ⁿ⁾(x) = π·dⁿ/dxⁿ cot(πx) = πⁿ⁺¹·P(cot πx)
      let distance = replacing(with: -0.5, where: .!isNegative)
      let angle = (distance - distance.detached().rounded()) * Double.pi
      let cotangent = angle.cos() / angle.sin()
      let coefficients = Tensor.derivativeOfCotangent(order)
      let reflection = coefficients.dropLast().reversed().reduce(Tensor.full(like: self, coefficients.last ?? 0)) {
        $0 * cotangent + $1
      }
      let reflected = (order.isMultiple(of: 2) ? values : -values) - reflection
      return values.replacing(with: reflected, where: isNegative)
    }
  }

  /// ψ⁽ⁿ⁾(x) for x ≥ 0 and n > 0.
  private func polygammaOfPositive(_ order: Int) -> Tensor {
    let factorial = (1...order).reduce(order.isMultiple(of: 2) ? -1.0 : 1) { $0 * Double($1) }
    let (s, terms) = (Double(order + 1), 6 + order)
    let inverse = (self + Double(terms)).reciprocal()
    let z = inverse.squared()
    // The series of Σ (y + k)⁻ˢ: y¹⁻ˢ/(s − 1) + y⁻ˢ/2 + Σ B₂ⱼ/(2j)!·s(s + 1)…(s + 2j − 2)·y¹⁻ˢ⁻²ʲ.
    let (c1, c2, c3) = (s / 12, s * (s + 1) * (s + 2) / 720, s * (s + 1) * (s + 2) * (s + 3) * (s + 4) / 30240)
    let series = z * (c1 - z * (c2 - z * c3)) + inverse * 0.5 + 1 / (s - 1)
    let rest = series * inverse.power(s - 1)
    return (0..<terms).reversed().reduce(rest) { $0 + (self + Double($1)).power(-s) } * factorial
  }

  /// πⁿ⁺¹ times the coefficients of the polynomial in c = cot t that is derivative n of c: its derivative is −(1 + c²).
  private static func derivativeOfCotangent(_ order: Int) -> [Double] {
    var polynomial = [0.0, Double.pi]
    for _ in 0..<order {
      var next = [Double](repeating: 0, count: polynomial.count + 1)
      for (power, coefficient) in polynomial.enumerated().dropFirst() {
        next[power - 1] -= Double(power) * coefficient * Double.pi
        next[power + 1] -= Double(power) * coefficient * Double.pi
      }
      polynomial = next
    }
    return polynomial
  }

  /// Returns the logarithm of the multivariate gamma function, p(p − 1)/4·ln π + Σ lnΓ(x − j/2) over j = 0..<p, for p > 0
  /// (PyTorch's `mvlgamma`, SciPy's `multigammaln`). Defined for x > (p − 1)/2.
  public func multivariateLogGamma(_ dimension: Int) -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.multivariateLogGamma(dimension) } }
      try Checks.floatingPoint("multivariateLogGamma", self)
      guard dimension > 0 else {
        try Checks.fail("multivariateLogGamma", "the dimension is \(dimension), not a positive number")
      }
      let constant = Double(dimension) * Double(dimension - 1) / 4 * 1.1447298858494002  // ln π
      return (0..<dimension).reduce(Tensor.full(like: self, constant)) { $0 + (self - Double($1) / 2).logGamma() }
    }
  }
}
