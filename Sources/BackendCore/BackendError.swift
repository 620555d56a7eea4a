/// The errors that primitives throw. Shapes are checked before a backend is called; these are external faults.
public enum BackendError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The allocator could not get memory, even after releasing its whole cache.
  case outOfMemory(requestedBytes: Int, liveBytes: Int, limitBytes: Int)
  /// A kernel failed to compile; the log is from the compiler.
  case kernelBuild(program: String, log: String)
  /// The device failed or disappeared and cannot be used any more.
  case deviceLost(device: String, reason: String)
  /// The backend does not have this operation for this element type.
  case unsupported(operation: String, dtype: DType, device: String)
  /// The operation returns positions as int32, and the axis has too many elements for that.
  case tooManyPositions(operation: String, extent: Int)

  public var description: String {
    switch self {
    case .outOfMemory(let requested, let live, let limit):
      "out of memory: \(requested) bytes asked for, \(live) in use, limit \(limit)"
    case .kernelBuild(let program, let log): "kernels \"\(program)\" did not build: \(log)"
    case .deviceLost(let device, let reason): "device \(device) was lost: \(reason)"
    case .unsupported(let operation, let dtype, let device):
      "\(device) has no \(operation) for \(dtype)" + BackendError.advice(for: dtype)
    case .tooManyPositions(let operation, let extent):
      "\(operation): positions among \(extent) elements do not fit int32, which can name \(Int(Int32.max) + 1); "
        + "cut the axis into parts"
    }
  }

  /// The type to convert to, if the operation may have a common one.
  private static func advice(for dtype: DType) -> String {
    switch dtype {
    case .float32, .int32, .bool: ""
    case .float64, .float16, .bfloat16: "; convert with .cast(to: .float32)"
    case .int8, .uint8, .int16, .int64: "; convert with .cast(to: .int32)"
    }
  }

  /// Throws an error if int32 positions below `extent`, the results of an operation, cannot represent every element.
  @inlinable public static func requirePositions(_ operation: String, below extent: Int) throws {
    if extent > Int(Int32.max) + 1 { throw BackendError.tooManyPositions(operation: operation, extent: extent) }
  }
}

/// The kind of processor that a backend runs on.
public enum DeviceKind: String, Sendable, Hashable {
  case cpu, gpu, accelerator
}

/// The memory that an allocator holds, in bytes.
public struct MemoryStatistics: Sendable, Hashable {
  /// Bytes in buffers that are in use.
  public var liveBytes: Int
  /// Bytes kept for reuse; `trimMemory()` releases them.
  public var cachedBytes: Int
  /// The highest number of live bytes so far.
  public var peakBytes: Int
  /// The limit of live and cached bytes together.
  public var limitBytes: Int

  public init(liveBytes: Int, cachedBytes: Int, peakBytes: Int, limitBytes: Int) {
    self.liveBytes = liveBytes
    self.cachedBytes = cachedBytes
    self.peakBytes = peakBytes
    self.limitBytes = limitBytes
  }
}
