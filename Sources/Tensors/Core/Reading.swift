import BackendCore
import HostSystem

extension Tensor {
  /// Returns the elements in row-major order, converted to `S` on the host if the types differ: integers round toward zero
  /// and saturate, in contrast to `cast(to:)`, which keeps the low bits of longer integers. Waits for the device.
  ///
  /// ```swift
  /// let values = try x.scalars()                    // [Float]
  /// let classes = try scores.argmax().scalars(as: Int.self)
  /// ```
  /// - Throws: `DeviceError`, the first error of the operations that produced this tensor.
  public func scalars<S: TensorNumber>(as type: S.Type = Float.self) throws -> [S] {
    switch dtype {
    case .float32: try downloaded(as: S.self, stored: Float.self)
    case .float64: try downloaded(as: S.self, stored: Double.self)
    case .int32: try downloaded(as: S.self, stored: Int32.self)
    case .bool: try downloaded(as: S.self, stored: Bool.self)
    case .float16: try downloaded(as: S.self, stored: Float16.self)
    case .bfloat16: try downloaded(as: S.self, stored: BFloat16Bits.self)
    case .int8: try downloaded(as: S.self, stored: Int8.self)
    case .uint8: try downloaded(as: S.self, stored: UInt8.self)
    case .int16: try downloaded(as: S.self, stored: Int16.self)
    case .int64: try downloaded(as: S.self, stored: Int64.self)
    }
  }

  /// Returns the only element of this tensor as `Double`. Waits for the device.
  /// - Throws: `DeviceError`, the first error of the operations that produced this tensor.
  public func item() throws -> Double {
    try Checks.scalarResult("item", self)
    return try scalars(as: Double.self)[0]
  }

  /// Returns the elements as the type given by the context: `let classes: [Int] = try labels.scalars()`.
  /// - Throws: `DeviceError`.
  @_disfavoredOverload
  public func scalars<S: TensorNumber>() throws -> [S] { try scalars(as: S.self) }

  /// Returns the only element of this tensor as another type: `let count: Int = try (p .== y).sum().item()`.
  /// - Throws: `DeviceError`.
  @_disfavoredOverload
  public func item<S: TensorNumber>(as type: S.Type = S.self) throws -> S {
    try Checks.scalarResult("item", self)
    return try scalars(as: S.self)[0]
  }

  /// Returns the reason why a tensor without numbers cannot be read. The model is rejected even if the layer continues
  /// without the numbers.
  private func unreadable() -> DeviceError {
    let place = CallPlace.ofThread.value?.text().map { "\($0): " } ?? ""
    let reason = "numbers are read while shapes are inferred; forward may look at shapes, but not at values"
    ProgrammerError.note(reason)
    return .noNumbers(reason: place + reason)
  }

  private func downloaded<S: TensorNumber, Stored: TensorScalar>(as: S.Type, stored: Stored.Type) throws -> [S] {
    let source = try slice
    let count = count
    if count == 0 { return [] }
    if device.isShapeOnly {
      if ProgrammerError.takesReading() { return Array(repeating: S(converting: 0.0), count: count) }
      throw unreadable()
    }
    let backend = device.callTarget
    let size = MemoryLayout<Stored>.stride + (S.self == Stored.self ? 0 : MemoryLayout<S>.stride)
    do { try HostMemory.check(count, of: size) } catch {
      throw DeviceError(error)
    }
    do {
      let elements = try [Stored](unsafeUninitializedCapacity: count) { memory, initializedCount in
        try backend.download(source, into: UnsafeMutableRawBufferPointer(memory))
        initializedCount = count
      }
      // Casting an array visits every element, even if the types are equal.
      if S.self == Stored.self { return unsafeBitCast(elements, to: [S].self) }
      return elements.map { $0.converted(to: S.self) }
    } catch {
      throw DeviceError(error, on: device)
    }
  }
}
