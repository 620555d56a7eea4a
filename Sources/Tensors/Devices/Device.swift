import BackendCore
import Synchronization

/// A processor and its memory: the CPU, a GPU, or any `Backend`.
///
/// There is no current device. A tensor is created on the device given by `on:`, which is the CPU by default, and
/// operations run on the device of their operands.
///
/// ```swift
/// let device = Device.best()
/// let x = Tensor.normal([64, 64], using: RandomStream(seed: 1), on: device)
/// ```
public struct Device: Sendable {
  /// A single reference, because tensors copy their device with every operation.
  private let handle: Handle

  /// Creates a device from a backend, such as Reference, a custom backend, or a spy in a test. Two devices are equal if
  /// their backends are the same object.
  public init(_ backend: any Backend) { handle = Handle(opened: backend, entry: nil) }

  /// Creates a device from a list entry. The device is opened here or on first use.
  package init(_ entry: DeviceEntry, opened: (any Backend)? = nil) { handle = Handle(opened: opened, entry: entry) }

  /// The backend of this device.
  package var backend: any Backend {
    @inline(__always) get { handle.opened ?? handle.openedEntry() }
  }

  /// The object that receives the calls of this thread: the recorder of the backend while the thread is recording,
  /// otherwise the backend.
  package var callTarget: any Backend {
    @inline(__always) get { DeviceRecording.target(of: backend) }
  }

  /// Returns the object that receives calls of this thread that may have operands of a type that computes in a wider one.
  @inline(__always)
  func callTarget(isWidened: Bool) -> any Backend {
    let target = callTarget
    return isWidened ? Device.widening(target) : target
  }

  // A function of its own, which costs the other operations only a branch.
  @inline(never)
  private static func widening(_ backend: any Backend) -> any Backend { WidenedArithmetic(backend) }

  /// True while this thread is recording this device. Earlier recordings cannot be replayed then, because the replay
  /// would not be recorded.
  package var isBeingRecorded: Bool { callTarget !== backend }

  /// The kind of processor.
  public typealias Kind = DeviceKind
  /// The memory that an allocator holds, in bytes.
  public typealias MemoryStatistics = BackendCore.MemoryStatistics

  /// A display name, such as "AMD EPYC 9B45".
  public var name: String { handle.entry?.name ?? backend.name }
  /// The kind of device: a CPU, a GPU, or another kind of accelerator.
  public var kind: Kind { handle.entry?.kind ?? backend.kind }
  /// A name for use in commands, accepted by `named(_:)`: "cpu", "opencl:0:1".
  public var identifier: String { handle.entry?.identifier ?? backend.identifier }

  /// Returns the number of bytes in use, cached, and at the peak, and the limit.
  public func memoryStatistics() -> MemoryStatistics { backend.memoryStatistics() }
  /// Limits the memory of tensors and cache together. Cached memory is released where necessary.
  public func setMemoryLimit(bytes: Int) { backend.setMemoryLimit(bytes: bytes) }
  /// Returns cached memory to the system.
  public func trimMemory() { backend.trimMemory() }
  /// Waits until the device has finished all earlier work.
  /// - Throws: `DeviceError` if an error has occurred since the last wait.
  public func synchronize() throws {
    do {
      try callTarget.synchronize()
    } catch {
      throw DeviceError(error, on: self)
    }
  }
}

extension Device: Hashable, CustomStringConvertible {
  @inline(__always)
  public static func == (a: Device, b: Device) -> Bool {
    a.handle === b.handle || a.handle.drivesTheSame(as: b.handle)
  }
  public func hash(into hasher: inout Hasher) {
    if let entry = handle.entry {
      hasher.combine(ObjectIdentifier(entry))
    } else if let opened = handle.opened {
      hasher.combine(ObjectIdentifier(opened))
    }
  }
  /// "opencl:0:1 (NVIDIA H200)".
  public var description: String { "\(identifier) (\(name))" }
}

/// The object that a device refers to.
private final class Handle: Sendable {
  /// The backend; nil for a listed device that has not been opened through this handle.
  let opened: (any Backend)?
  /// The entry in the list of devices; nil for a device that is not listed.
  let entry: DeviceEntry?

  init(opened: (any Backend)?, entry: DeviceEntry?) {
    self.opened = opened
    self.entry = entry
  }

  @inline(never)
  func openedEntry() -> any Backend {
    guard let entry else { fatalError("a device has a backend or an entry") }
    return entry.backend
  }

  @inline(never)
  func drivesTheSame(as other: Handle) -> Bool {
    entry == nil && other.entry == nil ? opened === other.opened : entry === other.entry
  }
}

/// A device that was found but may not have been used. Opening it may be slow or fail, so it is opened when the first
/// tensor is created on it. There is one object for each physical device, which is kept until the program ends.
package final class DeviceEntry: Sendable {
  let identifier: String
  let name: String
  let kind: DeviceKind
  private let openDevice: @Sendable () throws -> any Backend
  private let result = Mutex<Result<any Backend, any Error>?>(nil)

  package init(identifier: String, name: String, kind: DeviceKind, open: @escaping @Sendable () throws -> any Backend) {
    self.identifier = identifier
    self.name = name
    self.kind = kind
    openDevice = open
  }

  /// Opens the device on the first call.
  func open() throws -> any Backend {
    try result.withLock { result in
      if let result { return try result.get() }
      let opened = Result { try openDevice() }
      result = opened
      return try opened.get()
    }
  }

  /// The opened device. If opening fails, a device on which every allocation throws the reason.
  var backend: any Backend {
    do {
      return try open()
    } catch {
      let reason = error as? BackendError ?? .deviceLost(device: name, reason: "\(error)")
      return MetaBackend(name: name, identifier: identifier, kind: kind, failure: reason)
    }
  }
}

// PyTorch and Keras notations for devices. They do not compile; the error message shows the correct form.

extension Device {
  @available(*, unavailable, message: "a GPU may be missing: try .gpu(), or .best() for the best device that there is")
  public static var gpu: Device { fatalError("unavailable") }
}

@available(*, unavailable, message: "a device is a value: .cpu, .best(), try .gpu(), or try .named(\"gpu\")")
extension Device: ExpressibleByStringLiteral {
  public init(stringLiteral: String) { fatalError("unavailable") }
}
