import BackendCore

/// The shared content of tensors: device memory, or the error that prevented its computation.
package final class Storage: Sendable {
  package let device: Device
  package let dtype: DType
  /// The memory; an empty stand-in if the storage is poisoned. It is not optional, because a value unwrapped from an
  /// optional is retained and released around every call that uses it as an operand.
  package let buffer: Buffer
  /// The reason why there is no memory.
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

/// The first error of a chain of operations. Every tensor computed from the failed one carries it, and reading the
/// tensor throws it.
package final class Poison: Sendable {
  package let error: DeviceError

  init(_ error: DeviceError) { self.error = error }
}
