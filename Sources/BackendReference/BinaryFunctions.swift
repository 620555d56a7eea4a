import HostSystem
import BackendCore

/// The value of an operation on floating-point numbers, or on bools read as 0 and 1.
func value(of op: BinaryOp, _ a: Double, _ b: Double) -> Double {
  switch op {
  case .add: a + b
  case .subtract: a - b
  case .multiply: a * b
  case .divide: a / b
  case .power: pow(a, b)
  case .maximum: a.isNaN || b.isNaN ? .nan : max(a, b)
  case .minimum: a.isNaN || b.isNaN ? .nan : min(a, b)
  case .remainder: remainder(a, b)
  case .logicalAnd: a != 0 && b != 0 ? 1 : 0
  case .logicalOr: a != 0 || b != 0 ? 1 : 0
  }
}

/// a − b·floor(a/b), exactly: C's `fmod`, plus b if the signs differ.
private func remainder(_ a: Double, _ b: Double) -> Double {
  let rest = fmod(a, b)
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
}

/// The value of an int32 operation; nil for operations that do not support int32. The result may exceed int32; it wraps
/// around when it is stored.
func integerValue(of op: BinaryOp, _ a: Int64, _ b: Int64) -> Int64? {
  switch op {
  case .add: return a + b
  case .subtract: return a - b
  case .multiply: return a * b
  case .divide: return b == 0 ? 0 : a / b
  case .maximum: return max(a, b)
  case .minimum: return min(a, b)
  case .remainder:
    guard b != 0 else { return 0 }
    let rest = a % b
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
  case .power, .logicalAnd, .logicalOr: return nil
  }
}

/// Whether a comparison is true. Comparisons with NaN are false, except for `notEqual`.
func holds(_ op: ComparisonOp, _ a: Double, _ b: Double) -> Bool {
  switch op {
  case .equal: a == b
  case .notEqual: a != b
  case .less: a < b
  case .lessOrEqual: a <= b
  case .greater: a > b
  case .greaterOrEqual: a >= b
  }
}
