import BackendCore

extension Tensor {
  /// Returns the greatest common divisor of integers, elementwise with broadcasting (NumPy's and PyTorch's `gcd`): 0
  /// for two zeros, and otherwise positive, unless the result is beyond the type and wraps around: 2³¹ is −2³¹ in
  /// int32.
  public func gcd(_ other: Tensor) -> Tensor {
    checked { try withNegativeDivisor("gcd", other) { _, _, divisor in -divisor } }
  }

  /// Returns the least common multiple of integers, elementwise with broadcasting (NumPy's and PyTorch's `lcm`): 0 if
  /// one of them is 0, and otherwise positive, unless the result is beyond the type and wraps around.
  public func lcm(_ other: Tensor) -> Tensor {
    checked {
      // A quotient by 0 is 0.
      try withNegativeDivisor("lcm", other) { a, b, divisor in (a / divisor).magnitude() * b.magnitude() }
    }
  }

  /// Returns a function of two tensors and of their greatest common divisor with a negative sign. Integers of 8 or 16
  /// bits are computed in int32.
  private func withNegativeDivisor(
    _ name: StaticString, _ other: Tensor, _ body: (_ a: Tensor, _ b: Tensor, _ divisor: Tensor) -> Tensor
  ) throws -> Tensor {
    try Checks.integer(name, self)
    let rounds = dtype.mostDivisions
    func value(_ a: Tensor, _ b: Tensor) throws -> Tensor { body(a, b, try a.negativeDivisor(b, name, rounds)) }
    return dtype.isWidened ? try inInt32(name, other, value) : try value(self, other)
  }

  /// The greatest common divisor with a negative sign, which has a value for all operands, by Euclid's algorithm.
  private func negativeDivisor(_ other: Tensor, _ name: StaticString, _ rounds: Int) throws -> Tensor {
    try Checks.sameDType(name, self, other)
    _ = try Checks.sameDevice(name, self, other)
    let shape = try Checks.broadcast(name, extents, other.extents)
    var (a, b) = (minimum(-self).broadcast(to: shape), other.minimum(-other).broadcast(to: shape))
    // A remainder by 0 is 0.
    for _ in 0..<rounds { (a, b) = (b.replacing(with: a, where: b .== 0), a.remainder(b)) }
    return a
  }
}

extension DType {
  /// The largest number of divisions in Euclid's algorithm, which the largest two Fibonacci numbers of the type need:
  /// 55 and 89, 144 and 233, 17711 and 28657, 1134903170 and 1836311903, 4660046610375530309 and 7540113804746346429.
  fileprivate var mostDivisions: Int {
    switch self {
    case .int8: 10
    case .uint8: 12
    case .int16: 22
    case .int32: 45
    default: 91
    }
  }
}
