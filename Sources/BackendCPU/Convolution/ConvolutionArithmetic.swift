import BackendCore
import CPUKernels

/// The elements that kernels multiply in a convolution of one type. Sums are always of float32.
///
/// The kernels read copies of blocks of the source, and panels of weights, both of which consist of four-byte elements:
/// floats, or pairs of bfloat16 where the processor can multiply pairs. Halves become such elements while they are
/// copied, so that no operand is copied as a whole. The two numbers of a pair belong to adjacent channels if the sum is over
/// the channels, and to adjacent images if it is over the positions of all images. Products of pairs treat denormal numbers
/// (magnitudes below 2⁻¹²⁶) as 0.
struct ConvolutionArithmetic {
  /// The two numbers of an element.
  enum Pairing {
    case none, channels, images
  }

  nonisolated(unsafe) let kernels: UnsafePointer<nn_cpu_kernels>
  /// The kernels for pairs; nil if elements are floats.
  private nonisolated(unsafe) let pairs: UnsafePointer<nn_bfloat16_kernels>?
  /// The type of the operands; nil for float32.
  let half: nn_half?
  let pairing: Pairing

  init(
    _ dtype: DType, _ kernels: UnsafePointer<nn_cpu_kernels>, pairs: UnsafePointer<nn_bfloat16_kernels>?,
    pairing: Pairing
  ) {
    self.kernels = kernels
    self.pairs = dtype == .bfloat16 && pairing != .none ? pairs : nil
    half = dtype.isHalf ? nn_half(dtype) : nil
    self.pairing = self.pairs == nil ? .none : pairing
  }

  /// The same with floats instead of pairs.
  var ofFloats: ConvolutionArithmetic { ConvolutionArithmetic(half: half, kernels) }

  private init(half: nn_half?, _ kernels: UnsafePointer<nn_cpu_kernels>) {
    (self.half, self.kernels, pairs, pairing) = (half, kernels, nil, .none)
  }

  /// C = init + X·B, as `implicit_gemm`.
  func multiply(
    _ m: Int, _ n: Int, _ k: Int, _ x: UnsafePointer<Float>, _ rows: UnsafePointer<Int>, _ depth: UnsafePointer<Int>,
    _ b: UnsafePointer<Float>, _ ldb: Int, from initial: UnsafePointer<Float>, _ initialStep: Int, rectifies: Bool,
    into c: UnsafeMutablePointer<Float>, _ ldc: Int
  ) {
    if let pairs {
      pairs.pointee.implicit_gemm(
        m, n, k, words(x), rows, depth, words(b), ldb, initial, initialStep, rectifies, c, ldc)
    } else {
      kernels.pointee.implicit_gemm(m, n, k, x, rows, depth, b, ldb, initial, initialStep, rectifies, c, ldc)
    }
  }

  /// Copies a rectangle at (top, left) of a plane of `height` x `width`, with zeros beyond its edges.
  /// - Parameter other: The plane of the second numbers of pairs, or nil for zeros.
  func copyPart(
    _ x: OperandMemory, other: OperandMemory?, height: Int, width: Int, top: Int, left: Int,
    into y: UnsafeMutablePointer<Float>, rows: Int, columns: Int
  ) {
    if let pairs {
      pairs.pointee.padded_pairs(x.halves, other?.halves, height, width, top, left, words(y), rows, columns)
    } else if let half {
      kernels.pointee.padded_halves(half, x.halves, height, width, top, left, y, rows, columns)
    } else {
      kernels.pointee.padded_part(x.floats, height, width, top, left, y, rows, columns)
    }
  }

  /// Returns `count` adjacent elements: floats where they are, and others in `copy`.
  func elements(
    _ x: OperandMemory, other: OperandMemory?, _ count: Int, copy: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    if half == nil { return UnsafePointer(x.floats) }
    copyPart(x, other: other, height: 1, width: count, top: 0, left: 0, into: copy, rows: 1, columns: count)
    return UnsafePointer(copy)
  }

  private func words(_ x: UnsafePointer<Float>) -> UnsafePointer<UInt32> {
    UnsafeRawPointer(x).assumingMemoryBound(to: UInt32.self)
  }
  private func words(_ x: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(x).assumingMemoryBound(to: UInt32.self)
  }
}

extension CPUBackend {
  /// The arithmetic for a convolution or one of its gradients. Halves have one type, and their bias and their results have it
  /// or float32: the first of the operands is of type `dtype`.
  func convolutionArithmetic(
    _ operation: OperationKind, _ dtype: DType, _ operands: @autoclosure () -> [BufferSlice?],
    pairing: ConvolutionArithmetic.Pairing
  ) throws -> ConvolutionArithmetic {
    if !dtype.isHalf {
      try require(operation, for: dtype)
    } else if !Self.multipliesHalves(operands()) {
      throw unsupported(operation.rawValue, dtype)
    }
    return ConvolutionArithmetic(dtype, kernels, pairs: bfloat16Kernels, pairing: pairing)
  }

  /// Calls `body` with the elements of a small operand as float32.
  func withFloats(_ x: BufferSlice, _ count: Int, _ body: (UnsafePointer<Float>) throws -> Void) throws {
    guard x.dtype.isHalf else { return try body(x.floats) }
    try withScratch(count, of: Float.self) { floats in
      widen(OperandMemory(x), count, into: floats)
      try body(floats)
    }
  }
}
