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
  /// The backend; nil for a device of a list that has not been opened through this value.
  private let opened: (any Backend)?
  /// The entry in the list of devices, for those that are found there.
  private let entry: DeviceEntry?

  /// The device that a backend drives: Reference, one of your own, a spy in a test. Two devices are equal when their
  /// backends are the same object.
  public init(_ backend: any Backend) {
    opened = backend
    entry = nil
  }

  /// A device of a list: opened here, or on first use.
  package init(_ entry: DeviceEntry, opened: (any Backend)? = nil) {
    self.opened = opened
    self.entry = entry
  }

  /// What computes on this device.
  package var backend: any Backend {
    @inline(__always) get { opened ?? openedEntry() }
  }

  @inline(never)
  private func openedEntry() -> any Backend {
    guard let entry else { fatalError("a device has a backend or an entry") }
    return entry.backend
  }

  /// What kind of processor a device is.
  public typealias Kind = DeviceKind
  /// What an allocator holds, in bytes.
  public typealias MemoryStatistics = BackendCore.MemoryStatistics

  /// A name for people: "AMD EPYC 9B45".
  public var name: String { entry?.name ?? backend.name }
  /// A CPU, a GPU, or an accelerator of another kind.
  public var kind: Kind { entry?.kind ?? backend.kind }
  /// A name for commands, as `named(_:)` takes it: "cpu", "opencl:0:1".
  public var identifier: String { entry?.identifier ?? backend.identifier }

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
    a.entry == nil && b.entry == nil ? a.opened === b.opened : a.entry === b.entry
  }
  public func hash(into hasher: inout Hasher) {
    if let entry { hasher.combine(ObjectIdentifier(entry)) }
    if entry == nil, let opened { hasher.combine(ObjectIdentifier(opened)) }
  }
  /// "opencl:0:1 (NVIDIA H200)".
  public var description: String { "\(identifier) (\(name))" }
}
