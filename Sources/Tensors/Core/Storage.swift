import BackendCore

/// What tensors share: the memory of a device, or the error that kept it from being computed.
package final class Storage: Sendable {
  package let device: Device
  package let dtype: DType
  /// The memory; an empty stand-in when the storage is poisoned. It is no optional, because what comes out of an optional is
  /// retained and released around every call that it is an operand of.
  package let buffer: Buffer
  /// Why there is no memory.
  package let poison: Poison?

  init(_ buffer: consuming Buffer, on device: consuming Device) {
    self.device = device
    dtype = buffer.dtype
    self.buffer = buffer
    poison = nil
  }

  init(_ poison: Poison, dtype: DType, on device: Device) {
    self.device = device
    self.dtype = dtype
    buffer = Self.noMemory
    self.poison = poison
  }

  private static let noMemory = Buffer(count: 0, dtype: .float32)
}

/// The first error of a chain of operations; every tensor computed from the failed one carries it, and reading throws it.
package final class Poison: Sendable {
  package let error: DeviceError

  init(_ error: DeviceError) { self.error = error }
}
