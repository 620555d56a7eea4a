#if OpenCL
public import BackendCore
internal import COpenCL

/// Memory.
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
    return OpenCLBuffer(block: try pool.take(bytes), pool: pool, count: count, dtype: dtype)
  }

  public func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) throws {
    try context.checkUsable()
    try staging.upload(source, into: destination)
  }

  public func download(_ source: BufferSlice, into destination: UnsafeMutableRawBufferPointer) throws {
    try context.checkUsable()
    guard let address = destination.baseAddress, destination.count > 0 else { return try context.finish() }
    context.waits.add(1, ordering: .relaxed)
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
    let status = context.profiled("copy", bytes: 2 * bytes) { event in
      context.cl.clEnqueueCopyBuffer(
        context.queue, source.memory, destination.memory, source.byteOffset, destination.byteOffset, bytes, 0, nil,
        event)
    }
    try context.check(status, "a copy of \(count) elements", bytes: bytes)
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
#endif
