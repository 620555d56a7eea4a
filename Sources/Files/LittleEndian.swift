// Integers in files, as bytes of which the least significant comes first.

/// An unsigned integer from little-endian bytes.
package func littleEndian<Value: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int, as type: Value.Type = Value.self)
  -> Value
{
  var value: Value = 0
  for index in 0..<Value.bitWidth / 8 { value |= Value(truncatingIfNeeded: bytes[offset + index]) << Value(8 * index) }
  return value
}

/// The bytes of the value, the least significant first.
package func littleEndianBytes(of value: some FixedWidthInteger & UnsignedInteger) -> [UInt8] {
  stride(from: 0, to: type(of: value).bitWidth, by: 8).map { UInt8(truncatingIfNeeded: value >> $0) }
}
