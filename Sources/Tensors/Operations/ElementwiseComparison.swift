import BackendCore

// Comparisons element by element, spelled as those of SIMD vectors; the results are bool and carry no gradient. There is no
// `==`, which would have to wait for the device: see `ComparisonMistakes.swift`.

extension Tensor {
  /// True where both are equal, with broadcasting.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { compared(.equal, a, b, ".==") }
  /// True where they differ, with broadcasting.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor { compared(.notEqual, a, b, ".!=") }
  /// True where a is less, with broadcasting.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { compared(.less, a, b, ".<") }
  /// True where a is not greater and neither is NaN, with broadcasting.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor { compared(.lessOrEqual, a, b, ".<=") }
  /// True where a is greater, with broadcasting.
  public static func .> (a: Tensor, b: Tensor) -> Tensor { compared(.greater, a, b, ".>") }
  /// True where a is not less and neither is NaN, with broadcasting.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor { compared(.greaterOrEqual, a, b, ".>=") }

  /// True where both are equal, b being a number.
  public static func .== (a: Tensor, b: some TensorOperand) -> Tensor { compared(.equal, a, b.operandValue, ".==") }
  /// True where they differ, b being a number.
  public static func .!= (a: Tensor, b: some TensorOperand) -> Tensor { compared(.notEqual, a, b.operandValue, ".!=") }
  /// True where a is less, b being a number.
  public static func .< (a: Tensor, b: some TensorOperand) -> Tensor { compared(.less, a, b.operandValue, ".<") }
  /// True where a is not greater and neither is NaN, b being a number.
  public static func .<= (a: Tensor, b: some TensorOperand) -> Tensor {
    compared(.lessOrEqual, a, b.operandValue, ".<=")
  }
  /// True where a is greater, b being a number.
  public static func .> (a: Tensor, b: some TensorOperand) -> Tensor { compared(.greater, a, b.operandValue, ".>") }
  /// True where a is not less and neither is NaN, b being a number.
  public static func .>= (a: Tensor, b: some TensorOperand) -> Tensor {
    compared(.greaterOrEqual, a, b.operandValue, ".>=")
  }

  /// Both, for bool.
  public static func .& (a: Tensor, b: Tensor) -> Tensor { combined(.logicalAnd, a, b, ".&") }
  /// Either, for bool.
  public static func .| (a: Tensor, b: Tensor) -> Tensor { combined(.logicalOr, a, b, ".|") }
  /// The other truth value, for bool.
  public static prefix func .! (a: Tensor) -> Tensor { a.mapped(.init(.logicalNot), ".!") }

  private static func compared(_ op: ComparisonOp, _ a: Tensor, _ b: Tensor, _ name: StaticString) -> Tensor {
    checked {
      let device = try Checks.sameDevice(name, a, b)
      try Checks.sameDType(name, a, b)
      if a.storage.dtype == .bool { return compared(op, a.cast(to: .int32), b.cast(to: .int32), name) }
      let extents = try Checks.broadcast(name, a.extents, b.extents)
      let aLayout = Layout(broadcasting: a.extents, to: extents)
      let bLayout = Layout(broadcasting: b.extents, to: extents)
      return launch(a, b, extents, .bool, on: device) { backend, a, b, y in
        try backend.compare(op, a, aLayout, b, bLayout, into: y)
      }
    }
  }

  private static func compared(_ op: ComparisonOp, _ x: Tensor, _ scalar: Double, _ name: StaticString) -> Tensor {
    checked {
      if x.storage.dtype == .bool { return compared(op, x.cast(to: .int32), scalar, name) }
      try Checks.scalar(name, x, scalar)
      let count = x.extents.count
      return launch(x, x.extents, .bool, on: x.storage.device) { backend, x, y in
        try backend.compareScalar(op, x, scalar, count: count, into: y)
      }
    }
  }
}
