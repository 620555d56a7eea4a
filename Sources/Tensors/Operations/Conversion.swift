import BackendCore

extension Tensor {
  /// Converts the elements to another type. From floating point to integers: rounds toward zero and saturates; NaN gives 0.
  /// From integers to shorter integers: keeps the low bits, so that 300 becomes 44 in uint8 and int8 (as in PyTorch). To
  /// bool: x ≠ 0. To a floating-point type: rounds once to the nearest number, ties to even; numbers beyond the largest one
  /// become infinity, in float16 from ±65520 on (as in PyTorch).
  ///
  /// Gradients flow only between floating-point types, and are converted in the other direction.
  public func cast(to dtype: DType) -> Tensor {
    checked {
      if dtype == self.dtype { return self }
      try Checks.supported("cast", dtype, on: device)
      let count = extents.count
      var y = Tensor.launch(self, extents, dtype, on: device) { backend, x, y in
        try backend.cast(x, count: count, into: y)
      }
      if dtype.isFloatingPoint, let tape = Tape.recording(node) {
        y.node = tape.append(.cast(CastRecord(x: Operand(self), dtype: self.dtype)))
      }
      return y
    }
  }

  /// Copies the elements to another device through the host, waiting for this device. Returns this tensor if it is
  /// already there.
  public func moved(to device: Device) -> Tensor {
    checked {
      if device == self.device { return self }
      try Checks.supported("moved", dtype, on: device)
      var y = copied(to: device)
      if let tape = Tape.recording(node) {
        y.node = tape.append(.move(MoveRecord(x: Operand(self), device: self.device)))
      }
      return y
    }
  }

  private func copied(to device: Device) -> Tensor {
    if let poison = storage.poison { return Tensor(poison: poison, extents, dtype, on: device) }
    let byteCount = count * dtype.byteCount
    if self.device.isShapeOnly { return Tensor.full(extents, 0, dtype, on: device) }
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
    defer { bytes.deallocate() }
    if byteCount > 0 && !device.isShapeOnly {
      do {
        try self.device.callTarget.download(slice, into: bytes)
      } catch {
        return Tensor(failure: error, extents, dtype, on: device)
      }
    }
    return Tensor.launch(extents, dtype, on: device) { backend, y in
      try backend.upload(UnsafeRawBufferPointer(bytes), into: y)
    }
  }
}

/// y = x in another floating-point type.
struct CastRecord: GradientRule {
  let x: Operand
  let dtype: DType

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) { pass.accumulate(dy.cast(to: dtype), to: x) }
}

/// y = x on another device.
struct MoveRecord: GradientRule {
  let x: Operand
  let device: Device

  func propagate(_ dy: inout Tensor, in pass: inout BackwardPass) { pass.accumulate(dy.moved(to: device), to: x) }
}
