import BackendCore

/// A processor with its memory: the CPU, a GPU, or any `Backend`.
///
/// There is no current device: a tensor is made where `on:` says, on the CPU by default, and operations run where their
/// operands are.
///
/// ```swift
/// let device = Device.best()
/// let x = Tensor.normal([64, 64], using: RandomStream(seed: 1), on: device)
/// ```
public struct Device: Sendable {
  /// One reference, because tensors copy their device with every operation.
  private let handle: Handle

  /// The device that a backend drives: Reference, one of your own, a spy in a test. Two devices are equal when their
  /// backends are the same object.
  public init(_ backend: any Backend) { handle = Handle(opened: backend, entry: nil) }

  /// A device of a list: opened here, or on first use.
  package init(_ entry: DeviceEntry, opened: (any Backend)? = nil) { handle = Handle(opened: opened, entry: entry) }

  /// What computes on this device, or records what it is asked on this thread.
  package var backend: any Backend {
    @inline(__always) get { DeviceRecording.target(of: handle.opened ?? handle.openedEntry()) }
  }

  /// What computes on this device, whether or not this thread records what it asks of it.
  var driver: any Backend { handle.opened ?? handle.openedEntry() }

  /// True while this thread records what it asks of this device. What has been recorded before cannot be replayed then: it
  /// would not be recorded.
  package var isBeingRecorded: Bool { backend !== driver }

  /// What kind of processor a device is.
  public typealias Kind = DeviceKind
  /// What an allocator holds, in bytes.
  public typealias MemoryStatistics = BackendCore.MemoryStatistics

  /// A name for people: "AMD EPYC 9B45".
  public var name: String { handle.entry?.name ?? backend.name }
  /// A CPU, a GPU, or an accelerator of another kind.
  public var kind: Kind { handle.entry?.kind ?? backend.kind }
  /// A name for commands, as `named(_:)` takes it: "cpu", "opencl:0:1".
  public var identifier: String { handle.entry?.identifier ?? backend.identifier }

  /// Bytes in use, cached, at the peak, and the limit.
  public func memoryStatistics() -> MemoryStatistics { backend.memoryStatistics() }
  /// Bounds the memory that tensors and the cache take together; what is cached is given back where needed.
  public func setMemoryLimit(bytes: Int) { backend.setMemoryLimit(bytes: bytes) }
  /// Gives cached memory back to the system.
  public func trimMemory() { backend.trimMemory() }
  /// Waits until everything asked of the device is done.
  /// - Throws: `DeviceError`, when something went wrong since.
  public func synchronize() throws {
    do {
      try backend.synchronize()
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

/// What a device refers to.
private final class Handle: Sendable {
  /// The backend; nil for a device of a list that has not been opened through this handle.
  let opened: (any Backend)?
  /// The entry in the list of devices, for those that are found there.
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
