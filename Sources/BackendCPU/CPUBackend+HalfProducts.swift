import BackendCore
import CPUKernels

/// The matrix product of float16 and bfloat16 operands, and its fusion with bias and activation. Both operands have the
/// same type; results have this type or float32, as does the bias.
///
/// Sums are float32, and each result is rounded once. Where AVX512-BF16 is used, products of bfloat16 matrices with
/// more than one row and column treat denormal numbers (magnitudes below 2⁻¹²⁶) as 0, and differ from those of other
/// instruction sets by the rounding of sums.
extension CPUBackend {
  /// Whether the operands of `matmul` or `linear` have types for which this backend has kernels.
  static func multipliesHalves(_ operands: [BufferSlice?]) -> Bool {
    guard operands.count > 2, let type = operands[0]?.dtype, type.isHalf, operands[1]?.dtype == type else {
      return false
    }
    return operands.dropFirst(2).allSatisfy { $0.map { $0.dtype == type || $0.dtype == .float32 } ?? true }
  }

  /// As `InstructionSet.multiplyAdds(rounds:)`, with the instruction for pairs of bfloat16; nil if this backend uses none.
  package func bfloat16MultiplyAdds(rounds: Int) -> Double? {
    var sink: Float = 0
    return bfloat16Kernels?.pointee.peak_loop(rounds, &sink)
  }

  /// C = alpha·A·B + beta·C.
  func multiplyHalves(
    _ a: BufferSlice, _ b: BufferSlice, _ shape: MatmulShape, alpha: Double, beta: Double, into c: BufferSlice
  ) throws {
    guard Self.multipliesHalves([a, b, c]) else { throw unsupported("matmul", a.dtype) }
    let product = HalfProduct(
      kernels: kernels, pairs: bfloat16Kernels, type: a.dtype, result: c.dtype, shape, alpha: Float(alpha),
      beta: Float(beta))
    try multiply(product, a.halves, b.halves, ProductResult(c), shape)
  }

  /// y = activation(x·w + bias).
  func linearOfHalves(
    _ x: BufferSlice, _ w: BufferSlice, bias: BufferSlice?, _ shape: MatmulShape, activation: UnaryOp?,
    into y: BufferSlice, preActivation: BufferSlice?
  ) throws {
    guard Self.multipliesHalves([x, w, bias, y, preActivation]) else { throw unsupported("linear", x.dtype) }
    func multiply(_ bias: UnsafePointer<Float>?) throws {
      var epilogue: HalfEpilogue?
      if bias != nil || activation != nil || preActivation != nil {
        epilogue = HalfEpilogue(
          bias: bias, activation: activation?.kind.code, a: Float(activation?.a ?? 0), b: Float(activation?.b ?? 0),
          preActivation: preActivation.map { ProductResult($0) })
      }
      let product = HalfProduct(
        kernels: kernels, pairs: bfloat16Kernels, type: x.dtype, result: y.dtype, shape, alpha: 1, beta: 0,
        epilogue: epilogue)
      try self.multiply(product, x.halves, w.halves, ProductResult(y), shape)
    }
    guard let bias, bias.dtype.isHalf else { return try multiply(bias.map { UnsafePointer($0.floats) }) }
    try withScratch(shape.n, of: Float.self) { floats in
      kernels.pointee.widen_halves(nn_half(bias.dtype), bias.halves, shape.n, 1, shape.n, floats, shape.n)
      try multiply(floats)
    }
  }

  private func multiply(
    _ product: HalfProduct, _ a: UnsafePointer<UInt16>, _ b: UnsafePointer<UInt16>, _ c: ProductResult,
    _ shape: MatmulShape
  ) throws {
    let least = product.leastRectangle
    try divide(shape, least: least, scratchCount: { product.scratchCount(rows: $0, columns: $1) }) {
      matrix, rows, columns, scratch in
      product.compute(
        a + matrix * shape.strideA, b + matrix * shape.strideB, c.advanced(by: matrix * shape.m * shape.n),
        rows: rows, columns: columns, scratch: scratch)
    }
  }
}

extension ProductResult {
  fileprivate init(_ slice: BufferSlice) {
    self.init(address: slice.address, type: slice.dtype.isHalf ? nn_half(slice.dtype) : nil)
  }
}
