import BackendCPU
import BackendCore

/// Reproducible numbers for operands.
struct Numbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }
}

extension CPUBackend {
  /// A slice with these values after `offset` elements of NaN.
  func slice(_ values: [Float], offset: Int = 0) throws -> BufferSlice {
    let slice = BufferSlice(try allocate(count: values.count + offset, dtype: .float32))
    try fill(slice, count: offset, with: .nan)
    try values.withUnsafeBytes { try upload($0, into: slice.advanced(by: offset)) }
    return slice.advanced(by: offset)
  }

  func slice(_ values: [Int32]) throws -> BufferSlice {
    let slice = BufferSlice(try allocate(count: values.count, dtype: .int32))
    try values.withUnsafeBytes { try upload($0, into: slice) }
    return slice
  }

  func empty(_ count: Int, _ dtype: DType = .float32) throws -> BufferSlice {
    BufferSlice(try allocate(count: count, dtype: dtype))
  }

  func floats(_ slice: BufferSlice, _ count: Int) throws -> [Float] {
    var result = [Float](repeating: 0, count: count)
    try result.withUnsafeMutableBytes { try download(slice, into: $0) }
    return result
  }

  /// The bytes of a result, for bitwise comparison.
  func content(_ slice: BufferSlice, _ count: Int) throws -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count * slice.dtype.byteCount)
    try result.withUnsafeMutableBytes { try download(slice, into: $0) }
    return result
  }
}

extension Backend {
  /// A slice of a type with these values, between elements of NaN.
  func slice(_ values: [Float], _ type: DType, offset: Int) throws -> BufferSlice {
    let whole = BufferSlice(try allocate(count: values.count + offset + 40, dtype: type))
    try fill(whole, count: values.count + offset + 40, with: .nan)
    let slice = whole.advanced(by: offset)
    if type == .float32 {
      try values.withUnsafeBytes { try upload($0, into: slice) }
    } else {
      let bits = values.map { HalfFormat(type).bits(of: Double($0)) }
      try bits.withUnsafeBytes { try upload($0, into: slice) }
    }
    return slice
  }
  /// The elements of a slice of float32, float16, or bfloat16.
  func numbers(_ slice: BufferSlice, _ count: Int) throws -> [Float] {
    var bytes = [UInt8](repeating: 0, count: count * slice.dtype.byteCount)
    try bytes.withUnsafeMutableBytes { try download(slice, into: $0) }
    return bytes.withUnsafeBytes { bytes in
      slice.dtype == .float32
        ? Array(bytes.bindMemory(to: Float.self))
        : bytes.bindMemory(to: UInt16.self).map { HalfFormat(slice.dtype).number($0) }
    }
  }
}
