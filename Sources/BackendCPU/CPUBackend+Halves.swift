import BackendCore
import CPUKernels

/// Conversions from and to float16 and bfloat16. All of them go through float32, in pieces that stay in a cache, and
/// round only once: float32 represents every float16 and bfloat16, and an int32 that it does not represent becomes a
/// float that rounds to the same result.
extension CPUBackend {
  /// The number of elements of a piece.
  private static let piece = 2048

  /// y = x in another type; at least one of the two types is a half.
  func castHalves(_ x: BufferSlice, count: Int, into y: BufferSlice) {
    parallel(count, grain: Grain.simple, unit: 64) { range in
      if x.dtype == .float32 {
        narrow(x.floats + range.lowerBound, range.count, into: y.advanced(by: range.lowerBound))
      } else if y.dtype == .float32 {
        widen(x.advanced(by: range.lowerBound), range.count, into: y.floats + range.lowerBound)
      } else {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.piece) { floats in
          guard let numbers = floats.baseAddress else { return }
          for first in stride(from: range.lowerBound, to: range.upperBound, by: Self.piece) {
            let n = min(Self.piece, range.upperBound - first)
            widen(x.advanced(by: first), n, into: numbers)
            narrow(numbers, n, into: y.advanced(by: first))
          }
        }
      }
    }
  }

  /// y = x as float32.
  private func widen(_ x: BufferSlice, _ count: Int, into y: UnsafeMutablePointer<Float>) {
    switch x.dtype {
    case .float16: kernels.pointee.float16_to_float(x.halves, y, count)
    case .bfloat16: kernels.pointee.bfloat16_to_float(x.halves, y, count)
    case .int32: kernels.pointee.int32_to_sticky_float(x.integers, y, count)
    default: kernels.pointee.bool_to_float(x.bytes, y, count)
    }
  }

  /// y = x in the type of y.
  private func narrow(_ x: UnsafePointer<Float>, _ count: Int, into y: BufferSlice) {
    switch y.dtype {
    case .float16: kernels.pointee.float_to_float16(x, y.halves, count)
    case .bfloat16: kernels.pointee.float_to_bfloat16(x, y.halves, count)
    case .int32: kernels.pointee.float_to_int32(x, y.integers, count)
    default: kernels.pointee.float_to_bool(x, y.bytes, count)
    }
  }
}
