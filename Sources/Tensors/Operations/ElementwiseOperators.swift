import BackendCore

// Three declarations an operator, tensor · tensor, tensor · number and number · tensor: more of them, or number literals
// as tensors, make long expressions slow to type-check. A number takes the element type of the tensor.

extension Tensor {
  /// The sum element by element, with broadcasting.
  public static func + (a: Tensor, b: Tensor) -> Tensor { combined(.add, a, b, "+") }
  /// The difference element by element, with broadcasting.
  public static func - (a: Tensor, b: Tensor) -> Tensor { combined(.subtract, a, b, "-") }
  /// The product element by element, with broadcasting.
  public static func * (a: Tensor, b: Tensor) -> Tensor { combined(.multiply, a, b, "*") }
  /// IEEE division for floating point; int32 divides towards zero.
  public static func / (a: Tensor, b: Tensor) -> Tensor { combined(.divide, a, b, "/") }

  /// The sum of each element and a number.
  public static func + (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.add, a, b.operandValue, scalarFirst: false, "+")
  }
  /// The difference of each element and a number.
  public static func - (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.subtract, a, b.operandValue, scalarFirst: false, "-")
  }
  /// The product of each element and a number.
  public static func * (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.multiply, a, b.operandValue, scalarFirst: false, "*")
  }
  /// The quotient of each element and a number.
  public static func / (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.divide, a, b.operandValue, scalarFirst: false, "/")
  }
  /// The sum of a number and each element.
  public static func + (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.add, b, a.operandValue, scalarFirst: true, "+")
  }
  /// The difference of a number and each element.
  public static func - (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.subtract, b, a.operandValue, scalarFirst: true, "-")
  }
  /// The product of a number and each element.
  public static func * (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.multiply, b, a.operandValue, scalarFirst: true, "*")
  }
  /// The quotient of a number and each element.
  public static func / (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.divide, b, a.operandValue, scalarFirst: true, "/")
  }

  /// −x; also int32.
  public static prefix func - (a: Tensor) -> Tensor { a.mapped(.init(.negate), "-") }

  // In place when nobody else holds the memory of `a` and no gradient is recorded.
  /// Adds a tensor, broadcast; in place where that shows to nobody.
  public static func += (a: inout Tensor, b: Tensor) { combine(.add, &a, b, "+=") }
  /// Subtracts a tensor, broadcast; in place where that shows to nobody.
  public static func -= (a: inout Tensor, b: Tensor) { combine(.subtract, &a, b, "-=") }
  /// Multiplies by a tensor, broadcast; in place where that shows to nobody.
  public static func *= (a: inout Tensor, b: Tensor) { combine(.multiply, &a, b, "*=") }
  /// Divides by a tensor, broadcast; in place where that shows to nobody.
  public static func /= (a: inout Tensor, b: Tensor) { combine(.divide, &a, b, "/=") }
  /// Adds a number, element by element; in place where that shows to nobody.
  public static func += (a: inout Tensor, b: some TensorOperand) { combine(.add, &a, b.operandValue, "+=") }
  /// Subtracts a number, element by element; in place where that shows to nobody.
  public static func -= (a: inout Tensor, b: some TensorOperand) { combine(.subtract, &a, b.operandValue, "-=") }
  /// Multiplies by a number, element by element; in place where that shows to nobody.
  public static func *= (a: inout Tensor, b: some TensorOperand) { combine(.multiply, &a, b.operandValue, "*=") }
  /// Divides by a number, element by element; in place where that shows to nobody.
  public static func /= (a: inout Tensor, b: some TensorOperand) { combine(.divide, &a, b.operandValue, "/=") }
}
