import BackendCore

extension Tensor {
  /// Returns the greatest common divisor of integers, elementwise with broadcasting: at least 0, and 0 only for two zeros
  /// (NumPy's and PyTorch's `gcd`). A result beyond the type wraps around: 2³¹ is −2³¹ in int32, as in NumPy.
  public func gcd(_ other: Tensor) -> Tensor {
    checked {
      try Checks.integer("gcd", self)
      if dtype.isWidened { return try inInt32("gcd", other) { $0.gcd($1) } }
      return try -negativeDivisor(other, "gcd")
    }
  }

  /// Returns the least common multiple of integers, elementwise with broadcasting: at least 0, and 0 if one of them is 0
  /// (NumPy's and PyTorch's `lcm`). Results beyond the type wrap around, as in NumPy.
  public func lcm(_ other: Tensor) -> Tensor {
    checked {
      try Checks.integer("lcm", self)
      if dtype.isWidened { return try inInt32("lcm", other) { $0.lcm($1) } }
      // A quotient by 0 is 0.
      return (self / (try negativeDivisor(other, "lcm"))).magnitude() * other.magnitude()
    }
  }

  /// The greatest common divisor with a negative sign, which has a value for all operands, by Euclid's algorithm.
  private func negativeDivisor(_ other: Tensor, _ name: StaticString) throws -> Tensor {
    try Checks.sameDType(name, self, other)
    _ = try Checks.sameDevice(name, self, other)
    let shape = try Checks.broadcast(name, extents, other.extents)
    var (a, b) = (minimum(-self).broadcast(to: shape), other.minimum(-other).broadcast(to: shape))
    // Fibonacci numbers need the most divisions: 1134903170 and 1836311903 need 45, and the largest two of int64 need 91.
    // A remainder by 0 is 0.
    for _ in 0..<(dtype == .int64 ? 91 : 45) { (a, b) = (b.replacing(with: a, where: b .== 0), a.remainder(b)) }
    return a
  }
}
