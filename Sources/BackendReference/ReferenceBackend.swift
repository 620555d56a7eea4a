import HostSystem
import BackendCore
import Synchronization

/// The executable specification of `Backend`: every operation is a plain loop that reads elements as Double, computes
/// in Double, and rounds once when it stores the result. It does not attempt to be fast.
///
/// With `float32` buffers, it is the reference for other backends; with `float64` buffers, it checks gradients. To
/// write a backend, start here: memory is in this file, and each family of operations is in a separate file. The fused
/// operations, for which a backend may use the protocol's defaults, are implemented directly from their formulas, so
/// that the defaults can be compared with them.
///
/// Calls complete on the caller's thread. Invalid combinations of operation and element type, such as the exponential
/// of an int32, throw `BackendError.unsupported`.
public final class ReferenceBackend: Backend {
  /// A shared instance for uses without a separate memory limit.
  public static let shared = ReferenceBackend()

  public let name = "Reference (plain loops in Double)"
  public let identifier = "reference"
  public let kind = DeviceKind.cpu

  let memory: ReferenceMemory

  /// Creates a backend.
  /// - Parameter memoryLimit: The maximum number of live bytes.
  public init(memoryLimit: Int = .max) {
    memory = ReferenceMemory(limitBytes: memoryLimit)
  }

  /// Returns true: all types are supported, including `float64`.
  public func supports(_ dtype: DType) -> Bool { true }
  public var capabilities: BackendCapabilities { BackendCapabilities(version: 1, isSynchronous: true) }

  // MARK: Memory

  public func allocate(count: Int, dtype: DType) throws -> Buffer {
    try ReferenceBuffer.make(count: count, dtype: dtype, memory: memory)
  }

  public func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) throws {
    guard let base = source.baseAddress else { return }
    Elements(destination).address.copyMemory(from: base, byteCount: source.count)
  }

  public func download(_ source: BufferSlice, into destination: UnsafeMutableRawBufferPointer) throws {
    guard let base = destination.baseAddress else { return }
    base.copyMemory(from: Elements(source).address, byteCount: destination.count)
  }

  public func copy(_ source: BufferSlice, count: Int, into destination: BufferSlice) throws {
    Elements(destination).address.copyMemory(
      from: Elements(source).address, byteCount: count * source.dtype.byteCount)
  }

  public func fill(_ destination: BufferSlice, count: Int, with value: Double) throws {
    let y = Elements(destination)
    for i in 0..<count { y[i] = value }
  }

  /// Does nothing: every call has completed when it returns.
  public func synchronize() throws {}

  public func memoryStatistics() -> MemoryStatistics { memory.statistics }

  public func setMemoryLimit(bytes: Int) { memory.setLimit(bytes: bytes) }

  /// Does nothing: no memory is cached.
  public func trimMemory() {}

  /// The error for an operation that does not support an element type.
  func unsupported(_ operation: String, _ dtype: DType) -> BackendError {
    BackendError.unsupported(operation: operation, dtype: dtype, device: identifier)
  }
}

/// Counts the bytes of one backend. Buffers retain it, so that they can release their bytes after the backend has been
/// deallocated.
final class ReferenceMemory: Sendable {
  private let state: Mutex<MemoryStatistics>

  init(limitBytes: Int) {
    state = Mutex(MemoryStatistics(liveBytes: 0, cachedBytes: 0, peakBytes: 0, limitBytes: limitBytes))
  }

  var statistics: MemoryStatistics { state.withLock { $0 } }

  func setLimit(bytes: Int) { state.withLock { $0.limitBytes = bytes } }

  func reserve(bytes: Int) throws {
    try state.withLock { state in
      guard bytes <= state.limitBytes - state.liveBytes else {
        throw BackendError.outOfMemory(
          requestedBytes: bytes, liveBytes: state.liveBytes, limitBytes: state.limitBytes)
      }
      state.liveBytes += bytes
      state.peakBytes = max(state.peakBytes, state.liveBytes)
    }
  }

  func release(bytes: Int) { state.withLock { $0.liveBytes -= bytes } }
}

/// Host memory, aligned to 64 bytes. New memory is filled with one-bits, which read as NaN in floating point, so a
/// result that depends on uninitialized memory is noticed at once.
final class ReferenceBuffer: Buffer, @unchecked Sendable {
  let bytes: UnsafeMutableRawPointer
  private let memory: ReferenceMemory

  private init(count: Int, dtype: DType, bytes: UnsafeMutableRawPointer, memory: ReferenceMemory) {
    self.bytes = bytes
    self.memory = memory
    super.init(count: count, dtype: dtype)
  }

  static func make(count: Int, dtype: DType, memory: ReferenceMemory) throws -> ReferenceBuffer {
    let (byteCount, overflows) = count.multipliedReportingOverflow(by: dtype.byteCount)
    var address: UnsafeMutableRawPointer?
    guard !overflows, posix_memalign(&address, 64, max(byteCount, 1)) == 0, let address else {
      let statistics = memory.statistics
      throw BackendError.outOfMemory(
        requestedBytes: overflows ? .max : byteCount, liveBytes: statistics.liveBytes,
        limitBytes: statistics.limitBytes)
    }
    do {
      try memory.reserve(bytes: byteCount)
    } catch {
      free(address)
      throw error
    }
    memset(address, 0xFF, byteCount)
    return ReferenceBuffer(count: count, dtype: dtype, bytes: address, memory: memory)
  }

  deinit {
    free(bytes)
    memory.release(bytes: byteCount)
  }
}
