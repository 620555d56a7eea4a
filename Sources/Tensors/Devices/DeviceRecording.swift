import BackendCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension Device {
  /// Runs `body`, and returns what repeats the calls that its operations made on this device's backend from this thread; nil
  /// when they cannot be repeated.
  ///
  /// Only what happens on the device is kept. What the host does in between (control flow, random choices, reading of shapes)
  /// is done once.
  package func record<E: Error>(_ body: () throws(E) -> Void) throws -> (any Recording)? {
    let backend = backend
    return try backend.record { recorder in
      let scope = DeviceRecording(of: backend, by: recorder)
      try scope.run(body)
    }
  }
}

/// While a thread records, its operations are sent to the recorder in the place of the backend.
final class DeviceRecording {
  private let backend: any Backend
  private let recorder: any Backend
  private let outer: DeviceRecording?

  init(of backend: any Backend, by recorder: any Backend) {
    self.backend = backend
    self.recorder = recorder
    outer = DeviceRecording.current
  }

  func run<E: Error>(_ body: () throws(E) -> Void) throws(E) {
    DeviceRecording.current = self
    DeviceRecording.running.add(1, ordering: .relaxed)
    defer {
      DeviceRecording.running.subtract(1, ordering: .relaxed)
      DeviceRecording.current = outer
    }
    try body()
  }

  // MARK: What operations ask

  /// How many threads record: as long as there is none, asking costs a load. A thread sees its own recordings, which is all
  /// that it needs to see.
  private static let running = Atomic<Int>(0)

  /// The backend, or what records it on this thread.
  @inline(__always)
  static func target(of backend: any Backend) -> any Backend {
    running.load(ordering: .relaxed) == 0 ? backend : recorded(backend)
  }

  @inline(never)
  private static func recorded(_ backend: any Backend) -> any Backend {
    var scope = current
    while let inner = scope {
      if inner.backend === backend { return inner.recorder }
      scope = inner.outer
    }
    return backend
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    guard pthread_key_create(&key, nil) == 0 else { fatalError("no thread-local storage is left for recordings") }
    return key
  }()

  private static var current: DeviceRecording? {
    get { pthread_getspecific(key).map { Unmanaged<DeviceRecording>.fromOpaque($0).takeUnretainedValue() } }
    set { pthread_setspecific(key, newValue.map { UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) }) }
  }
}
