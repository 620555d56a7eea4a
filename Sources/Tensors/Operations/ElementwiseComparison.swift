import BackendCore

// Elementwise comparisons, spelled like the operators of SIMD vectors. The results are bool and have no gradient. There
// is no `==`, which would have to wait for the device; see `ComparisonMistakes.swift`.

extension Tensor {
  /// Returns whether a and b are equal, elementwise with broadcasting.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { compared(.equal, a, b, ".==") }
  /// Returns whether a and b differ, elementwise with broadcasting.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor { compared(.notEqual, a, b, ".!=") }
  /// Returns whether a is less than b, elementwise with broadcasting.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { compared(.less, a, b, ".<") }
  /// Returns whether a is less than or equal to b, elementwise with broadcasting; false if either is NaN.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor { compared(.lessOrEqual, a, b, ".<=") }
  /// Returns whether a is greater than b, elementwise with broadcasting.
  public static func .> (a: Tensor, b: Tensor) -> Tensor { compared(.greater, a, b, ".>") }
  /// Returns whether a is greater than or equal to b, elementwise with broadcasting; false if either is NaN.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor { compared(.greaterOrEqual, a, b, ".>=") }

  /// Returns whether each element of a equals the number b.
  public static func .== (a: Tensor, b: some TensorOperand) -> Tensor { compared(.equal, a, b.operandValue, ".==") }
  /// Returns whether each element of a differs from the number b.
  public static func .!= (a: Tensor, b: some TensorOperand) -> Tensor { compared(.notEqual, a, b.operandValue, ".!=") }
  /// Returns whether each element of a is less than the number b.
  public static func .< (a: Tensor, b: some TensorOperand) -> Tensor { compared(.less, a, b.operandValue, ".<") }
  /// Returns whether each element of a is less than or equal to the number b; false if either is NaN.
  public static func .<= (a: Tensor, b: some TensorOperand) -> Tensor {
    compared(.lessOrEqual, a, b.operandValue, ".<=")
  }
  /// Returns whether each element of a is greater than the number b.
  public static func .> (a: Tensor, b: some TensorOperand) -> Tensor { compared(.greater, a, b.operandValue, ".>") }
  /// Returns whether each element of a is greater than or equal to the number b; false if either is NaN.
  public static func .>= (a: Tensor, b: some TensorOperand) -> Tensor {
    compared(.greaterOrEqual, a, b.operandValue, ".>=")
  }

  /// Returns the logical AND of two bool tensors, elementwise.
  public static func .& (a: Tensor, b: Tensor) -> Tensor { combined(.logicalAnd, a, b, ".&") }
  /// Returns the logical OR of two bool tensors, elementwise.
  public static func .| (a: Tensor, b: Tensor) -> Tensor { combined(.logicalOr, a, b, ".|") }
  /// Returns the logical NOT of a bool tensor, elementwise.
  public static prefix func .! (a: Tensor) -> Tensor { a.mapped(.init(.logicalNot), ".!") }

  static func compared(_ op: ComparisonOp, _ a: Tensor, _ b: Tensor, _ name: StaticString) -> Tensor {
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
