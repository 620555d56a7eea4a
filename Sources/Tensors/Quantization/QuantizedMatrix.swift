import BackendCore
import HostSystem

/// A constant matrix of weights in blocks of small integers: `[units, inputs]`, with a row for each unit.
///
/// It takes 4.5 to 8.5 bits for each weight, and stays so in memory, where its rows are padded to a multiple of 16:
/// `quantizedMatmul(_:)` decodes the blocks of Q8_0, Q4_0, and Q4_1 in registers of the CPU, and those of all formats in
/// registers of OpenCL devices. Such a device keeps a copy of the blocks from the first product on, as long as the matrix
/// exists. Weights are converted from float32, or read from GGUF files with `GGUFFile.quantizedMatrix(_:)`.
///
/// ```swift
/// let weight = try QuantizedMatrix(quantizing: .normal([64, 128], using: RandomStream(seed: 1)), as: .q80)
/// let y = Tensor.ones([2, 128]).quantizedMatmul(weight)   // [2, 64]
/// ```
public struct QuantizedMatrix: Sendable {
  /// The types in which `quantizedMatmul` multiplies inputs with weights.
  public enum Activations: String, Sendable, Hashable, CaseIterable {
    /// The inputs as they are.
    case float32
    /// Integers from −127 to 127, with a scale for each block of 32 inputs.
    case int8
  }

  package let blocks: InterleavedBlocks

  /// Creates a matrix from its blocks.
  ///
  /// - Parameters:
  ///   - format: The format.
  ///   - units: The number of rows.
  ///   - inputs: The count of numbers in a row, a multiple of that of a block.
  ///   - fill: Calls its argument with the number and the blocks of each row.
  /// - Throws: `HostMemory.Shortage` if the blocks do not fit into memory; errors of `fill`.
  package init(
    _ format: BlockFormat, units: Int, inputs: Int, fill: ((Int, UnsafeRawBufferPointer) -> Void) throws -> Void
  ) throws {
    blocks = try InterleavedBlocks(format, rows: units, blocks: inputs / format.count)
    try fill(blocks.store)
  }

  /// The format of the blocks.
  public var format: BlockFormat { blocks.format }
  /// The shape: units, then inputs.
  public var shape: [Int] { [units, inputs] }
  /// The size of the blocks in bytes. In memory, the number of rows is rounded up to a multiple of 16.
  public var byteCount: Int { units * blocks.blocks * format.size }

  var units: Int { blocks.rows }
  var inputs: Int { blocks.blocks * format.count }

  /// Converts weights to blocks, with the bytes that `gguf.quants.quantize` in Python gives.
  ///
  /// The error of a weight is at most half a step, and that of its scale: steps are 1/127 of the largest magnitude in a
  /// block for Q8_0, 1/8 for Q4_0, and 1/15 of the range for Q4_1. Q4_0 represents numbers from -8 to 7 steps, where -8
  /// represents the weight of largest magnitude, so that the error of a weight near the same magnitude with the opposite
  /// sign is up to a whole step. A block with a weight that is not finite decodes to numbers that are not finite.
  /// - Parameters:
  ///   - weights: A matrix `[units, inputs]`; inputs are a multiple of 32.
  ///   - format: `.q80`, `.q40`, or `.q41`.
  /// - Throws: `DeviceError` if the weights cannot be read, or the blocks do not fit into memory.
  public init(quantizing weights: Tensor, as format: BlockFormat = .q80) throws {
    Checks.insist(quantizing: weights, as: format)
    let numbers = try weights.scalars()
    let (units, inputs) = (weights.shape[0], weights.shape[1])
    var row = [UInt8](repeating: 0, count: inputs / format.count * format.size)
    do {
      try self.init(format, units: units, inputs: inputs) { store in
        numbers.withUnsafeBufferPointer { numbers in
          for unit in 0..<units {
            row.withUnsafeMutableBytes {
              format.encode(UnsafeBufferPointer(rebasing: numbers[unit * inputs..<(unit + 1) * inputs]), into: $0)
              store(unit, UnsafeRawBufferPointer($0))
            }
          }
        }
      }
    } catch let shortage as HostMemory.Shortage {
      throw DeviceError(shortage)
    }
  }

