import BackendCore

/// What tensors share: the memory of a device, or the error that kept it from being computed.
package final class Storage: Sendable {
  package let device: Device
  package let dtype: DType
  /// Nil when the storage is poisoned.
  package let buffer: Buffer?
  /// Why there is no buffer.
  package let poison: Poison?

  init(_ buffer: Buffer, on device: Device) {
    self.device = device
    dtype = buffer.dtype
    self.buffer = buffer
    poison = nil
  }

  init(_ poison: Poison, dtype: DType, on device: Device) {
    self.device = device
    self.dtype = dtype
    buffer = nil
    self.poison = poison
  }
}

/// The first error of a chain of operations; every tensor computed from the failed one carries it, and reading throws it.
package final class Poison: Sendable {
  package let error: DeviceError

  init(_ error: DeviceError) { self.error = error }
}
