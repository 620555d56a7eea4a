#if OpenCL
import BackendCore

// Arrays to and from a device.

extension Backend {
  func upload<Element: BitwiseCopyable>(_ elements: [Element], _ dtype: DType) throws -> BufferSlice {
    let slice = BufferSlice(try allocate(count: elements.count, dtype: dtype))
    try elements.withUnsafeBytes { try upload($0, into: slice) }
    return slice
  }

  func upload(_ floats: [Float]) throws -> BufferSlice { try upload(floats, .float32) }
  func upload(_ integers: [Int32]) throws -> BufferSlice { try upload(integers, .int32) }

  func empty(_ count: Int, _ dtype: DType = .float32) throws -> BufferSlice {
    BufferSlice(try allocate(count: count, dtype: dtype))
  }

  func floats(_ slice: BufferSlice, count: Int) throws -> [Float] {
    var result = [Float](repeating: .nan, count: count)
    try result.withUnsafeMutableBytes { try download(slice, into: $0) }
    return result
  }

  func integers(_ slice: BufferSlice, count: Int) throws -> [Int32] {
    var result = [Int32](repeating: -1, count: count)
    try result.withUnsafeMutableBytes { try download(slice, into: $0) }
    return result
  }
}

/// Integers in ±`bound`, from a fixed sequence: sums of their products are exact in float32.
func wholeNumbers(_ count: Int, bound: Int = 8, seed: UInt64 = 1) -> [Float] {
  (0..<count).map { i in
    let word = Philox.block(
      counter: SIMD4(UInt32(i), UInt32(i >> 32), 0, 0), key: SIMD2(UInt32(truncatingIfNeeded: seed), 7)
    ).x
    return Float(Int(word % UInt32(2 * bound + 1)) - bound)
  }
}
#endif
