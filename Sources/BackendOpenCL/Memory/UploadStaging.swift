#if OpenCL
internal import BackendCore
internal import COpenCL
import Synchronization

/// Host staging memory, so that uploads do not wait for the queue: bytes are copied here, the device fetches them in
/// queue order, and the memory is then reused.
final class UploadStaging: Sendable {
  /// A piece of host memory that the driver has pinned and mapped permanently.
  private struct Slot: @unchecked Sendable {
    let bytes: UnsafeMutableRawPointer
    let capacity: Int
    /// The event of the last upload that read it.
    var event: cl_event?
  }

  private struct State {
    /// The slots by capacity, least recently used first.
    var slots: [Int: [Slot]] = [:]
    var totalBytes = 0
  }

  private static let largestSlot = 16 << 20
  /// Larger uploads are read directly from the caller's memory and wait, because there is no space to stage the next
  /// one at the same time.
  private static let largestUpload = 32 << 20
  private static let limitBytes = 64 << 20
  private let context: OpenCLContext
  private let state = Mutex(State())

  init(_ context: OpenCLContext) { self.context = context }

  /// Copies `source` to a buffer in pieces. Returns as soon as `source` may be freed.
  func upload(_ source: UnsafeRawBufferPointer, into destination: Place) throws {
    let piece = source.count > UploadStaging.largestUpload ? source.count : UploadStaging.largestSlot
    var first = 0
    while first < source.count {
      let end = min(first + piece, source.count)
      let bytes = UnsafeRawBufferPointer(rebasing: source[first..<end])
      try upload(bytes, into: destination.memory, at: destination.byteOffset + first)
      first = end
    }
  }

  private func upload(_ source: UnsafeRawBufferPointer, into memory: cl_mem, at offset: Int) throws {
    let cl = context.cl
    guard let address = source.baseAddress else { return }
    guard var slot = slot(for: source.count) else {
      context.waits.add(1, ordering: .relaxed)
      let status = context.profiled("upload", bytes: source.count) { event in
        cl.clEnqueueWriteBuffer(
          context.queue, memory, cl_bool(CL_TRUE), offset, source.count, address, 0, nil, event)
      }
      try context.check(status, "an upload of \(source.count) bytes", bytes: source.count)
      return
    }
    slot.bytes.copyMemory(from: address, byteCount: source.count)
    let status = cl.clEnqueueWriteBuffer(
      context.queue, memory, cl_bool(CL_FALSE), offset, source.count, slot.bytes, 0, nil, &slot.event)
    if let profile = context.profile, let event = slot.event, cl.clRetainEvent(event) == CL_SUCCESS {
      profile.add("upload", bytes: source.count, event)
    }
    let finished = slot
    state.withLock { $0.slots[finished.capacity, default: []].append(finished) }
    try context.check(status, "an upload of \(source.count) bytes", bytes: source.count)
  }

  /// Returns an unused slot: one whose upload has finished, or a new one; nil if there is no space for a new slot.
  private func slot(for bytes: Int) -> Slot? {
    guard bytes <= UploadStaging.largestSlot else { return nil }
    var capacity = 4096
    while capacity < bytes { capacity *= 2 }
    if var found = freeSlot(capacity) {
      if let event = found.event { _ = context.cl.clReleaseEvent(event) }
      found.event = nil
      return found
    }
    // Small slots are created by the dozen, large ones in pairs (for one batch and the next), because mapping memory
    // waits for the queue.
    let total = max(2 * capacity, 1 << 20)
    let mayCreate = state.withLock { state in
      guard state.totalBytes + total <= UploadStaging.limitBytes else { return false }
      state.totalBytes += total
      return true
    }
    guard mayCreate else { return nil }
    guard let memory = pinnedMemory(total) else {
      state.withLock { $0.totalBytes -= total }
      return nil
    }
    let rest = stride(from: capacity, to: total, by: capacity).map { offset in
      Slot(bytes: memory + offset, capacity: capacity)
    }
    state.withLock { $0.slots[capacity, default: []].insert(contentsOf: rest, at: 0) }
    return Slot(bytes: memory, capacity: capacity)
  }

  /// The least recently used slot, if its upload has finished. If it has not finished, no later one has, because the
  /// queue is in-order.
  private func freeSlot(_ capacity: Int) -> Slot? {
    state.withLock { state in
      guard let first = state.slots[capacity]?.first, isDone(first) else { return nil }
      return state.slots[capacity]?.removeFirst()
    }
  }

  /// Whether the slot's upload has ended, successfully or not. The query does not wait.
  private func isDone(_ slot: Slot) -> Bool {
    guard let event = slot.event else { return true }
    var status: cl_int = CL_COMPLETE
    let size = MemoryLayout<cl_int>.size
    let key = cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS)
    return context.cl.clGetEventInfo(event, key, size, &status, nil) == CL_SUCCESS && status <= CL_COMPLETE
  }

  /// Host memory that the device can read directly, kept until the process ends.
  private func pinnedMemory(_ bytes: Int) -> UnsafeMutableRawPointer? {
    let cl = context.cl
    var status: cl_int = 0
    let flags = cl_mem_flags(CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR)
    guard let memory = cl.clCreateBuffer(context.context, flags, bytes, nil, &status) else { return nil }
    context.waits.add(1, ordering: .relaxed)
    let address = cl.clEnqueueMapBuffer(
      context.queue, memory, cl_bool(CL_TRUE), cl_map_flags(CL_MAP_WRITE), 0, bytes, 0, nil, nil, &status)
    guard let address, status == CL_SUCCESS else {
      _ = cl.clReleaseMemObject(memory)
      return nil
    }
    return address
  }
}
#endif
