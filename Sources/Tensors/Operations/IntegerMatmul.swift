import BackendCore

extension Tensor {
  /// Returns the matrix product of 8-bit integers over the last two axes, `[..., m, k] × [..., k, n] → [..., m, n]`, in
  /// int32: MatMulInteger of ONNX, `torch._int_mm` of PyTorch.
  ///
  /// Both operands are int8 or uint8, also one of each; leading axes are broadcast, and vectors are treated as in `matmul`.
  /// The sums are exact; they wrap around beyond the range of int32, for which k must be more than 33 000. There are no
  /// gradients. Devices other than the CPU and OpenCL devices multiply in float32, with sums short enough to be exact.
  ///
  /// ```swift
  /// let x = Tensor([1, -2, 3, 127] as [Int8], shape: [2, 2])
  /// let y = Tensor([255, 0, 1, 4] as [UInt8], shape: [2, 2])
  /// x.integerMatmul(y)   // [[253, -8], [892, 508]]
  /// ```
  public func integerMatmul(_ other: Tensor) -> Tensor {
    checked {
      let name: StaticString = "integerMatmul"
      try Checks.byteInteger(name, self)
      try Checks.byteInteger(name, other)
      if rank == 0 || other.rank == 0 {
        try Checks.fail(name, "shapes \(extents) and \(other.extents): a scalar is not a matrix")
      }
      let (left, right) = (rank == 1 ? expanded(axis: 0) : self, other.rank == 1 ? other.expanded(axis: 1) : other)
      let (k, otherK) = (left.extents[-1], right.extents[-2])
      if k != otherK {
        try Checks.fail(
          name, "shapes \(extents) and \(other.extents) do not fit: the inner extents are \(k) and \(otherK)")
      }
      let device = try Checks.sameDevice(name, self, other)
      var y = try left.integerProduct(right, on: device)
      if other.rank == 1 { y = y.squeezed(axis: -1) }
      if rank == 1 { y = y.squeezed(axis: other.rank == 1 ? -1 : -2) }
      return y
    }
  }

  /// Returns the product of operands of rank 2 or more whose extents fit.
  private func integerProduct(_ other: Tensor, on device: Device) throws -> Tensor {
    let plan = try MatmulPlan(extents, other.extents, false, false)
    if device.isShapeOnly { return Tensor.zeros(plan.result.array, dtype: .int32, on: device) }
    guard IntegerProduct.isAvailable(on: device.callTarget) else {
      return exactProduct(other, plan.result, largestTerm: 255 * 255)
    }
    if let full = plan.batchToFill {
      let left = broadcast(to: try full.appending(extents[-2], extents[-1]))
      return try left.integerProduct(
        other.broadcast(to: try full.appending(other.extents[-2], other.extents[-1])), on: device)
    }
    return Tensor.launch(self, other, plan.result, .int32, on: device) { backend, a, b, y in
      try IntegerProduct.multiply(a, b, plan.shape, into: y, on: backend)
    }
  }

  /// Returns the int32 product of tensors of integers, by products in float32 of as many terms as have an exact sum.
  fileprivate func exactProduct(_ other: Tensor, _ result: Shape, largestTerm: Int) -> Tensor {
    let step = (1 << 24) / largestTerm
    var sum: Tensor?
    for first in stride(from: 0, to: extents[-1], by: step) {
      let count = Swift.min(step, extents[-1] - first)
      let left = narrowed(axis: rank - 1, from: first, count: count).cast(to: .float32)
      let right = other.narrowed(axis: other.rank - 2, from: first, count: count).cast(to: .float32)
      let part = left.matmul(right).cast(to: .int32)
      sum = sum.map { $0 + part } ?? part
    }
    return sum ?? Tensor.zeros(result.array, dtype: .int32, on: device)
  }
}

