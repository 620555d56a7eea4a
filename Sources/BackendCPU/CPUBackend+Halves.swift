internal import HostSystem
import BackendCore
import CPUKernels

/// float16 and bfloat16: conversions, and the pieces by which calls compute with them.
///
/// Functions of a few instructions have kernels that convert in registers. For all others, a call converts a piece of its
/// operands into memory that stays in the L1 cache, runs the float32 kernel there, and rounds the results once. A piece is
/// read completely before its results are written, so a result may be the slice of an operand. Functions of many
/// instructions are tabulated if there are many elements. Results that no cache holds are written with streaming stores.
extension CPUBackend {
  /// The number of elements of a piece: so few cache lines that the processor fetches the next piece while it computes.
  static let piece = 512
  /// The number of elements of a tile of two operands with strides.
  static let tile = 2048
  /// The number of elements up to which rows are processed as one piece. Longer ones take memory that counts.
  static let longestRow = 1 << 16

  public func computesHalves(_ operation: BackendOperation, _ operands: [BufferSlice?]) -> Bool {
    switch operation {
    case .unary, .unaryGradient, .binary, .binaryScalar, .compare, .compareScalar, .dropout: true
    case .softmax(_, let columns, _), .softmaxGradient(_, let columns, _): columns <= Self.longestRow
    case .normalize(let shape):
      shape.columns <= Self.longestRow && (operands.count <= 4 || operands[4]?.dtype.isHalf != true)
    case .reduce(_, let shape): shape.inner == 1
    case .matmul, .linear, .convolution, .convolutionInputGradient, .convolutionWeightGradient:
      Self.multipliesHalves(operands)
    case .convolutionOutputGradient(_, _, let plane, _): plane <= Self.longestRow
    case .pool(_, let shape), .poolGradient(_, let shape):
      max(shape.inputPlane, shape.outputPlane) <= Self.longestRow
    default: false
    }
  }

  // MARK: Conversions

  /// y = x in another type; at least one of the two types is a half. All conversions go through float32 and round only
  /// once: float32 represents every float16 and bfloat16, and a number of another type that it does not represent
  /// becomes a float that rounds to the same result.
  func castHalves(_ x: BufferSlice, count: Int, into y: BufferSlice) {
    let (source, result) = (OperandMemory(x), result(y, count))
    if result.dtype == .float32 {
      parallel(count, grain: Grain.simple, unit: 64) {
        widen(source.from($0.lowerBound), $0.count, into: result.floats + $0.lowerBound)
      }
    } else {
      forEachPiece(of: count, grain: Grain.simple, parts: 1, into: result) { range, work in
        narrow(floats(of: source, range, in: work[0]), range.count, into: result.from(range.lowerBound))
      }
    }
  }

  /// y = x as float32.
  func widen(_ x: OperandMemory, _ count: Int, into y: UnsafeMutablePointer<Float>) {
    switch x.dtype {
    case .float16: kernels.pointee.float16_to_float(x.halves, y, count)
    case .bfloat16: kernels.pointee.bfloat16_to_float(x.halves, y, count)
    case .int32: kernels.pointee.int32_to_sticky_float(x.integers, y, count)
    case .int64: kernels.pointee.int64_to_sticky_float(x.start.assumingMemoryBound(to: Int64.self), y, count)
    case .float64: kernels.pointee.double_to_sticky_float(x.start.assumingMemoryBound(to: Double.self), y, count)
    case .bool, .int8, .uint8, .int16, .float32:
      if let from = x.dtype.castType { kernels.pointee.cast(from, NN_FLOAT, x.start, y, count) }
    }
  }

  /// y = x in the type of y.
  func narrow(_ x: UnsafePointer<Float>, _ count: Int, into y: OperandMemory) {
    if y.isStreamed { return kernels.pointee.stream_halves(nn_half(y.dtype), x, y.halves, count) }
    switch y.dtype {
    case .float16: kernels.pointee.float_to_float16(x, y.halves, count)
    case .bfloat16: kernels.pointee.float_to_bfloat16(x, y.halves, count)
    default: if let to = y.dtype.castType { kernels.pointee.cast(NN_FLOAT, to, x, y.start, count) }
    }
  }

  // MARK: Pieces

  /// The memory of a result of `count` elements.
  func result(_ y: BufferSlice, _ count: Int) -> OperandMemory {
    // Elements of 32 bits are streamed from the same number of bytes on.
    OperandMemory(start: y.address, dtype: y.dtype, isStreamed: y.dtype.isHalf && streams(count / 2))
  }