  /// Decodes the weights to a float32 tensor `[units, inputs]`, with the bits that `gguf.quants.dequantize` in Python gives.
  ///
  /// - Throws: `DeviceError` if they do not fit into memory.
  public func dequantized(on device: Device = .cpu) throws -> Tensor {
    // The numbers, and then the tensor.
    do { try HostMemory.check(units * inputs, of: 8) } catch { throw DeviceError(error) }
    let tensor = Tensor(numbers(ofRows: 0..<units), shape: shape, on: device)
    try tensor.checkPoison()
    return tensor
  }

  /// Creates a matrix from its blocks as GGUF files have them.
  /// - Parameter rows: The bytes of each row, uint8 `[units, bytes]`, a multiple of the size of a block.
  /// - Throws: `DeviceError` if they cannot be read, or do not fit into memory.
  package init(_ format: BlockFormat, rows: Tensor) throws {
    let (units, size) = (rows.shape[0], rows.shape[1])
    let bytes = try rows.scalars(as: UInt8.self)
    do {
      try self.init(format, units: units, inputs: size / format.size * format.count) { store in
        bytes.withUnsafeBytes { bytes in
          for unit in 0..<units {
            store(unit, UnsafeRawBufferPointer(rebasing: bytes[unit * size..<(unit + 1) * size]))
          }
        }
      }
    } catch let shortage as HostMemory.Shortage {
      throw DeviceError(shortage)
    }
  }

  /// Returns the blocks of each row as GGUF files have them, uint8 `[units, bytes]`.
  /// - Throws: `DeviceError` if they do not fit into memory.
  package func rowBytes() throws -> Tensor {
    let size = blocks.blocks * format.size
    // The bytes, and then the tensor.
    do { try HostMemory.check(units * size, of: 2) } catch { throw DeviceError(error) }
    var bytes = [UInt8](repeating: 0, count: units * size)
    bytes.withUnsafeMutableBytes { bytes in
      for unit in 0..<units {
        blocks.load(unit, into: UnsafeMutableRawBufferPointer(rebasing: bytes[unit * size..<(unit + 1) * size]))
      }
    }
    return Tensor(bytes, shape: [units, size])
  }

  /// Decodes some of the rows.
  package func numbers(ofRows rows: Range<Int>) -> [Float] {
    let inputs = inputs
    var row = [UInt8](repeating: 0, count: blocks.blocks * format.size)
    return [Float](unsafeUninitializedCapacity: rows.count * inputs) { numbers, filled in
      for unit in rows {
        row.withUnsafeMutableBytes {
          blocks.load(unit, into: $0)
          format.decode(
            UnsafeRawBufferPointer($0), into: UnsafeMutableBufferPointer(rebasing: numbers[filled..<filled + inputs]))
        }
        filled += inputs
      }
    }
  }
}

