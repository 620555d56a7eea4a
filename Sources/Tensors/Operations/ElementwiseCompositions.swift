import BackendCore

// Functions of one or two numbers that are composed of other operations, which determine their gradients.

extension Tensor {
  /// Returns x + weight·(end − x), the point at a fraction of the way to another tensor, with broadcasting; exactly `end`
  /// for a weight of 1 (PyTorch's `lerp`).
  public func lerp(to end: Tensor, weight: Double) -> Tensor {
    checked {
      if dtype.isHalf { return try inFloat32("lerp", end) { $0.lerp(to: $1, weight: weight) } }
      try Checks.floatingPoint("lerp", self)
      // From the nearer end, so that both ends are exact.
      let way = Tensor.combined(.subtract, end, self, "lerp")
      return weight < 0.5 ? self + way * weight : end - way * (1 - weight)
    }
  }

  /// Returns x + weight·(end − x) with a weight for each element, with broadcasting; exactly `end` for a weight of 1
  /// (PyTorch's `lerp`).
  public func lerp(to end: Tensor, weight: Tensor) -> Tensor {
    checked {
      if dtype.isHalf && weight.dtype == dtype {
        let weight = weight.cast(to: .float32)
        return try inFloat32("lerp", end) { $0.lerp(to: $1, weight: weight) }
      }
      try Checks.floatingPoint("lerp", self)
      let way = Tensor.combined(.subtract, end, self, "lerp")
      let near = self + Tensor.combined(.multiply, way, weight, "lerp")
      return near.replacing(with: end - way * (1 - weight), where: weight .>= 0.5)
    }
  }

  /// Replaces NaN by `nan`, and infinities by numbers, by default the largest and the smallest finite number of the
  /// element type (NumPy's and PyTorch's `nan_to_num`). The gradient of replaced elements is 0.
  public func nanToNumber(
    nan: Double = 0, positiveInfinity: Double? = nil, negativeInfinity: Double? = nil
  ) -> Tensor {
    checked {
      try Checks.floatingPoint("nanToNumber", self)
      let largest = dtype.greatestFiniteMagnitude
      return replacing(with: nan, where: isNaN())
        .replacing(with: positiveInfinity ?? largest, where: self .== Double.infinity)
        .replacing(with: negativeInfinity ?? -largest, where: self .== -Double.infinity)
    }
  }

  /// Returns whether each element is negative or −0. For numbers; false for NaN, whose sign has no meaning.
  public func signBit() -> Tensor {
    checked {
      try Checks.number("signBit", self)
      if dtype.isInteger { return self .< 0 }
      let x = detached()
      // 1/−0 is −∞.
      return (x .< 0) .| (x.reciprocal() .< 0)
    }
  }

  /// Returns sin(πx)/(πx), and 1 at 0 (NumPy's and PyTorch's `sinc`).
  public func sinc() -> Tensor {
    checked {
      if dtype.isHalf { return inFloat32 { $0.sinc() } }
      try Checks.floatingPoint("sinc", self)
      let isSmall = detached().magnitude() .< 0.25
      // Next to 0, the derivatives of the quotient cancel. The series Σ (−t)ᵏ/(2k + 1)!, t = (πx)², has no quotient;
      // its last factor of 1/17·16 is the first.
      let small = replacing(with: 0, where: .!isSmall)
      let t = (small * Double.pi).squared()
      var series = Tensor.ones(like: t)
      for n in stride(from: 16.0, through: 2, by: -2) { series = 1 - t * series / (n * (n + 1)) }
      // The sine has the period 2; the difference is exact.
      let large = replacing(with: 1, where: isSmall)
      let angle = (large - 2 * (large / 2).rounded()) * Double.pi
      return (angle.sin() / (large * Double.pi)).replacing(with: series, where: isSmall)
    }
  }
}

// MARK: Equality

extension Tensor {
  /// Returns whether |a − b| ≤ absoluteTolerance + relativeTolerance·|b|, elementwise with broadcasting (NumPy's and
  /// PyTorch's `isclose`, and their tolerances). An infinity is close only to itself, and NaN only to NaN, if `equalNaN`.
  public func isClose(
    _ other: Tensor, relativeTolerance: Double = 1e-5, absoluteTolerance: Double = 1e-8, equalNaN: Bool = false
  ) -> Tensor {
    checked {
      if !(relativeTolerance >= 0) || !(absoluteTolerance >= 0) {
        try Checks.fail(
          "isClose", "tolerances of \(relativeTolerance) and \(absoluteTolerance); they must be 0 or positive")
      }
      let isEqual = Tensor.compared(.equal, self, other, "isClose")
      let type = dtype == .float64 ? dtype : .float32
      let (a, b) = (detached().cast(to: type), other.detached().cast(to: type))
      let isSame = equalNaN ? isEqual .| (a.isNaN() .& b.isNaN()) : isEqual
      var gap = (a - b).magnitude()
      if dtype.hasIntegerArithmetic {
        // Float32 does not distinguish large integers. Between numbers of one sign, the difference does not overflow.
        gap = gap.replacing(with: (self - other).cast(to: type).magnitude(), where: (self ^ other) .>= 0)
      }
      return isSame .| ((gap .<= absoluteTolerance + relativeTolerance * b.magnitude()) .& gap.isFinite())
    }
  }

  /// Returns whether all elements of two tensors are close: `isClose(…).all()`, read from the device, which is waited
  /// for (NumPy's and PyTorch's `allclose`). True for no elements.
  /// - Throws: `DeviceError`, the first error of the operations that produced the tensors.
  public func allClose(
    _ other: Tensor, relativeTolerance: Double = 1e-5, absoluteTolerance: Double = 1e-8, equalNaN: Bool = false
  ) throws -> Bool {
    try isClose(
      other, relativeTolerance: relativeTolerance, absoluteTolerance: absoluteTolerance, equalNaN: equalNaN
    ).all().item(as: Bool.self)
  }

  /// Returns whether two tensors have the same shape and equal elements, read from the device, which is waited for
  /// (PyTorch's `equal`). NaN equals nothing, and −0 equals 0.
  /// - Throws: `DeviceError`, the first error of the operations that produced the tensors.
  public func isEqual(to other: Tensor) throws -> Bool {
    try Checks.sameDType("isEqual", self, other)
    _ = try Checks.sameDevice("isEqual", self, other)
    return try extents == other.extents && (self .== other).all().item(as: Bool.self)
  }
}

extension DType {
  /// The largest number of a floating-point type.
  fileprivate var greatestFiniteMagnitude: Double {
    switch self {
    case .float16: 65504
    case .bfloat16: 0x1.FEp127
    case .float64: .greatestFiniteMagnitude
    default: Double(Float.greatestFiniteMagnitude)
    }
  }
}
