/// A backend that multiplies matrices of 8-bit integers with exact sums.
package protocol IntegerProducts: Backend {
  /// C = A·B for operands of int8 or uint8 that are not transposed; C is int32, and sums wrap around.
  func integerProduct(_ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, into c: BufferSlice) throws
}

/// A backend that also rounds the inputs of such products, and multiplies them with packed weights.
package protocol QuantizedProducts: IntegerProducts {
  /// y = x·Wᵀ + b for float32 rows that are rounded to 8 bits with this scale, or with one for each row if it is nil.
  func quantizedLinear(
    _ x: BufferSlice, _ weight: PackedIntegers, inputScale: Float?, bias: BufferSlice?, rows: Int, into y: BufferSlice
  ) throws
}

/// Products of 8-bit integers on backends that adopt `IntegerProducts`: a direct call, or an operation that is passed on, so
/// that it can be recorded.
package enum IntegerProduct {
  /// Whether a backend, or the one to which it passes its calls on, multiplies 8-bit integers.
  package static func isAvailable(on backend: any Backend) -> Bool { base(of: backend) is any IntegerProducts }

  /// Whether it also performs `quantizedLinear`.
  package static func isLinearAvailable(on backend: any Backend) -> Bool { base(of: backend) is any QuantizedProducts }

  private static func base(of backend: any Backend) -> any Backend {
    if backend is any IntegerProducts { return backend }
    return (backend as? any ForwardingBackend).map { base(of: $0.base) } ?? backend
  }

  package static func multiply(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, into c: BufferSlice, on backend: any Backend
  ) throws {
    try perform("integerMatmul", [a, b, c], on: backend) { try $0.integerProduct($1[0], $1[1], shape, into: $1[2]) }
  }

  package static func linear(
    _ x: BufferSlice, _ weight: PackedIntegers, inputScale: Float?, bias: BufferSlice?, rows: Int,
    into y: BufferSlice, on backend: any Backend
  ) throws {
    let operands = [x, y] + (bias.map { [$0] } ?? [])
    try perform("quantizedLinear", operands, on: backend) { backend, operands in
      guard let products = backend as? any QuantizedProducts else {
        throw BackendError.unsupported(operation: "quantizedLinear", dtype: operands[0].dtype, device: backend.name)
      }
      try products.quantizedLinear(
        operands[0], weight, inputScale: inputScale, bias: operands.count > 2 ? operands[2] : nil, rows: rows,
        into: operands[1])
    }
  }

  private static func perform(
    _ name: String, _ operands: [BufferSlice], on backend: any Backend,
    _ body: @escaping @Sendable (any IntegerProducts, [BufferSlice]) throws -> Void
  ) throws {
    if let products = backend as? any IntegerProducts { return try body(products, operands) }
    let product = CustomOperation(name) { backend, operands in
      guard let products = backend as? any IntegerProducts else {
        throw BackendError.unsupported(operation: name, dtype: operands[0].dtype, device: backend.name)
      }
      try body(products, operands)
    }
    try BackendOperation.custom(product).perform(on: backend, operands)
  }
}
