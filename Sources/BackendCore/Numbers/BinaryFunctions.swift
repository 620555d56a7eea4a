import HostSystem

/// The value of an operation on floating-point numbers, or on bools read as 0 and 1.
package func value(of op: BinaryOp, _ a: Double, _ b: Double) -> Double {
  switch op {
  case .add: a + b
  case .subtract: a - b
  case .multiply: a * b
  case .divide: a / b
  case .power: pow(a, b)
  case .maximum: a.isNaN || b.isNaN ? .nan : max(a, b)
  case .minimum: a.isNaN || b.isNaN ? .nan : min(a, b)
  case .remainder: remainder(a, b)
  case .floorDivide: floorQuotient(a, b)
  case .hypot: hypot(a, b)
  case .atan2: atan2(a, b)
  case .logAddExp: a == b ? a + log(2) : max(a, b) + log1p(exp(-abs(a - b)))
  case .copySign: copysign(a, b)
  case .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight: .nan  // of integers only
  case .logicalAnd: a != 0 && b != 0 ? 1 : 0
  case .logicalOr: a != 0 || b != 0 ? 1 : 0
  }
}

/// a − b·floor(a/b), exactly: C's `fmod`, plus b if the signs differ.
private func remainder(_ a: Double, _ b: Double) -> Double {
  let rest = fmod(a, b)
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
}

/// floor(a/b) by the definition of Python's `//`: one less than the quotient without the rest if the signs differ.
private func floorQuotient(_ a: Double, _ b: Double) -> Double {
  if b == 0 { return a / b }
  let rest = fmod(a, b)
  let whole = ((a - rest) / b).rounded()
  return rest != 0 && (rest < 0) != (b < 0) ? whole - 1 : whole
}

/// The value of an operation on integers of type `dtype`; nil for operations that do not support integers. Results
/// of int64 wrap around here; those of int32 may exceed their type, and wrap around when they are stored.
package func integerValue(of op: BinaryOp, _ a: Int64, _ b: Int64, _ dtype: DType) -> Int64? {
  switch op {
  case .add: return a &+ b
  case .subtract: return a &- b
  case .multiply: return a &* b
  case .divide: return b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
  case .maximum: return max(a, b)
  case .minimum: return min(a, b)
  case .remainder:
    guard b != 0 && b != -1 else { return 0 }
    let rest = a % b
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
  case .floorDivide:
    guard b != 0 else { return 0 }
    if b == -1 { return 0 &- a }
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0)
  case .bitwiseAnd: return a & b
  case .bitwiseOr: return a | b
  case .bitwiseXor: return a ^ b
  case .shiftLeft:
    return dtype == .int64 ? a << b : Int64(Int32(truncatingIfNeeded: a) << Int32(truncatingIfNeeded: b))
  case .shiftRight:
    return dtype == .int64 ? a >> b : Int64(Int32(truncatingIfNeeded: a) >> Int32(truncatingIfNeeded: b))
  case .power, .hypot, .atan2, .logAddExp, .copySign, .logicalAnd, .logicalOr: return nil
  }
}

/// Whether a comparison is true. Comparisons with NaN are false, except for `notEqual`.
package func holds<Number: Comparable>(_ op: ComparisonOp, _ a: Number, _ b: Number) -> Bool {
  switch op {
  case .equal: a == b
  case .notEqual: a != b
  case .less: a < b
  case .lessOrEqual: a <= b
  case .greater: a > b
  case .greaterOrEqual: a >= b
  }
}
