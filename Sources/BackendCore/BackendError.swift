/// What a primitive throws. Shapes are checked before a backend is called; these are faults of the outside world.
public enum BackendError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The allocator could not get memory, also after giving back all that it had cached.
  case outOfMemory(requestedBytes: Int, liveBytes: Int, limitBytes: Int)
  /// A kernel did not compile; the log is the compiler's.
  case kernelBuild(program: String, log: String)
  /// The device failed or vanished; nothing works on it any more.
  case deviceLost(device: String, reason: String)
  /// The backend has no such operation for this element type.
  case unsupported(operation: String, dtype: DType, device: String)

  public var description: String {
    switch self {
    case .outOfMemory(let requested, let live, let limit):
      "out of memory: \(requested) bytes asked for, \(live) in use, limit \(limit)"
    case .kernelBuild(let program, let log): "kernels \"\(program)\" did not build: \(log)"
    case .deviceLost(let device, let reason): "device \(device) was lost: \(reason)"
    case .unsupported(let operation, let dtype, let device): "\(device) has no \(operation) for \(dtype)"
    }
  }
}

/// What kind of processor a backend runs on.
public enum DeviceKind: String, Sendable, Hashable {
  case cpu, gpu, accelerator
}

/// What an allocator holds, in bytes.
public struct MemoryStatistics: Sendable, Hashable {
  /// In buffers that somebody holds.
  public var liveBytes: Int
  /// Kept for reuse; `trimMemory()` gives them back.
  public var cachedBytes: Int
  /// The most that was ever live.
  public var peakBytes: Int
  /// Live and cached bytes never exceed this.
  public var limitBytes: Int

  public init(liveBytes: Int, cachedBytes: Int, peakBytes: Int, limitBytes: Int) {
    self.liveBytes = liveBytes
    self.cachedBytes = cachedBytes
    self.peakBytes = peakBytes
    self.limitBytes = limitBytes
  }
}
