import BackendCore

// The only place where results are allocated and backends are called. A failed call or a poisoned operand gives a
// poisoned result of the correct shape.

extension Tensor {
  /// Creates a tensor that carries an error instead of numbers.
  @inline(never)
  init(poison: Poison, _ extents: Shape, _ dtype: DType, on device: Device) {
    self.init(Storage(poison, dtype: dtype, on: device), extents: extents)
  }

  /// Creates a tensor that carries an error thrown by a backend instead of numbers.
  @inline(never)
  init(failure: any Error, _ extents: Shape, _ dtype: DType, on device: Device) {
    self.init(poison: Poison(DeviceError(failure, on: device)), extents, dtype, on: device)
  }

  /// Allocates the result and, unless it is empty, calls `body` to fill it.
  @inline(__always)
  static func launch(
    _ extents: Shape, _ dtype: DType, on device: consuming Device, _ body: (any Backend, BufferSlice) throws -> Void
  ) -> Tensor {
    launch(extents, dtype, on: device, with: device.callTarget(isWidened: dtype.isWidened), body)
  }

  @inline(__always)
  private static func launch(
    _ extents: Shape, _ dtype: DType, on device: consuming Device, with backend: any Backend,
    _ body: (any Backend, BufferSlice) throws -> Void
  ) -> Tensor {
    let count = extents.count
    do {
      let y = BufferSlice(try backend.allocate(count: count, dtype: dtype))
      if count != 0 { try body(backend, y) }
      return Tensor(Storage(y.buffer, on: device), extents: extents)
    } catch {
      return Tensor(failure: error, extents, dtype, on: device)
    }
  }

  /// Allocates memory for an operation that writes more than one result. Its elements have no defined value.
  static func uninitialized(_ extents: Shape, _ dtype: DType, on device: Device) -> Tensor {
    launch(extents, dtype, on: device) { _, _ in }
  }

  /// Allocates the result of an operation on one operand, and calls `body` to fill it.
  @inline(__always)
  static func launch(
    _ x: Tensor, _ extents: Shape, _ dtype: DType, on device: consuming Device,
    _ body: (any Backend, _ x: BufferSlice, _ y: BufferSlice) throws -> Void
  ) -> Tensor {
    if x.isPoisoned { return poisoned(by: x, x, x, extents, dtype, on: device) }
    let backend = device.callTarget(isWidened: x.storage.dtype.isWidened || dtype.isWidened)
    return launch(extents, dtype, on: device, with: backend) { backend, y in try body(backend, x.operand, y) }
  }

  /// Allocates the result of an operation on two operands, and calls `body` to fill it.
  @inline(__always)
  static func launch(
    _ a: Tensor, _ b: Tensor, _ extents: Shape, _ dtype: DType, on device: consuming Device,
    _ body: (any Backend, _ a: BufferSlice, _ b: BufferSlice, _ y: BufferSlice) throws -> Void
  ) -> Tensor {
    if a.isPoisoned || b.isPoisoned { return poisoned(by: a, b, b, extents, dtype, on: device) }
    let isWidened = a.storage.dtype.isWidened || b.storage.dtype.isWidened || dtype.isWidened
    let backend = device.callTarget(isWidened: isWidened)
    return launch(extents, dtype, on: device, with: backend) { backend, y in
      try body(backend, a.operand, b.operand, y)
    }
  }

  /// Allocates the result of an operation on three operands, and calls `body` to fill it.
  @inline(__always)
  static func launch(
    _ a: Tensor, _ b: Tensor, _ c: Tensor, _ extents: Shape, _ dtype: DType, on device: consuming Device,
    _ body: (any Backend, _ a: BufferSlice, _ b: BufferSlice, _ c: BufferSlice, _ y: BufferSlice) throws -> Void
  ) -> Tensor {
    if a.isPoisoned || b.isPoisoned || c.isPoisoned { return poisoned(by: a, b, c, extents, dtype, on: device) }
    let isWidened =
      a.storage.dtype.isWidened || b.storage.dtype.isWidened || c.storage.dtype.isWidened || dtype.isWidened
    let backend = device.callTarget(isWidened: isWidened)
    return launch(extents, dtype, on: device, with: backend) { backend, y in
      try body(backend, a.operand, b.operand, c.operand, y)
    }
  }

  /// Returns a result that carries the first error among the operands.
  @inline(never)
  static func poisoned(
    by a: Tensor, _ b: Tensor, _ c: Tensor, _ extents: Shape, _ dtype: DType, on device: Device
  ) -> Tensor {
    let poison =
      a.storage.poison ?? b.storage.poison ?? c.storage.poison
      ?? Poison(.lost(device: device.name, reason: "the tensor has no memory"))
    return Tensor(poison: poison, extents, dtype, on: device)
  }

  /// Changes the elements in place; the storage must be uniquely referenced. A failure poisons this tensor.
  @inline(__always)
  mutating func overwrite(_ body: (any Backend, BufferSlice) throws -> Void) {
    if isPoisoned || extents.count == 0 { return }
    do {
      try body(storage.device.callTarget(isWidened: storage.dtype.isWidened), operand)
    } catch {
      self = Tensor(failure: error, extents, dtype, on: device)
    }
  }
}

// Functions that are composed of several operations also round once, or wrap around once.

extension Tensor {
  /// Returns a function of numbers of 16 bits, computed in float32.
  func inFloat32(_ body: (Tensor) -> Tensor) -> Tensor { body(cast(to: .float32)).cast(to: dtype) }

  /// Returns a function of numbers of 16 bits and of another tensor of this type, computed in float32.
  func inFloat32(
    _ operation: StaticString, _ other: Tensor, _ body: (Tensor, Tensor) throws -> Tensor
  ) throws -> Tensor {
    try computed(in: .float32, operation, other, body)
  }

  /// Returns a function of integers of 8 or 16 bits and of another tensor of this type, computed in int32, of which the
  /// low bits are kept.
  func inInt32(
    _ operation: StaticString, _ other: Tensor, _ body: (Tensor, Tensor) throws -> Tensor
  ) throws -> Tensor {
    try computed(in: .int32, operation, other, body)
  }

  private func computed(
    in type: DType, _ operation: StaticString, _ other: Tensor, _ body: (Tensor, Tensor) throws -> Tensor
  ) throws -> Tensor {
    // The types that the caller passed, which the function would not name.
    try Checks.sameDType(operation, self, other)
    return try body(cast(to: type), other.cast(to: type)).cast(to: dtype)
  }
}
