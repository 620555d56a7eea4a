import BackendCore

// Three declarations an operator, tensor · tensor, tensor · number and number · tensor: more of them, or number literals
// as tensors, make long expressions slow to type-check. A number takes the element type of the tensor.

extension Tensor {
  public static func + (a: Tensor, b: Tensor) -> Tensor { combined(.add, a, b, "+") }
  public static func - (a: Tensor, b: Tensor) -> Tensor { combined(.subtract, a, b, "-") }
  public static func * (a: Tensor, b: Tensor) -> Tensor { combined(.multiply, a, b, "*") }
  /// IEEE division for floating point; int32 divides towards zero.
  public static func / (a: Tensor, b: Tensor) -> Tensor { combined(.divide, a, b, "/") }

  public static func + (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.add, a, b.operandValue, scalarFirst: false, "+")
  }
  public static func - (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.subtract, a, b.operandValue, scalarFirst: false, "-")
  }
  public static func * (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.multiply, a, b.operandValue, scalarFirst: false, "*")
  }
  public static func / (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.divide, a, b.operandValue, scalarFirst: false, "/")
  }
  public static func + (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.add, b, a.operandValue, scalarFirst: true, "+")
  }
  public static func - (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.subtract, b, a.operandValue, scalarFirst: true, "-")
  }
  public static func * (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.multiply, b, a.operandValue, scalarFirst: true, "*")
  }
  public static func / (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.divide, b, a.operandValue, scalarFirst: true, "/")
  }

  public static prefix func - (a: Tensor) -> Tensor { a.mapped(.init(.negate), "-") }

  // In place when nobody else holds the memory of `a` and no gradient is recorded.
  public static func += (a: inout Tensor, b: Tensor) { combine(.add, &a, b, "+=") }
  public static func -= (a: inout Tensor, b: Tensor) { combine(.subtract, &a, b, "-=") }
  public static func *= (a: inout Tensor, b: Tensor) { combine(.multiply, &a, b, "*=") }
  public static func /= (a: inout Tensor, b: Tensor) { combine(.divide, &a, b, "/=") }
  public static func += (a: inout Tensor, b: some TensorOperand) { combine(.add, &a, b.operandValue, "+=") }
  public static func -= (a: inout Tensor, b: some TensorOperand) { combine(.subtract, &a, b.operandValue, "-=") }
  public static func *= (a: inout Tensor, b: some TensorOperand) { combine(.multiply, &a, b.operandValue, "*=") }
  public static func /= (a: inout Tensor, b: some TensorOperand) { combine(.divide, &a, b.operandValue, "/=") }
}
