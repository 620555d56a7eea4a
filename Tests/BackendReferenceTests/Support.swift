import BackendCore
import BackendReference

/// A buffer of the Reference backend with these `values`.
func buffer(_ values: [Double], _ dtype: DType = .float64, on backend: any Backend = ReferenceBackend.shared) throws
  -> BufferSlice
{
  let slice = BufferSlice(try backend.allocate(count: values.count, dtype: dtype))
  try withBytes(of: values, dtype) { try backend.upload($0, into: slice) }
  return slice
}

/// Memory for a result.
func result(_ count: Int, _ dtype: DType = .float64, on backend: any Backend = ReferenceBackend.shared) throws
  -> BufferSlice
{
  BufferSlice(try backend.allocate(count: count, dtype: dtype))
}

/// The elements from the start of a slice to the end of its buffer.
func values(_ slice: BufferSlice, on backend: any Backend = ReferenceBackend.shared) throws -> [Double] {
  let count = slice.buffer.count - slice.offset
  switch slice.dtype {
  case .float32: return try download(slice, Float.self, count, backend).map { Double($0) }
  case .float64: return try download(slice, Double.self, count, backend)
  case .int32: return try download(slice, Int32.self, count, backend).map { Double($0) }
  case .bool, .uint8: return try download(slice, UInt8.self, count, backend).map { Double($0) }
  case .int8: return try download(slice, Int8.self, count, backend).map { Double($0) }
  case .int16: return try download(slice, Int16.self, count, backend).map { Double($0) }
  case .int64: return try download(slice, Int64.self, count, backend).map { Double($0) }
  case .float16: return try download(slice, Float16.self, count, backend).map { Double($0) }
  case .bfloat16:
    return try download(slice, UInt16.self, count, backend).map { Double(Float(bitPattern: UInt32($0) << 16)) }
  }
}

private func download<Element: ExpressibleByIntegerLiteral>(
  _ slice: BufferSlice, _ type: Element.Type, _ count: Int, _ backend: any Backend
) throws -> [Element] {
  var elements = [Element](repeating: 0, count: count)
  try elements.withUnsafeMutableBytes { try backend.download(slice, into: $0) }
  return elements
}

private func withBytes(of values: [Double], _ dtype: DType, _ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
  switch dtype {
  case .float32: try values.map { Float($0) }.withUnsafeBytes(body)
  case .float64: try values.withUnsafeBytes(body)
  case .int32: try values.map { Int32($0) }.withUnsafeBytes(body)
  case .bool, .uint8: try values.map { UInt8($0) }.withUnsafeBytes(body)
  case .int8: try values.map { Int8($0) }.withUnsafeBytes(body)
  case .int16: try values.map { Int16($0) }.withUnsafeBytes(body)
  case .int64: try values.map { Int64($0) }.withUnsafeBytes(body)
  case .float16: try values.map { Float16($0) }.withUnsafeBytes(body)
  // For values that bfloat16 represents.
  case .bfloat16: try values.map { UInt16(Float($0).bitPattern >> 16) }.withUnsafeBytes(body)
  }
}

/// Whether all numbers agree within `tolerance`, relative or absolute; NaN equals NaN.
func agree(_ a: [Double], _ b: [Double], to tolerance: Double = 1e-14) -> Bool {
  a.count == b.count
    && zip(a, b).allSatisfy { x, y in
      (x.isNaN && y.isNaN) || x == y || abs(x - y) <= tolerance * max(1, abs(x), abs(y))
    }
}

/// Reproducible numbers in −1...1.
func numbers(_ count: Int, seed: UInt64 = 1) -> [Double] {
  let source = RandomSource(key: seed)
  return (0..<count).map { 2 * Double(Philox.uniform(source.block($0 / 4)[$0 % 4])) - 1 }
}
