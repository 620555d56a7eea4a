/// The element type of a buffer.
///
/// `float32`, `int32` and `bool` exist on every backend. `float64` is supported by the Reference backend alone, which uses
/// it to check gradients; `Backend.supports(_:)` tells.
public enum DType: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  case float32
  /// Indices and labels.
  case int32
  /// One byte an element, 0 or 1.
  case bool
  case float64

  /// Bytes of one element.
  @inlinable public var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .bool: 1
    case .float64: 8
    }
  }

  /// True for `float32` and `float64`, the types that gradients flow through.
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
  /// The int32 of a scalar operand: towards zero; what is out of range becomes the nearest bound, NaN becomes 0.
  package init(saturating value: Double) {
    self = value.isNaN ? 0 : Int32(Swift.min(Swift.max(value, Double(Int32.min)), Double(Int32.max)))
  }
}
