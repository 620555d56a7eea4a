import BackendCore

/// An n-dimensional array of numbers on a device, in row-major order, with up to eight axes.
///
/// A tensor is a value: changing one tensor never changes another, even if they share memory. Operations run on the
/// device of their operands and return immediately; only `scalars()`, `item()`, and printing wait for the device.
///
/// ```swift
/// let a: Tensor = [[1, 2, 3], [4, 5, 6]]       // float32, [2, 3]
/// let b = a.softmax(axis: 1) * 2 + 1
/// print(b[0, 1...], try b.mean().item())
/// ```
///
/// Mismatched shapes, element types, or devices are programmer errors and end in `fatalError`, with both sides in the
/// message. External failures, such as insufficient memory or a lost device, do not trap: the result has the correct
/// shape, carries the error, and throws it when it is read.
public struct Tensor: Sendable {
  /// The shared memory. This tensor occupies it densely, starting at `offset`.
  package var storage: Storage
  /// The position of the first element, in elements.
  package var offset: Int
  /// The shape as an inline value.
  package var extents: Shape
  /// The position of the tensor on the tape of its thread; `.constant` if no gradient flows through it.
  package var node: TapeNode

  @inline(__always)
  init(_ storage: Storage, offset: Int = 0, extents: Shape, node: TapeNode = .constant) {
    self.storage = storage
    self.offset = offset
    self.extents = extents
    self.node = node
  }

  /// The extents, outermost axis first; empty for a scalar.
  public var shape: [Int] { extents.array }
  /// The number of axes.
  public var rank: Int { extents.rank }
  /// The number of elements: the product of the extents, 1 for a scalar.
  public var count: Int { extents.count }
  /// The element type.
  public var dtype: DType { storage.dtype }
  /// The device that stores the elements and runs operations on them.
  public var device: Device { storage.device }

  /// Returns the same numbers as a constant for `valueAndGradient`: no gradient flows through the result.
  public func detached() -> Tensor { Tensor(storage, offset: offset, extents: extents) }
}

// MARK: Access to the memory, for the modules of this package

extension Tensor {
  /// Creates a dense view into a one-dimensional slab. It shares the slab's storage and is constant for gradients.
  package init(viewing slab: Tensor, offset: Int, shape: [Int]) {
    let extents = Shape(shape)
    Checks.insist { try Checks.view(slab: slab, offset: offset, extents: extents) }
    self.init(slab.storage, offset: slab.offset + offset, extents: extents)
  }

  /// The elements as an operand of a backend.
  /// - Throws: The first error of the operations that produced this tensor.
  package var slice: BufferSlice {
    get throws {
      try checkPoison()
      return operand
    }
  }

  /// The operand of a tensor that is not poisoned.
  @inline(__always)
  var operand: BufferSlice { BufferSlice(storage.buffer, offset: offset) }

  /// True if an operation that produced this tensor failed.
  package var isPoisoned: Bool {
    @inline(__always) get { storage.poison != nil }
  }

  /// Throws the first error of the operations that produced this tensor. Never waits for the device.
  package func checkPoison() throws {
    if let poison = storage.poison { throw poison.error }
  }

  /// Returns whether this is the only reference to the storage.
  package mutating func isStorageUniquelyReferenced() -> Bool { isKnownUniquelyReferenced(&storage) }

  /// Copies the elements on the device if the storage is shared, so that they can be modified in place.
  package mutating func makeUnique() throws {
    try checkPoison()
    if isStorageUniquelyReferenced() { return }
    let copy = copied()
    try copy.checkPoison()
    self = copy
  }

  /// Returns a copy of the elements in separate memory, constant for gradients.
  func copied() -> Tensor {
    let count = count
    return Tensor.launch(self, extents, dtype, on: device) { backend, x, y in
      try backend.copy(x, count: count, into: y)
    }
  }

  /// Uploads numbers over the elements starting at `offset`, after making the storage unique.
  package mutating func write(_ scalars: [Float], at offset: Int) throws {
    try Checks.view(slab: self, offset: offset, extents: [scalars.count])
    try makeUnique()
    let destination = try slice.advanced(by: offset)
    do {
      try withUploadBytes(of: scalars, as: dtype) { bytes in try device.callTarget.upload(bytes, into: destination) }
    } catch {
      throw DeviceError(error, on: device)
    }
  }
}

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