extension Tensor {
  /// Returns x·Wᵀ for weights in blocks: x `[..., inputs]`, W `[units, inputs]`, y `[..., units]`.
  ///
  /// On the CPU, weights of the formats Q8_0, Q4_0, and Q4_1 are decoded in registers and multiplied in float32. The
  /// integers of each block are multiplied and summed before the sum is scaled, so that inputs with magnitudes above
  /// about 1e34 may overflow, and an infinite input may give NaN for Q4_1. NaN stays NaN. OpenCL devices decode all formats
  /// in registers, and multiply the decoded numbers. Other formats on the CPU, other devices, inputs of type float64, and
  /// `valueAndGradient` decode some rows at a time to tensors, and multiply with these. There are gradients with respect to
  /// x, for which these tensors are kept. Inputs of type float16 and bfloat16 are multiplied in float32, and the result is
  /// rounded once.
  ///
  /// With activations of type `.int8`, each block of 32 inputs is rounded first: x ≈ s·⌊x/s⌉ with s = max|x|/127, as in
  /// llama.cpp, but with scales in float32. The error is about 0.5 % of the root mean square of the result. Where the CPU
  /// would decode blocks in registers, it multiplies the integers of both operands instead, for few rows about as fast as
  /// memory delivers the weights, and the result has the same bits on every instruction set. Elsewhere, the rounded
  /// inputs are multiplied as above, and their gradients pass through the rounding unchanged (the straight-through
  /// estimator). A block with an input that is not finite gives NaN for its whole row. Blocks of magnitudes below about
  /// 1e-36 may count as zeros, and magnitudes above about 1e34 may overflow.
  /// - Parameters:
  ///   - weight: The matrix W.
  ///   - activations: The type in which x is multiplied.
  public func quantizedMatmul(
    _ weight: QuantizedMatrix, activations: QuantizedMatrix.Activations = .float32
  ) -> Tensor {
    checked {
      let name: StaticString = "quantizedMatmul"
      try Checks.floatingPoint(name, self)
      if rank == 0 || extents[-1] != weight.inputs {
        try Checks.fail(
          name, "shapes \(extents) and \(weight.shape) do not fit",
          hint: "the last axis of the input is as long as a row of the weight")
      }
      if dtype == .float16 || dtype == .bfloat16 {
        return cast(to: .float32).quantizedMatmul(weight, activations: activations).cast(to: dtype)
      }
      var result = extents
      result[-1] = weight.units
      try Checks.countable(name, result)
      let isDirect = dtype == .float32 && weight.inputs > 0 && weight.blocks.canMultiply(on: device.callTarget)
      guard isDirect, Tape.recording(node) == nil else {
        return (activations == .int8 ? roundedInBlocks() : self).decodedMatmul(weight, result)
      }
      let rows = result.dropping(last: 1).count
      return Tensor.launch(self, result, dtype, on: device) { backend, x, y in
        try weight.blocks.multiply(x, rows: rows, roundsInputs: activations == .int8, into: y, on: backend)
      }
    }
  }

  /// The numbers that remain after rounding to 8 bits in blocks of 32.
  private func roundedInBlocks() -> Tensor {
    count == 0 ? self : fakeQuantized(AffineQuantization(fitting: self, granularity: .perGroup(32)))
  }

  /// Multiplies with some rows of the weights at a time, which are decoded to tensors of about a million numbers.
  private func decodedMatmul(_ weight: QuantizedMatrix, _ result: Shape) -> Tensor {
    if device.isShapeOnly {
      return matmul(Tensor.zeros(weight.shape, dtype: dtype, on: device), transposingRight: true)
    }
    let step = Swift.max((1 << 20) / Swift.max(weight.inputs, 1), 1)
    let parts = stride(from: 0, to: weight.units, by: step).map { first in
      let rows = first..<Swift.min(first + step, weight.units)
      let panel = Tensor(weight.numbers(ofRows: rows), shape: [rows.count, weight.inputs], dtype: dtype, on: device)
      return matmul(panel, transposingRight: true)
    }
    return parts.isEmpty ? Tensor.zeros(result.array, dtype: dtype, on: device) : .concatenated(parts, axis: -1)
  }
}

extension Checks {
  /// Ends the program unless a matrix can be converted to blocks.
  fileprivate static func insist(quantizing weights: Tensor, as format: BlockFormat) {
    insist {
      let name: StaticString = "QuantizedMatrix"
      try floatingPoint(name, weights)
      if !format.canEncode {
        try fail(name, "weights cannot be converted to \(format.rawValue)", hint: "use .q80, .q40, or .q41")
      }
      if weights.rank != 2 || weights.extents[1] % format.count != 0 {
        try fail(
          name, "weights of shape \(weights.extents) cannot be converted to \(format.rawValue)",
          hint: "they are a matrix [units, inputs], with a multiple of \(format.count) inputs")
      }
    }
  }
}