/// Returns x·Wᵀ + b for a constant matrix of 8-bit integers, x `[..., inputs]`, W `[units, inputs]`, b `[units]`, y
/// `[..., units]`, with x rounded to 8-bit integers:
///
///     q[r, i] = round(x[r, i]·(1/s[r])), within ±127, ties to even
///     y[r, u] = Σ q[r, i]·W[u, i] · (s[r]·scale[u]) + b[u]
///
/// The sums are exact. A row with a number that is not finite gives NaN.
///
/// The gradients are those of the product without rounding, x·Wᵀ + b with the numbers that the integers of W represent, also
/// for inputs beyond ±127·s: the straight-through estimator, as in the int8 layers of Keras.
///
/// - Parameters:
///   - x: float32; float16 and bfloat16 are converted, and so is the result.
///   - weight: The integers and scales of W.
///   - inputScale: s, the same for all rows, a normal number above 0; nil for the largest magnitude of each row, divided by
///     127. Then rows with magnitudes below 127·2⁻¹²⁶ count as 0.
///   - bias: float32; nil for none.
package func quantizedLinear(
  _ x: Tensor, _ weight: PackedIntegers, inputScale: Float?, bias: Tensor?
) -> Tensor {
  checked {
    let name: StaticString = "quantizedLinear"
    try Checks.floatingPoint(name, x)
    if x.rank == 0 || x.extents[-1] != weight.inputs {
      try Checks.fail(
        name, "shapes \(x.extents) and [\(weight.units), \(weight.inputs)] do not fit",
        hint: "the last axis of the input is as long as a row of the weight")
    }
    if let inputScale, !(inputScale.isNormal && inputScale > 0) {
      try Checks.fail(name, "the scale of the input is a normal number above 0, not \(inputScale)")
    }
    if let bias {
      try Checks.dtype(name, bias, is: .float32)
      if bias.shape != [weight.units] {
        try Checks.fail(
          name, "the bias of shape \(bias.extents) does not have one number for each of the \(weight.units) units")
      }
    }
    var result = x.extents
    result[-1] = weight.units
    try Checks.countable(name, result)
    let device = try bias.map { try Checks.sameDevice(name, x, $0) } ?? x.device
    if device.isShapeOnly { return Tensor.zeros(result.array, dtype: x.dtype, on: device) }
    let flat = Shape(result.dropping(last: 1).count, weight.inputs)
    return withCustomGradient(of: [x] + (bias.map { [$0] } ?? [])) { inputs in
      let rows = inputs[0].cast(to: .float32).reshaped(to: flat)
      let y = rows.quantizedLinear(weight, inputScale, inputs.count > 1 ? inputs[1] : nil)
      return y.reshaped(to: result).cast(to: x.dtype)
    } backward: { dy, inputs, _ in
      let dy = dy.cast(to: .float32).reshaped(to: Shape(flat[0], weight.units))
      let dx = dy.matmul(weight.dequantized(on: device)).reshaped(to: inputs[0].extents).cast(to: inputs[0].dtype)
      return inputs.count > 1 ? [dx, dy.sum(axes: [0])] : [dx]
    }
  }
}

extension PackedIntegers {
  /// Returns the weights as float32 numbers, `[units, inputs]`.
  package func dequantized(on device: Device) -> Tensor {
    let integers = Tensor(values, shape: [units, inputs], on: device)
    return integers.cast(to: .float32) * Tensor(Array(scales), shape: [units, 1], on: device)
  }
}

extension Tensor {
  /// Returns the product of float32 rows, by operations that every device has.
  fileprivate func quantizedLinear(_ weight: PackedIntegers, _ inputScale: Float?, _ bias: Tensor?) -> Tensor {
    let (rows, units) = (extents[0], weight.units)
    if weight.inputs == 0 || rows == 0 || units == 0 {
      let zeros = Tensor.zeros([rows, units], on: device)
      return bias.map { zeros + $0 } ?? zeros
    }
    if IntegerProduct.isLinearAvailable(on: device.callTarget) {
      return Tensor.launch(self, bias ?? self, Shape(rows, units), .float32, on: device) { backend, x, b, y in
        try IntegerProduct.linear(
          x, weight, inputScale: inputScale, bias: bias == nil ? nil : b, rows: rows, into: y, on: backend)
      }
    }
    let largest = magnitude().max(axis: 1, keepingRank: true)
    var scale = inputScale.map { largest * 0 + Double($0) } ?? largest / 127
    // NaN, not infinity, where a number is not finite.
    scale += largest - largest
    let isTiny = scale .< Double(Float.leastNormalMagnitude)
    let inverse = (1 / scale).replacing(with: 0, where: isTiny)
    let q = (self * inverse).rounded().clamped(to: -127...127)
    let integers = Tensor(weight.values, shape: [units, weight.inputs], on: device)
    let sums =
      IntegerProduct.isAvailable(on: device.callTarget)
      ? q.cast(to: .int8).integerMatmul(integers.transposed())
      : q.exactProduct(integers.transposed(), Shape(rows, units), largestTerm: 127 * 128)
    let scales = scale.replacing(with: 0, where: isTiny) * Tensor(Array(weight.scales), on: device)
    let y = sums.cast(to: .float32) * scales
    return bias.map { y + $0 } ?? y
  }
}

extension Checks {
  /// Requires integers of 8 bits.
  fileprivate static func byteInteger(_ operation: StaticString, _ x: Tensor) throws {
    if x.dtype != .int8 && x.dtype != .uint8 {
      try fail(
        operation, "needs elements of type int8 or uint8, not \(x.dtype) (shape \(x.extents))",
        hint: "convert with .cast(to: .int8)")
    }
  }
}
