#if OpenCL
internal import BackendCore
internal import COpenCL
import Synchronization

/// A context with one in-order queue on one device, and the health state of the device. It is created once per device
/// and never released, because drivers may be unloaded before a process's last destructors run.
///
/// It can be used from any thread. It holds no lock during a call that waits.
final class OpenCLContext: @unchecked Sendable {
  let device: OpenCLDevice
  let cl: NNOpenCLFunctions
  let context: cl_context
  let queue: cl_command_queue
  /// The number of bytes in live buffers, for errors; maintained by the pool.
  let liveBytes = Atomic<Int>(0)
  /// The number of times the host has waited for the device.
  let waits = Atomic<Int>(0)
  /// The number of times the host has read device memory.
  let hostReads = Atomic<Int>(0)
  /// The durations of commands, if profiling is enabled.
  let profile: LaunchProfile?
  private let forks: Int32
  private let messages: DriverMessages
  private let isLost = Atomic<Bool>(false)
  private let loss = Mutex<BackendError?>(nil)

  /// Creates a context and a queue.
  /// - Parameters:
  ///   - functions: Entry points that replace the loader's entry points. Tests use this to make some of them fail.
  ///   - isProfiled: Whether the device records the start and end of each command.
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

  /// Whether this is the process that created the context. In a child created by fork(), the driver's threads and locks
  /// are not inherited, and calls would hang.
  var isInItsProcess: Bool { nn_opencl_forks() == forks }

  /// Throws the error that has made the device unusable, if any.
  func checkUsable() throws {
    if !isInItsProcess {
      throw BackendError.deviceLost(
        device: device.identifier,
        reason: "this process was forked off one that uses OpenCL; start a new process instead")
    }
    if isLost.load(ordering: .acquiring), let error = loss.withLock({ $0 }) { throw error }
  }

  /// Converts a failed status to an error. The context can recover from a lack of memory. After any other error, the
  /// context is unreliable, and the error persists.
  func check(_ status: cl_int, _ action: @autoclosure () -> String, bytes: Int = 0) throws {
    guard status != CL_SUCCESS else { return }
    if status == CL_MEM_OBJECT_ALLOCATION_FAILURE || status == CL_OUT_OF_HOST_MEMORY {
      throw BackendError.outOfMemory(
        requestedBytes: bytes, liveBytes: liveBytes.load(ordering: .relaxed), limitBytes: device.memoryBytes)
    }
    throw lose("\(action()) failed: \(OpenCLLibrary.name(of: status))\(messages.text)")
  }

  /// Marks the device as lost permanently. Only the first reason is kept.
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

/// The last messages of a driver about a context, sent from its own threads. They are often the best diagnosis
/// available.
private final class DriverMessages: Sendable {
  private let latest = Mutex<[String]>([])

  func add(_ message: String) {
    latest.withLock { latest in
      latest.append(message)
      if latest.count > 4 { latest.removeFirst() }
    }
  }

  /// The messages as the end of a sentence; empty if there are none.
  var text: String {
    let latest = latest.withLock { $0 }
    return latest.isEmpty ? "" : " (the driver says: \(latest.joined(separator: "; ")))"
  }
}
#endif
