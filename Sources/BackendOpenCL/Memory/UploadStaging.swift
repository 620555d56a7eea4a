#if OpenCL
internal import BackendCore
internal import COpenCL
import Synchronization

/// Host memory that uploads pass through, so that they need not wait for the queue: bytes are copied here, the device
/// fetches them when their turn comes, and the memory is used again after that.
final class UploadStaging: Sendable {
  /// Host memory that the driver has pinned; mapped once, for good.
  private struct Slot: @unchecked Sendable {
    let memory: cl_mem
    let bytes: UnsafeMutableRawPointer
    let capacity: Int
    /// The upload that last read it.
    var event: cl_event?
  }

  private struct State {
    var slots: [Slot] = []
    var totalBytes = 0
  }

  /// An upload above this goes straight from the caller's memory, and waits.
  private static let largestSlot = 16 << 20
  private static let limitBytes = 64 << 20
  private let context: OpenCLContext
  private let state = Mutex(State())

  init(_ context: OpenCLContext) { self.context = context }

  /// Copies `source` to a buffer; returns as soon as `source` may be freed.
  func upload(_ source: UnsafeRawBufferPointer, into destination: BufferSlice) throws {
    guard let address = source.baseAddress, source.count > 0 else { return }
    let cl = context.cl
    guard var slot = slot(for: source.count) else {
      let status = cl.clEnqueueWriteBuffer(
        context.queue, destination.memory, cl_bool(CL_TRUE), destination.byteOffset, source.count, address, 0, nil, nil)
      try context.check(status, "an upload of \(source.count) bytes", bytes: source.count)
      return
    }
    slot.bytes.copyMemory(from: address, byteCount: source.count)
    let status = cl.clEnqueueWriteBuffer(
      context.queue, destination.memory, cl_bool(CL_FALSE), destination.byteOffset, source.count, slot.bytes, 0, nil,
      &slot.event)
    let finished = slot
    state.withLock { $0.slots.append(finished) }
    try context.check(status, "an upload of \(source.count) bytes", bytes: source.count)
  }

  /// A slot that nothing uses: one whose upload is done, or a new one; nil when there is no room for it.
  private func slot(for bytes: Int) -> Slot? {
    guard bytes <= UploadStaging.largestSlot else { return nil }
    var capacity = 4096
    while capacity < bytes { capacity *= 2 }
    let (found, mayCreate) = state.withLock { state -> (Slot?, Bool) in
      let index = state.slots.firstIndex { $0.capacity == capacity && isDone($0) }
      if let index { return (state.slots.remove(at: index), false) }
      guard state.totalBytes + capacity <= UploadStaging.limitBytes else { return (nil, false) }
      state.totalBytes += capacity
      return (nil, true)
    }
    if var found {
      if let event = found.event { _ = context.cl.clReleaseEvent(event) }
      found.event = nil
      return found
    }
    guard mayCreate else { return nil }
    if let created = create(capacity) { return created }
    state.withLock { $0.totalBytes -= capacity }
    return nil
  }

  /// True when the slot's upload has ended, well or badly. The query does not wait.
  private func isDone(_ slot: Slot) -> Bool {
    guard let event = slot.event else { return true }
    var status: cl_int = CL_COMPLETE
    let size = MemoryLayout<cl_int>.size
    let key = cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS)
    return context.cl.clGetEventInfo(event, key, size, &status, nil) == CL_SUCCESS && status <= CL_COMPLETE
  }

  private func create(_ capacity: Int) -> Slot? {
    let cl = context.cl
    var status: cl_int = 0
    let flags = cl_mem_flags(CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR)
    guard let memory = cl.clCreateBuffer(context.context, flags, capacity, nil, &status) else { return nil }
    let bytes = cl.clEnqueueMapBuffer(
      context.queue, memory, cl_bool(CL_TRUE), cl_map_flags(CL_MAP_WRITE), 0, capacity, 0, nil, nil, &status)
    guard let bytes, status == CL_SUCCESS else {
      _ = cl.clReleaseMemObject(memory)
      return nil
    }
    return Slot(memory: memory, bytes: bytes, capacity: capacity)
  }
}
#endif
