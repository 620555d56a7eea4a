import NeuralNetworks

#if _endian(big)
#error("Arrays are written as they are in memory: little-endian.")
#endif

/// The element types of files. By default, floating point is read as float32, and integers as int32 if they fit. Types that
/// tensors have keep their type on request.
enum StoredElement: String, Sendable, CaseIterable {
  case float64, float32, float16, bfloat16
  case int64, int32, int16, int8
  case uint64, uint32, uint16, uint8
  case bool

  /// The size of an element in bytes.
  var size: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// Whether the type is floating point.
  var isFloatingPoint: Bool { [.float64, .float32, .float16, .bfloat16].contains(self) }

  /// The stored type for a tensor of this type.
  init(_ dtype: DType) {
    switch dtype {
    case .float32: self = .float32
    case .float64: self = .float64
    case .int32: self = .int32
    case .bool: self = .bool
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    case .int8: self = .int8
    case .uint8: self = .uint8
    case .int16: self = .int16
    case .int64: self = .int64
    }
  }

  /// The number of bytes for a shape; nil if it overflows.
  func byteCount(_ shape: [Int]) -> Int? {
    var count = size
    for extent in shape where extent != 0 {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      count = product
    }
    return shape.contains(0) ? 0 : count
  }
}

/// The elements of a tensor in the form stored in files.
func littleEndianBytes(_ tensor: Tensor) throws -> [UInt8] {
  switch tensor.dtype {
  case .float32: try tensor.scalars(as: Float.self).withUnsafeBytes { Array($0) }
  case .float64: try tensor.scalars(as: Double.self).withUnsafeBytes { Array($0) }
  case .int32: try tensor.scalars(as: Int32.self).withUnsafeBytes { Array($0) }
  case .bool: try tensor.scalars(as: Bool.self).map { $0 ? 1 : 0 }
  case .float16: try tensor.scalars(as: Float16.self).withUnsafeBytes { Array($0) }
  case .bfloat16: try tensor.scalars(as: BFloat16Bits.self).withUnsafeBytes { Array($0) }
  case .int8: try tensor.scalars(as: Int8.self).withUnsafeBytes { Array($0) }
  case .uint8: try tensor.scalars(as: UInt8.self)
  case .int16: try tensor.scalars(as: Int16.self).withUnsafeBytes { Array($0) }
  case .int64: try tensor.scalars(as: Int64.self).withUnsafeBytes { Array($0) }
  }
}
