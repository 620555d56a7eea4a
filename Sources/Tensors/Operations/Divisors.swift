import BackendCore

extension Tensor {
  /// Returns the greatest common divisor of int32 numbers, elementwise with broadcasting: at least 0, and 0 only for two zeros
  /// (NumPy's and PyTorch's `gcd`). The result 2³¹, which is beyond int32, is −2³¹, as in NumPy.
  public func gcd(_ other: Tensor) -> Tensor {
    checked {
      try Checks.dtype("gcd", self, is: .int32)
      return try -negativeDivisor(other, "gcd")
    }
  }

  /// Returns the least common multiple of int32 numbers, elementwise with broadcasting: at least 0, and 0 if one of them is 0
  /// (NumPy's and PyTorch's `lcm`). Results beyond int32 wrap around, as in NumPy.
  public func lcm(_ other: Tensor) -> Tensor {
    checked {
      try Checks.dtype("lcm", self, is: .int32)
      // A quotient by 0 is 0.
      return (self / (try negativeDivisor(other, "lcm")) * other).magnitude()
    }
  }

  /// The greatest common divisor with a negative sign, which has a value for all operands, by Euclid's algorithm.
  private func negativeDivisor(_ other: Tensor, _ name: StaticString) throws -> Tensor {
    try Checks.sameDType(name, self, other)
    _ = try Checks.sameDevice(name, self, other)
    let shape = try Checks.broadcast(name, extents, other.extents)
    var (a, b) = (minimum(-self).broadcast(to: shape), other.minimum(-other).broadcast(to: shape))
    // The most divisions, 45, are those of Fibonacci numbers: 1134903170 and 1836311903. A remainder by 0 is 0.
    for _ in 0..<45 { (a, b) = (b.replacing(with: a, where: b .== 0), a.remainder(b)) }
    return a
  }
}
