import BackendCore

// Each operator has three declarations: tensor and tensor, tensor and number, number and tensor. More declarations, or
// number literals as tensors, make long expressions slow to type-check. A number takes the element type of the tensor.

extension Tensor {
  /// Returns the elementwise sum, with broadcasting.
  public static func + (a: Tensor, b: Tensor) -> Tensor { combined(.add, a, b, "+") }
  /// Returns the elementwise difference, with broadcasting.
  public static func - (a: Tensor, b: Tensor) -> Tensor { combined(.subtract, a, b, "-") }
  /// Returns the elementwise product, with broadcasting.
  public static func * (a: Tensor, b: Tensor) -> Tensor { combined(.multiply, a, b, "*") }
  /// Returns the elementwise quotient, with broadcasting. Floating-point division follows IEEE 754; integer division
  /// rounds toward zero, and gives 0 for a divisor of 0.
  public static func / (a: Tensor, b: Tensor) -> Tensor { combined(.divide, a, b, "/") }

  /// Returns the sum of each element and a number.
  public static func + (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.add, a, b.operandValue, scalarFirst: false, "+")
  }
  /// Returns the difference of each element and a number.
  public static func - (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.subtract, a, b.operandValue, scalarFirst: false, "-")
  }
  /// Returns the product of each element and a number.
  public static func * (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.multiply, a, b.operandValue, scalarFirst: false, "*")
  }
  /// Returns the quotient of each element and a number.
  public static func / (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.divide, a, b.operandValue, scalarFirst: false, "/")
  }
  /// Returns the sum of a number and each element.
  public static func + (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.add, b, a.operandValue, scalarFirst: true, "+")
  }
  /// Returns the difference of a number and each element.
  public static func - (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.subtract, b, a.operandValue, scalarFirst: true, "-")
  }
  /// Returns the product of a number and each element.
  public static func * (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.multiply, b, a.operandValue, scalarFirst: true, "*")
  }
  /// Returns the quotient of a number and each element.
  public static func / (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.divide, b, a.operandValue, scalarFirst: true, "/")
  }

  /// Returns −x. Also for integers.
  public static prefix func - (a: Tensor) -> Tensor { a.mapped(.init(.negate), "-") }

  // In place if nothing else references the memory of `a` and no gradient is recorded.
  /// Adds a tensor, with broadcasting. Works in place if no other tensor shares the memory.
  public static func += (a: inout Tensor, b: Tensor) { combine(.add, &a, b, "+=") }
  /// Subtracts a tensor, with broadcasting. Works in place if no other tensor shares the memory.
  public static func -= (a: inout Tensor, b: Tensor) { combine(.subtract, &a, b, "-=") }
  /// Multiplies by a tensor, with broadcasting. Works in place if no other tensor shares the memory.
  public static func *= (a: inout Tensor, b: Tensor) { combine(.multiply, &a, b, "*=") }
  /// Divides by a tensor, with broadcasting. Works in place if no other tensor shares the memory.
  public static func /= (a: inout Tensor, b: Tensor) { combine(.divide, &a, b, "/=") }
  /// Adds a number to each element. Works in place if no other tensor shares the memory.
  public static func += (a: inout Tensor, b: some TensorOperand) { combine(.add, &a, b.operandValue, "+=") }
  /// Subtracts a number from each element. Works in place if no other tensor shares the memory.
  public static func -= (a: inout Tensor, b: some TensorOperand) { combine(.subtract, &a, b.operandValue, "-=") }
  /// Multiplies each element by a number. Works in place if no other tensor shares the memory.
  public static func *= (a: inout Tensor, b: some TensorOperand) { combine(.multiply, &a, b.operandValue, "*=") }
  /// Divides each element by a number. Works in place if no other tensor shares the memory.
  public static func /= (a: inout Tensor, b: some TensorOperand) { combine(.divide, &a, b.operandValue, "/=") }
}

/// The bits of integer tensors. As for Swift's integers, a shift by a negative distance goes in the other direction, and one
/// beyond the number of bits shifts all of them out. Bool tensors have `.&`, `.|`, `.!`, and `.!=`, which is their XOR.
extension Tensor {
  /// Returns the bitwise AND of two integer tensors, elementwise with broadcasting.
  public static func & (a: Tensor, b: Tensor) -> Tensor { combined(.bitwiseAnd, a, b, "&") }
  /// Returns the bitwise AND of each integer element and a number.
  public static func & (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.bitwiseAnd, a, b.operandValue, scalarFirst: false, "&")
  }
  /// Returns the bitwise OR of two integer tensors, elementwise with broadcasting.
  public static func | (a: Tensor, b: Tensor) -> Tensor { combined(.bitwiseOr, a, b, "|") }
  /// Returns the bitwise OR of each integer element and a number.
  public static func | (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.bitwiseOr, a, b.operandValue, scalarFirst: false, "|")
  }
  /// Returns the bitwise XOR of two integer tensors, elementwise with broadcasting.
  public static func ^ (a: Tensor, b: Tensor) -> Tensor { combined(.bitwiseXor, a, b, "^") }
  /// Returns the bitwise XOR of each integer element and a number.
  public static func ^ (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.bitwiseXor, a, b.operandValue, scalarFirst: false, "^")
  }
  /// Returns ~x = −x − 1, the opposite of all bits (for uint8, 255 − x).
  public static prefix func ~ (a: Tensor) -> Tensor {
    combined(.bitwiseXor, a, a.dtype == .uint8 ? 255 : -1, scalarFirst: false, "~")
  }
  /// Returns a·2ᵇ without the bits that do not fit, elementwise with broadcasting. A negative distance shifts
  /// in the other direction, and one beyond the number of bits shifts all of them out, as in Swift.
  public static func << (a: Tensor, b: Tensor) -> Tensor { combined(.shiftLeft, a, b, "<<") }
  /// Returns a·2ᵇ without the bits that do not fit, for a number b.
  public static func << (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.shiftLeft, a, b.operandValue, scalarFirst: false, "<<")
  }
  /// Returns a·2ᵇ without the bits that do not fit, for a number a.
  public static func << (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.shiftLeft, b, a.operandValue, scalarFirst: true, "<<")
  }
  /// Returns ⌊a/2ᵇ⌋, elementwise with broadcasting. A negative distance shifts
  /// in the other direction, and one beyond the number of bits shifts all of them out, as in Swift.
  public static func >> (a: Tensor, b: Tensor) -> Tensor { combined(.shiftRight, a, b, ">>") }
  /// Returns ⌊a/2ᵇ⌋, for a number b.
  public static func >> (a: Tensor, b: some TensorOperand) -> Tensor {
    combined(.shiftRight, a, b.operandValue, scalarFirst: false, ">>")
  }
  /// Returns ⌊a/2ᵇ⌋, for a number a.
  public static func >> (a: some TensorOperand, b: Tensor) -> Tensor {
    combined(.shiftRight, b, a.operandValue, scalarFirst: true, ">>")
  }
}
