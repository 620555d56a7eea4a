/// The element type of a buffer.
///
/// Every backend supports `float32`, `int32`, and `bool`. Only the Reference backend supports `float64`, which it uses
/// to check gradients. See `Backend.supports(_:)`.
public enum DType: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  case float32
  /// Indices and labels.
  case int32
  /// One byte per element, 0 or 1.
  case bool
  case float64

  /// The size of one element in bytes.
  @inlinable public var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .bool: 1
    case .float64: 8
    }
  }

  /// True for `float32` and `float64`, the types that have gradients.
  @inlinable public var isFloatingPoint: Bool { self == .float32 || self == .float64 }

  public var description: String {
    switch self {
    case .float32: "float32"
    case .int32: "int32"
    case .bool: "bool"
    case .float64: "float64"
    }
  }
}

extension Int32 {
  /// Converts a scalar operand to int32: rounds toward zero and saturates; NaN becomes 0.
  package init(saturating value: Double) {
    self = value.isNaN ? 0 : Int32(Swift.min(Swift.max(value, Double(Int32.min)), Double(Int32.max)))
  }
}
