#if OpenCL
public import BackendCore
internal import COpenCL
import Synchronization

/// Memory operations.
extension OpenCLBackend {
  public func allocate(count: Int, dtype: DType) throws -> Buffer {
    guard supports(dtype) else { throw unsupported("buffer", dtype) }
    try context.checkUsable()
    let (bytes, isTooMuch) = count.multipliedReportingOverflow(by: dtype.byteCount)
    guard !isTooMuch else {
      let statistics = pool.statistics
      throw BackendError.outOfMemory(
        requestedBytes: .max, liveBytes: statistics.liveBytes, limitBytes: statistics.limitBytes)
    }
    guard let capture else {
      let buffer = OpenCLBuffer(block: try pool.take(bytes), pool: pool, count: count, dtype: dtype)
      if options.spoilsNewMemory { try context.spoil(Place(BufferSlice(buffer)), bytes: bytes) }
      return buffer
    }
    let block = try capture.memory.take(bytes)
    return OpenCLBuffer(block: block, pool: pool, recording: capture.memory, count: count, dtype: dtype)
  }

  public func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) throws {
    try context.checkUsable()
    guard let capture else { return try staging.upload(source, into: Place(destination)) }
    capture.addUpload(source, destination)
  }

  public func download(_ source: BufferSlice, into destination: UnsafeMutableRawBufferPointer) throws {
    try context.checkUsable()
    guard let address = destination.baseAddress, destination.count > 0 else { return try context.finish() }
    context.waits.add(1, ordering: .relaxed)
    context.hostReads.add(1, ordering: .relaxed)
    let status = context.profiled("download", bytes: destination.count) { event in
      context.cl.clEnqueueReadBuffer(
        context.queue, source.memory, cl_bool(CL_TRUE), source.byteOffset, destination.count, address, 0, nil, event)
    }
    try context.check(status, "a download of \(destination.count) bytes", bytes: destination.count)
  }

  public func copy(_ source: BufferSlice, count: Int, into destination: BufferSlice) throws {
    try context.checkUsable()
    guard count > 0 else { return }
    let bytes = count * source.dtype.byteCount
    guard let capture else { return try context.copy(Place(source), Place(destination), bytes: bytes) }
    capture.addCopy(source, destination, bytes: bytes)
  }

  public func fill(_ destination: BufferSlice, count: Int, with value: Double) throws {
    let name = KernelName(
      program: ProgramName(family: .elementwiseSelection, isWide: isWide(count)), stem: "fill",
      type: destination.dtype.kernelWord)
    try launch(name, .elements(count)) { arguments in
      arguments.slice(destination)
      arguments.count(count)
      arguments.scalar(value, destination.dtype)
    }
  }

  public func synchronize() throws { try context.finish() }

  public func memoryStatistics() -> MemoryStatistics { pool.statistics }

  public func setMemoryLimit(bytes: Int) { pool.setLimit(bytes) }

  public func trimMemory() { pool.trim() }
}

extension OpenCLContext {
  /// Enqueues a fill with one-bits.
  func spoil(_ place: Place, bytes: Int) throws {
    guard bytes > 0 else { return }
    var pattern = UInt8.max
    let status = cl.clEnqueueFillBuffer(queue, place.memory, &pattern, 1, place.byteOffset, bytes, 0, nil, nil)
    try check(status, "filling \(bytes) bytes", bytes: bytes)
  }

  /// Enqueues a copy from one place to another.
  func copy(_ source: Place, _ destination: Place, bytes: Int) throws {
    let status = profiled("copy", bytes: 2 * bytes) { event in
      cl.clEnqueueCopyBuffer(
        queue, source.memory, destination.memory, source.byteOffset, destination.byteOffset, bytes, 0, nil, event)
    }
    try check(status, "a copy of \(bytes) bytes", bytes: bytes)
  }
}

/// A block of device memory, as managed by the pool.
struct MemoryBlock: @unchecked Sendable {
  let memory: cl_mem
  /// The total size, which is the size of its class.
  let bytes: Int
  /// A unique number, because drivers reuse the handles of released blocks.
  let number = MemoryBlock.numbers.add(1, ordering: .relaxed).newValue
  private static let numbers = Atomic<UInt64>(0)
}

/// A buffer of an OpenCL device. Its memory returns to the pool when the last reference is released. Commands that
/// still use it precede those of its next user in the in-order queue.
final class OpenCLBuffer: Buffer, @unchecked Sendable {
  let block: MemoryBlock
  let pool: BufferPool
  /// The recording that receives the memory back instead of the pool.
  let recording: RecordingMemory?

  init(block: MemoryBlock, pool: BufferPool, recording: RecordingMemory? = nil, count: Int, dtype: DType) {
    self.block = block
    self.pool = pool
    self.recording = recording
    super.init(count: count, dtype: dtype)
  }

  deinit {
    if let recording { recording.giveBack(block) } else { pool.giveBack(block) }
  }
}

extension BufferSlice {
  /// The memory block of the slice.
  var block: MemoryBlock {
    guard let buffer = buffer as? OpenCLBuffer else {
      fatalError("an OpenCL device got a buffer of another backend: \(type(of: buffer))")
    }
    return buffer.block
  }

  var memory: cl_mem { block.memory }

  var byteOffset: Int { offset * dtype.byteCount }
}
#endif
