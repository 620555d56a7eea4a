#if OpenCL
internal import BackendCore
internal import COpenCL
import Synchronization

/// A context with one in-order queue on one device, and what is known of the device's health. Made once per device, and
/// never released: drivers may be gone before a process's last destructors run.
///
/// Any thread may use it. It takes no lock across a call that waits.
final class OpenCLContext: @unchecked Sendable {
  let device: OpenCLDevice
  let cl: NNOpenCLFunctions
  let context: cl_context
  let queue: cl_command_queue
  /// Bytes in buffers that somebody holds, for errors; the pool keeps it.
  let liveBytes = Atomic<Int>(0)
  /// How often the host waited for the device.
  let waits = Atomic<Int>(0)
  /// How often the host read memory of the device.
  let hostReads = Atomic<Int>(0)
  /// What commands took, where that is kept.
  let profile: LaunchProfile?
  private let forks: Int32
  private let messages: DriverMessages
  private let isLost = Atomic<Bool>(false)
  private let loss = Mutex<BackendError?>(nil)

  /// - Parameters:
  ///   - functions: entry points to use in place of the loader's; for tests, which make some of them fail.
  ///   - isProfiled: The device notes when each command begins and ends.
  init(_ device: OpenCLDevice, functions: NNOpenCLFunctions? = nil, isProfiled: Bool = false) throws {
    cl = try functions ?? OpenCLLibrary.functions()
    self.device = device
    forks = nn_opencl_forks()
    messages = DriverMessages()
    profile = isProfiled ? LaunchProfile() : nil
    guard device.largestWorkGroup >= WorkGroup.size else {
      throw OpenCLError.unusable(
        device: device.identifier,
        reason: "work groups of \(WorkGroup.size) items are needed, it has \(device.largestWorkGroup)")
    }
    var status: cl_int = 0
    var handle: cl_device_id? = device.handle.device
    let receiver = Unmanaged.passRetained(messages).toOpaque()
    let context = cl.clCreateContext(
      nil, 1, &handle,
      { message, _, _, receiver in
        guard let message, let receiver else { return }
        Unmanaged<DriverMessages>.fromOpaque(receiver).takeUnretainedValue().add(String(cString: message))
      }, receiver, &status)
    guard let context, status == CL_SUCCESS else {
      throw OpenCLError.unusable(device: device.identifier, reason: "no context: " + OpenCLLibrary.name(of: status))
    }
    let properties = cl_command_queue_properties(isProfiled ? CL_QUEUE_PROFILING_ENABLE : 0)
    guard let queue = cl.clCreateCommandQueue(context, device.handle.device, properties, &status), status == CL_SUCCESS
    else {
      _ = cl.clReleaseContext(context)
      throw OpenCLError.unusable(device: device.identifier, reason: "no queue: " + OpenCLLibrary.name(of: status))
    }
    self.context = context
    self.queue = queue
  }

  /// False in a child made by fork(): a driver's threads and locks do not come along, and calls would hang.
  var isInItsProcess: Bool { nn_opencl_forks() == forks }

  /// Throws what has made the device unusable, if anything has.
  func checkUsable() throws {
    if !isInItsProcess {
      throw BackendError.deviceLost(
        device: device.identifier,
        reason: "this process was forked off one that uses OpenCL; start a new process instead")
    }
    if isLost.load(ordering: .acquiring), let error = loss.withLock({ $0 }) { throw error }
  }

  /// Turns a failed status into an error. Memory can run out and come back; after anything else the context is not to be
  /// trusted, and the error stays.
  func check(_ status: cl_int, _ action: @autoclosure () -> String, bytes: Int = 0) throws {
    guard status != CL_SUCCESS else { return }
    if status == CL_MEM_OBJECT_ALLOCATION_FAILURE || status == CL_OUT_OF_HOST_MEMORY {
      throw BackendError.outOfMemory(
        requestedBytes: bytes, liveBytes: liveBytes.load(ordering: .relaxed), limitBytes: device.memoryBytes)
    }
    throw lose("\(action()) failed: \(OpenCLLibrary.name(of: status))\(messages.text)")
  }

  /// Marks the device as lost for good; the first reason is the one that stays.
  private func lose(_ reason: String) -> BackendError {
    let error = BackendError.deviceLost(device: "\(device)", reason: reason)
    let first = loss.withLock { loss in
      if loss == nil { loss = error }
      return loss ?? error
    }
    isLost.store(true, ordering: .releasing)
    return first
  }

  /// Waits until the queue is empty.
  func finish() throws {
    try checkUsable()
    waits.add(1, ordering: .relaxed)
    try check(cl.clFinish(queue), "clFinish")
  }
}

/// The last words of a driver about a context, sent from threads of its own: often the best diagnosis there is.
private final class DriverMessages: Sendable {
  private let latest = Mutex<[String]>([])

  func add(_ message: String) {
    latest.withLock { latest in
      latest.append(message)
      if latest.count > 4 { latest.removeFirst() }
    }
  }

  /// As the end of a sentence; empty without messages.
  var text: String {
    let latest = latest.withLock { $0 }
    return latest.isEmpty ? "" : " (the driver says: \(latest.joined(separator: "; ")))"
  }
}
#endif