  /// Calls `body` with pieces of `0..<count` rows of `width` elements, and with memory for `parts` pieces in float32. Several
  /// threads take part if each gets at least `grain` rows. A piece has about `piece` elements, and at least one row. Results
  /// are in `y`.
  func forEachPiece(
    of count: Int, width: Int = 1, grain: Int, parts: Int, into y: OperandMemory,
    _ body: (Range<Int>, Workspace) -> Void
  ) {
    let rows = max(1, Self.piece / max(1, width))
    parallel(count, grain: grain, unit: width == 1 ? 64 : 1) { range in
      withWorkspace(parts, of: min(rows, range.count) * max(1, width)) { work in
        for first in stride(from: range.lowerBound, to: range.upperBound, by: rows) {
          body(first..<min(first + rows, range.upperBound), work)
        }
      }
      if y.isStreamed { nn_finish_streams() }
    }
  }

  /// Calls `body` with memory for `count` times `length` floats.
  func withWorkspace<Result>(_ count: Int, of length: Int, _ body: (Workspace) -> Result) -> Result {
    // Whole cache lines.
    let length = max(1, length).roundedUp(toMultipleOf: 16)
    return withUnsafeTemporaryAllocation(byteCount: 4 * count * length, alignment: 64) { memory in
      let start = memory.baseAddress!
      return body(Workspace(start: start.bindMemory(to: Float.self, capacity: count * length), length: length))
    }
  }

  /// Returns elements as float32: those of a float32 operand where they are, and others widened into `memory`.
  func floats(of x: OperandMemory, _ range: Range<Int>, in memory: UnsafeMutablePointer<Float>) -> UnsafePointer<Float>
  {
    if x.dtype == .float32 { return UnsafePointer(x.floats + range.lowerBound) }
    widen(x.from(range.lowerBound), range.count, into: memory)
    return UnsafePointer(memory)
  }

  /// Stores the float32 numbers that `compute` writes to the memory it is given: `memory`, or y itself if it is of float32.
  func store(
    _ range: Range<Int>, of y: OperandMemory, from memory: UnsafeMutablePointer<Float>,
    _ compute: (UnsafeMutablePointer<Float>) -> Void
  ) {
    if y.dtype == .float32 { return compute(y.floats + range.lowerBound) }
    compute(memory)
    narrow(memory, range.count, into: y.from(range.lowerBound))
  }
}

/// The memory of an operand without a reference to its buffer: threads that counted references for every piece would wait
/// for one another.
struct OperandMemory {
  let start: UnsafeMutableRawPointer
  let dtype: DType
  /// Whether halves are written with streaming stores.
  let isStreamed: Bool

  init(_ slice: BufferSlice) { self.init(start: slice.address, dtype: slice.dtype) }

  init(start: UnsafeMutableRawPointer, dtype: DType, isStreamed: Bool = false) {
    (self.start, self.dtype, self.isStreamed) = (start, dtype, isStreamed)
  }

  /// The elements from a position on.
  func from(_ index: Int) -> OperandMemory {
    OperandMemory(start: start + index * dtype.byteCount, dtype: dtype, isStreamed: isStreamed)
  }

  var floats: UnsafeMutablePointer<Float> { start.assumingMemoryBound(to: Float.self) }
  var integers: UnsafeMutablePointer<Int32> { start.assumingMemoryBound(to: Int32.self) }
  var halves: UnsafeMutablePointer<UInt16> { start.assumingMemoryBound(to: UInt16.self) }
  var bytes: UnsafeMutablePointer<UInt8> { start.assumingMemoryBound(to: UInt8.self) }
}

/// Memory of one thread for pieces in float32.
struct Workspace {
  let start: UnsafeMutablePointer<Float>
  let length: Int

  /// The memory for a piece.
  subscript(index: Int) -> UnsafeMutablePointer<Float> { start + index * length }
}

extension DType {
  /// The type for the kernel that converts elements; nil for the halves, which have their own kernels.
  var castType: nn_type? {
    switch self {
    case .float16, .bfloat16: nil
    case .bool: NN_BOOL
    case .int8: NN_INT8
    case .uint8: NN_UINT8
    case .int16: NN_INT16
    case .int32: NN_INT32
    case .int64: NN_INT64
    case .float32: NN_FLOAT
    case .float64: NN_DOUBLE
    }
  }
}
