import BackendCore

/// A constant tensor whose numbers are stored as integers of 8 or 4 bits: x ≈ scale·(q − zero point).
///
/// The integers are on the device of the tensor from which they were made. Two integers of 4 bits share a byte along the
/// last axis: the first one has the low bits, as in ONNX; negative ones are stored in two's complement.
public struct QuantizedTensor: Sendable {
  /// The shape.
  public let shape: [Int]
  /// The rule by which integers represent numbers.
  public let quantization: AffineQuantization
  /// The integers: int8 or uint8 of the shape, or bytes `[rows, ⌈length/2⌉]`.
  package let storage: Tensor

  /// Creates a tensor from integers that are stored elsewhere, such as those of PyTorch's `int_repr` or the inputs of ONNX's
  /// `DequantizeLinear`. It is on their device.
  ///
  /// ```swift
  /// let q = Tensor([-128, -1, 5, 127] as [Int8], shape: [2, 2])
  /// let x = QuantizedTensor(integers: q, quantization: AffineQuantization(scale: 0.5, zeroPoint: -3))
  /// print(x.dequantized())    // -62.5, 1, 4, 65
  /// ```
  /// - Parameters:
  ///   - integers: The integers q, of type int8 for `.int8` and `.int4`, and of type uint8 for `.uint8` and `.uint4`. Those of 4
  ///     bits are not packed yet; integers beyond their range become its ends.
  ///   - quantization: The rule by which they represent numbers, with scales that fit their shape.
  public init(integers: Tensor, quantization: AffineQuantization) {
    let type = quantization.type
    Checks.insist {
      let name: StaticString = "QuantizedTensor"
      try Checks.dtype(name, integers, is: type.isSigned ? .int8 : .uint8)
      try Checks.scales(name, quantization, fit: integers)
    }
    let storage =
      type.bitCount == 8
      ? integers : QuantizedTensor.packed(integers.cast(to: .float32).clamped(to: type.limits))
    self.init(storage: storage, shape: integers.shape, quantization: quantization.moved(to: integers.device))
  }

  /// Creates a tensor from its storage, which has the shape that belongs to `shape`.
  package init(storage: Tensor, shape: [Int], quantization: AffineQuantization) {
    (self.storage, self.shape, self.quantization) = (storage, shape, quantization)
  }

  /// The size of integers, scales, and zero points in bytes.
  public var byteCount: Int { storage.count + quantization.byteCount }
  /// The device of the integers.
  public var device: Device { storage.device }
  /// Returns the tensor on a device.
  public func moved(to device: Device) -> QuantizedTensor {
    QuantizedTensor(storage: storage.moved(to: device), shape: shape, quantization: quantization.moved(to: device))
  }

  /// Returns the integers q, of type int8 or uint8 (PyTorch's `int_repr`).
  public func integers() -> Tensor {
    quantization.type.bitCount == 8
      ? storage : wholeNumbers().cast(to: quantization.type.isSigned ? .int8 : .uint8)
  }

  /// Returns scale·(q − zero point), float32 (PyTorch's `dequantize`, ONNX's `DequantizeLinear`).
  public func dequantized() -> Tensor {
    let q = wholeNumbers()
    return quantization.numbers(quantization.granularity.arranged(q), like: q)
  }

  /// Returns the integers as float32 numbers.
  package func wholeNumbers() -> Tensor {
    let bytes = storage.cast(to: .float32)
    if quantization.type.bitCount == 8 { return bytes }
    let high = (bytes / 16).floor()
    let pairs = Tensor.stacked([bytes - high * 16, high], axis: -1)
    let numbers = pairs.reshaped([bytes.shape[0], 2 * bytes.shape[1]])
      .narrowed(axis: 1, from: 0, count: shape.last ?? 1).reshaped(shape)
    return quantization.type.isSigned ? numbers.replacing(with: numbers - 16, where: numbers .>= 8) : numbers
  }

