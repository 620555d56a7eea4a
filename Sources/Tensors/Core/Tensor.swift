import BackendCore

/// An n-dimensional array of numbers on a device, row-major, of at most eight axes.
///
/// A tensor is a value: changing one never changes another, whatever they share. Operations run on the device of their
/// operands and return at once; only `scalars()`, `item()` and printing wait for it.
///
/// ```swift
/// let a: Tensor = [[1, 2, 3], [4, 5, 6]]       // float32, [2, 3]
/// let b = a.softmax(axis: 1) * 2 + 1
/// print(b[0, 1...], try b.mean().item())
/// ```
///
/// Mismatched shapes, element types or devices are programmer errors and end in `fatalError` with both sides in the
/// message. What the outside world can cause (no memory, a lost device) does not trap: the result has its shape, carries
/// the error, and throws it when it is read.
public struct Tensor: Sendable {
  /// Shared memory; this tensor is dense in it from `offset` on.
  package var storage: Storage
  /// The first element, counted in elements.
  package var offset: Int
  /// The shape as an inline value.
  package var extents: Shape
  /// Where the tensor stands on the tape of its thread; `.constant` when no gradient flows through it.
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
  /// Where the elements live and operations on them run.
  public var device: Device { storage.device }

  /// The same numbers, constant for `valueAndGradient`: no gradient flows through the result.
  public func detached() -> Tensor { Tensor(storage, offset: offset, extents: extents) }
}

// MARK: Access to the memory, for the modules of this package

extension Tensor {
  /// A dense view into a one-dimensional slab; shares its storage and is constant for gradients.
  package init(viewing slab: Tensor, offset: Int, shape: [Int]) {
    let extents = Shape(shape)
    Checks.insist { try Checks.view(slab: slab, offset: offset, extents: extents) }
    self.init(slab.storage, offset: slab.offset + offset, extents: extents)
  }

  /// The elements as an operand of a backend.
  /// - Throws: the first error of the operations that led to this tensor.
  package var slice: BufferSlice {
    get throws {
      try checkPoison()
      return operand
    }
  }

  /// The same of a tensor that is not poisoned.
  @inline(__always)
  var operand: BufferSlice { BufferSlice(storage.buffer, offset: offset) }

  /// True when an operation that led to this tensor failed.
  package var isPoisoned: Bool {
    @inline(__always) get { storage.poison != nil }
  }

  /// Throws the first error of the operations that led to this tensor; never waits for the device.
  package func checkPoison() throws {
    if let poison = storage.poison { throw poison.error }
  }

  /// True when nobody else holds the storage.
  package mutating func isStorageUniquelyReferenced() -> Bool { isKnownUniquelyReferenced(&storage) }

  /// Copies the elements on the device if the storage is shared, so that they may be written in place.
  package mutating func makeUnique() throws {
    try checkPoison()
    if isStorageUniquelyReferenced() { return }
    let copy = copied()
    try copy.checkPoison()
    self = copy
  }

  /// The same elements in memory of their own; constant for gradients.
  func copied() -> Tensor {
    let count = count
    return Tensor.launch(self, extents, dtype, on: device) { backend, x, y in
      try backend.copy(x, count: count, into: y)
    }
  }

  /// Uploads numbers over the elements from `offset` on, after making the storage unique.
  package mutating func write(_ scalars: [Float], at offset: Int) throws {
    try Checks.view(slab: self, offset: offset, extents: [scalars.count])
    try makeUnique()
    let destination = try slice.advanced(by: offset)
    do {
      try withUploadBytes(of: scalars, as: dtype) { bytes in try device.backend.upload(bytes, into: destination) }
    } catch {
      throw DeviceError(error, on: device)
    }
  }
}
