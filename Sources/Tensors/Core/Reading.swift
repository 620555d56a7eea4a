import BackendCore

extension Tensor {
  /// The elements in row-major order, converted to `S` on the host where the types differ. Waits for the device.
  /// - Throws: `DeviceError`, the first error of the operations that led here.
  public func scalars<S: TensorScalar>(as type: S.Type = Float.self) throws -> [S] {
    switch dtype {
    case .float32: try downloaded(as: S.self, stored: Float.self)
    case .float64: try downloaded(as: S.self, stored: Double.self)
    case .int32: try downloaded(as: S.self, stored: Int32.self)
    case .bool: try downloaded(as: S.self, stored: Bool.self)
    }
  }

  /// The one element of this tensor as `Double`. Waits for the device.
  /// - Throws: `DeviceError`, the first error of the operations that led here.
  public func item() throws -> Double {
    Checks.scalarResult("item", self)
    return try scalars(as: Double.self)[0]
  }

  private func downloaded<S: TensorScalar, Stored: TensorScalar>(as: S.Type, stored: Stored.Type) throws -> [S] {
    let source = try slice
    let count = count
    if count == 0 { return [] }
    let backend = device.backend
    do {
      let elements = try [Stored](unsafeUninitializedCapacity: count) { memory, initializedCount in
        try backend.download(source, into: UnsafeMutableRawBufferPointer(memory))
        initializedCount = count
      }
      // A cast of arrays goes through every element, also between equal types.
      if S.self == Stored.self { return unsafeBitCast(elements, to: [S].self) }
      return elements.map { S(converting: $0.convertedNumber) }
    } catch {
      throw DeviceError(error, on: device)
    }
  }
}