  /// Returns scale·(q − zero point) for the rows of a matrix at these positions, float32 `[..., length]`. The rows have
  /// scales of their own.
  package func rows(at positions: Tensor) -> Tensor {
    let flat = positions.reshaped([positions.count])
    func rows(_ table: Tensor) -> Tensor { table.embedded(flat, padding: nil) }
    let chosen = QuantizedTensor(
      storage: rows(storage), shape: [flat.count, shape[1]],
      quantization: AffineQuantization(
        quantization.type, quantization.granularity, rows(quantization.scale), quantization.zeroPoint.map(rows)))
    return chosen.dequantized().reshaped(positions.shape + [shape[1]])
  }

  /// Throws the first error of the operations that produced the tensor.
  package func checkPoison() throws {
    for tensor in [storage, quantization.scale, quantization.zeroPoint] { try tensor?.checkPoison() }
  }

  /// Returns the bytes of whole numbers of 4 bits.
  fileprivate static func packed(_ numbers: Tensor) -> Tensor {
    let length = numbers.shape.last ?? 1
    let rows = numbers.shape.dropLast().reduce(1, *)
    let unsigned = numbers.replacing(with: numbers + 16, where: numbers .< 0).replacing(with: 0, where: numbers.isNaN())
    let pairs = unsigned.reshaped([rows, length]).padded([(0, 0), (0, length % 2)])
      .reshaped([rows, (length + 1) / 2, 2])
    return (pairs[.all, .all, 0] + pairs[.all, .all, 1] * 16).cast(to: .uint8)
  }
}

extension Tensor {
  /// Returns the tensor with its numbers as integers: q = ⌊x/scale⌉ + zero point, limited to the range of the type
  /// (PyTorch's `quantize_per_tensor` and `quantize_per_channel`, ONNX's `QuantizeLinear`).
  ///
  /// x/scale is divided in float32, as in ONNX; PyTorch multiplies with 1/scale, which may round differently near ties. No
  /// gradient flows through the result: see `fakeQuantized(_:)`.
  /// - Parameter quantization: The rule, whose scales are moved to the device of the tensor if necessary.
  public func quantized(_ quantization: AffineQuantization) -> QuantizedTensor {
    Checks.insist { try Checks.quantizable("quantized", self, quantization) }
    let type = quantization.type
    let x = detached().cast(to: .float32)
    let q = quantization.granularity.restored(quantization.unlimited(x).clamped(to: type.limits), to: extents)
    let storage = type.bitCount == 8 ? q.cast(to: type.isSigned ? .int8 : .uint8) : QuantizedTensor.packed(q)
    return QuantizedTensor(storage: storage, shape: shape, quantization: quantization.moved(to: device))
  }

  /// Returns the numbers that remain after quantization, in the type of this tensor: scale·(q − zero point) with
  /// q = ⌊x/scale⌉ + zero point, limited to the range of the type (PyTorch's `fake_quantize_per_tensor_affine` and
  /// `fake_quantize_per_channel_affine`).
  ///
  /// Use it to train a network that will be quantized. The gradient passes through unchanged where ⌊x/scale⌉ + zero point
  /// is within the range, and is 0 elsewhere (the straight-through estimator, Bengio et al. 2013). Scales and zero points
  /// are constants. NaN stays NaN.
  public func fakeQuantized(_ quantization: AffineQuantization) -> Tensor {
    checked {
      try Checks.quantizable("fakeQuantized", self, quantization)
      if dtype != .float32 { return cast(to: .float32).fakeQuantized(quantization).cast(to: dtype) }
      let limits = quantization.type.limits
      return withCustomGradient(of: self) { x in
        quantization.numbers(quantization.unlimited(x).clamped(to: limits), like: x)
      } backward: { dy, x, _ in
        let q = quantization.granularity.restored(quantization.unlimited(x.detached()), to: x.extents)
        return dy.replacing(with: 0, where: .!((q .>= limits.lowerBound) .& (q .<= limits.upperBound)))
      }
    }
  }
}
