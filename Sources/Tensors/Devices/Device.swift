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
  package let backend: any Backend

  /// The device that a backend drives: Reference, one of your own, a spy in a test. Two devices are equal when their
  /// backends are the same object.
  public init(_ backend: any Backend) { self.backend = backend }

  /// What kind of processor a device is.
  public typealias Kind = DeviceKind
  /// What an allocator holds, in bytes.
  public typealias MemoryStatistics = BackendCore.MemoryStatistics

  /// A name for people: "AMD EPYC 9B45".
  public var name: String { backend.name }
  public var kind: Kind { backend.kind }
  /// A name for commands, as `named(_:)` takes it: "cpu", "opencl:0:1".
  public var identifier: String { backend.identifier }

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
  public static func == (a: Device, b: Device) -> Bool { a.backend === b.backend }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(backend)) }
  /// "opencl:0:1 (NVIDIA H200)".
  public var description: String { "\(identifier) (\(name))" }
}
