import HostSystem
import BackendCore
import Synchronization

extension Device {
  /// Runs `body`, and returns a recording that repeats the calls that its operations made on this device's backend from
  /// this thread. Returns nil if the calls cannot be repeated, or if this thread is already recording the device.
  ///
  /// Only work on the device is recorded. Work on the host, such as control flow, random choices, and reading shapes,
  /// is done only once.
  package func record<E: Error>(_ body: () throws(E) -> Void) throws -> (any Recording)? {
    if isBeingRecorded {
      try body()
      return nil
    }
    let backend = backend
    return try backend.record { recorder in
      let scope = DeviceRecording(of: backend, by: recorder)
      try scope.run(body)
    }
  }
}

/// The recording of a thread. While a thread records, its operations are sent to the recorder instead of the backend.
final class DeviceRecording {
  private let backend: any Backend
  private let recorder: any Backend
  private let outer: DeviceRecording?

  init(of backend: any Backend, by recorder: any Backend) {
    self.backend = backend
    self.recorder = recorder
    outer = DeviceRecording.current.value
  }

  func run<E: Error>(_ body: () throws(E) -> Void) throws(E) {
    DeviceRecording.current.value = self
    DeviceRecording.running.add(1, ordering: .relaxed)
    defer {
      DeviceRecording.running.subtract(1, ordering: .relaxed)
      DeviceRecording.current.value = outer
    }
    try body()
  }

  // MARK: Called by operations

  /// The number of threads that are recording. While it is 0, checking for a recording costs only a load. A thread sees
  /// its own recordings, which is sufficient.
  private static let running = Atomic<Int>(0)

  /// Returns the backend, or its recorder on this thread.
  @inline(__always)
  static func target(of backend: any Backend) -> any Backend {
    running.load(ordering: .relaxed) == 0 ? backend : recorded(backend)
  }

  @inline(never)
  private static func recorded(_ backend: any Backend) -> any Backend {
    var scope = current.value
    while let inner = scope {
      if inner.backend === backend { return inner.recorder }
      scope = inner.outer
    }
    return backend
  }

  /// The innermost recording of a thread.
  private static let current = ThreadLocal<DeviceRecording>()
}
