import NeuralNetworks

#if _endian(big)
#error("Arrays are written as they lie in memory: little-endian.")
#endif

/// The element types that files hold. Those that tensors lack are converted when they are read: floating point to float32,
/// integers to int32 if they fit.
enum StoredElement: String, Sendable, CaseIterable {
  case float64, float32, float16, bfloat16
  case int64, int32, int16, int8
  case uint64, uint32, uint16, uint8
  case bool

  /// Bytes an element.
  var size: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// True for fractions.
  var isFloatingPoint: Bool { [.float64, .float32, .float16, .bfloat16].contains(self) }

  /// What a tensor of this type is written as.
  init(_ dtype: DType) {
    switch dtype {
    case .float32: self = .float32
    case .float64: self = .float64
    case .int32: self = .int32
    case .bool: self = .bool
    }
  }

  /// The bytes that a shape takes; nil if they cannot be counted.
  func byteCount(_ shape: [Int]) -> Int? {
    var count = size
    for extent in shape where extent != 0 {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      count = product
    }
    return shape.contains(0) ? 0 : count
  }

  /// Why elements cannot be read.
  struct Failure: Error {
    let index: Int
    let reason: String
  }

  /// A tensor from the bytes of its elements.
  func tensor(_ bytes: [UInt8], shape: [Int], isBigEndian: Bool = false, on device: Device) throws(Failure) -> Tensor {
    switch self {
    case .float32 where !isBigEndian:
      return Tensor(StoredElement.copied(bytes, as: Float.self), shape: shape, on: device)
    case .int32 where !isBigEndian:
      return Tensor(StoredElement.copied(bytes, as: Int32.self), shape: shape, on: device)
    case .float64, .float32, .float16, .bfloat16:
      return Tensor(try floats(bytes, isBigEndian), shape: shape, on: device)
    case .bool: return Tensor(try bools(bytes), shape: shape, on: device)
    default: return Tensor(try integers(bytes, isBigEndian), shape: shape, on: device)
    }
  }

  private static func copied<Value>(_ bytes: [UInt8], as type: Value.Type) -> [Value] {
    let count = bytes.count / MemoryLayout<Value>.stride
    return [Value](unsafeUninitializedCapacity: count) { values, filled in
      UnsafeMutableRawBufferPointer(values).copyBytes(from: bytes)
      filled = count
    }
  }

  private func floats(_ bytes: [UInt8], _ isBigEndian: Bool) throws(Failure) -> [Float] {
    var values: [Float] = []
    values.reserveCapacity(bytes.count / size)
    for index in 0..<bytes.count / size {
      let bits = word(bytes, index, isBigEndian)
      switch self {
      case .float64:
        let double = Double(bitPattern: bits)
        let float = Float(double)
        if float.isInfinite && double.isFinite {
          throw Failure(index: index, reason: "\(double) is too large for float32")
        }
        values.append(float)
      case .float16: values.append(StoredElement.half(UInt16(bits)))
      case .bfloat16: values.append(Float(bitPattern: UInt32(bits) << 16))
      default: values.append(Float(bitPattern: UInt32(bits)))
      }
    }
    return values
  }

  private func integers(_ bytes: [UInt8], _ isBigEndian: Bool) throws(Failure) -> [Int32] {
    var values: [Int32] = []
    values.reserveCapacity(bytes.count / size)
    let isSigned = [.int64, .int32, .int16, .int8].contains(self)
    let unused = UInt64(64 - 8 * size)
    for index in 0..<bytes.count / size {
      let bits = word(bytes, index, isBigEndian)
      let value = isSigned ? Int32(exactly: Int64(bitPattern: bits << unused) >> Int64(unused)) : Int32(exactly: bits)
      guard let value else { throw Failure(index: index, reason: "an integer does not fit into 32 bits") }
      values.append(value)
    }
    return values
  }

  private func bools(_ bytes: [UInt8]) throws(Failure) -> [Bool] {
    if let index = bytes.firstIndex(where: { $0 > 1 }) {
      throw Failure(index: index, reason: "a boolean is \(bytes[index]), neither 0 nor 1")
    }
    return bytes.map { $0 == 1 }
  }

  /// The bits of element `index`.
  private func word(_ bytes: [UInt8], _ index: Int, _ isBigEndian: Bool) -> UInt64 {
    var bits: UInt64 = 0
    let start = index * size
    for place in 0..<size {
      let shift = isBigEndian ? size - 1 - place : place
      bits |= UInt64(bytes[start + place]) << UInt64(8 * shift)
    }
    return bits
  }

  /// IEEE binary16 to binary32, exactly.
  static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = UInt32(bits & 0x3FF)
    if exponent == 0x1F {
      let pattern = UInt32(bits & 0x8000) << 16 | 0x7F80_0000 | fraction << 13
      return Float(bitPattern: pattern)
    }
    if exponent == 0 { return sign * Float(fraction) * 0x1p-24 }
    return sign * Float(bitPattern: UInt32(exponent + 112) << 23 | fraction << 13)
  }
}

/// The elements of a tensor as a file holds them.
func littleEndianBytes(_ tensor: Tensor) throws -> [UInt8] {
  switch tensor.dtype {
  case .float32: try tensor.scalars(as: Float.self).withUnsafeBytes { Array($0) }
  case .float64: try tensor.scalars(as: Double.self).withUnsafeBytes { Array($0) }
  case .int32: try tensor.scalars(as: Int32.self).withUnsafeBytes { Array($0) }
  case .bool: try tensor.scalars(as: Bool.self).map { $0 ? 1 : 0 }
  }
}

/// An unsigned integer from little-endian bytes.
func littleEndian<Value: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int, as type: Value.Type = Value.self) -> Value
{
  var value: Value = 0
  for index in 0..<Value.bitWidth / 8 { value |= Value(truncatingIfNeeded: bytes[offset + index]) << Value(8 * index) }
  return value
}

/// Its bytes, the least significant first.
func littleEndianBytes(of value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
  stride(from: 0, to: type(of: value).bitWidth, by: 8).map { UInt8(truncatingIfNeeded: value >> $0) }
}
