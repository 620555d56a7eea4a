internal import HostSystem
import BackendCore
import CPUKernels

/// Permutations, slices, flips, broadcasts, concatenation, and padding.
extension CPUBackend {
  public func copyStrided(
    _ x: BufferSlice, _ xStrides: Strides, shape: Shape, into y: BufferSlice, _ yStrides: Strides, accumulating: Bool
  ) throws {
    try require(accumulating ? .accumulatingCopy : .copyStrided, for: y.dtype)
    let copy = StridedCopy(
      StridedLoop<2>(shape: shape, strides: [xStrides, yStrides]), x.address, y.address, y.dtype,
      accumulating: accumulating, kernels)
    let grain = max(1, Grain.copy / max(copy.elementsOfStep, 1))
    parallel(copy.steps, grain: grain, unit: copy.unit) { copy.run($0) }
  }
}

/// One strided copy, divided into steps: rows along the last axis, or columns of a transposition of the last two axes.
private struct StridedCopy {
  private let loop: StridedLoop<2>
  private let source, result: UnsafeMutableRawPointer
  private let dtype: DType
  private let accumulating: Bool
  private let kernels: UnsafePointer<nn_cpu_kernels>
  private let isTransposition: Bool
  private let columns: Int
  /// Rows of the last two axes; 1 for one axis.
  private let rows: Int
  let steps: Int

  init(
    _ loop: StridedLoop<2>, _ source: UnsafeMutableRawPointer, _ result: UnsafeMutableRawPointer, _ dtype: DType,
    accumulating: Bool, _ kernels: UnsafePointer<nn_cpu_kernels>
  ) {
    self.loop = loop
    self.source = source
    self.result = result
    self.dtype = dtype
    self.accumulating = accumulating
    self.kernels = kernels
    let rank = loop.shape.rank
    columns = loop.shape[rank - 1]
    rows = rank > 1 ? loop.shape[rank - 2] : 1
    steps = columns == 0 ? 0 : loop.shape.count / columns
    isTransposition =
      rank > 1 && !accumulating && dtype.byteCount == 4 && loop.strides[0][rank - 2] == 1
      && loop.strides[1][rank - 1] == 1 && loop.strides[0][rank - 1] != 1 && rows >= 4 && columns >= 4
  }

  var elementsOfStep: Int { columns }
  /// Transpositions are performed in blocks of whole vectors.
  var unit: Int { isTransposition ? 16 : 1 }

  /// Processes rows `range` of the loop, plane by plane of the last two axes.
  func run(_ range: Range<Int>) {
    let rank = loop.shape.rank
    var first = range.lowerBound
    while first < range.upperBound {
      let end = min(range.upperBound, (first / rows + 1) * rows)
      var (from, to) = (0, 0)
      var rest = first
      for axis in stride(from: rank - 2, through: 0, by: -1) {
        let index = rest % loop.shape[axis]
        from += index * loop.strides[0][axis]
        to += index * loop.strides[1][axis]
        rest /= loop.shape[axis]
      }
      if isTransposition {
        transpose(from, to, rows: end - first)
      } else {
        for _ in first..<end {
          row(from, to)
          from += rank > 1 ? loop.strides[0][rank - 2] : 0
          to += rank > 1 ? loop.strides[1][rank - 2] : 0
        }
      }
      first = end
    }
  }

  private func transpose(_ from: Int, _ to: Int, rows: Int) {
    let rank = loop.shape.rank
    kernels.pointee.transpose(
      source.assumingMemoryBound(to: Float.self) + from, columns, rows, loop.strides[0][rank - 1],
      result.assumingMemoryBound(to: Float.self) + to, loop.strides[1][rank - 2])
  }

  private func row(_ from: Int, _ to: Int) {
    let rank = loop.shape.rank
    let (xStep, yStep) = (loop.strides[0][rank - 1], loop.strides[1][rank - 1])
    switch dtype.byteCount {
    case 1:
      kernels.pointee.copy_bytes(
        source.assumingMemoryBound(to: UInt8.self) + from, xStep, result.assumingMemoryBound(to: UInt8.self) + to,
        yStep, columns)
    case 2:
      kernels.pointee.copy_halves(
        source.assumingMemoryBound(to: UInt16.self) + from, xStep, result.assumingMemoryBound(to: UInt16.self) + to,
        yStep, columns)
    case 8 where accumulating: addElements64(source + 8 * from, xStep, result + 8 * to, yStep, columns, dtype)
    case 8:
      kernels.pointee.copy_longs(
        source.assumingMemoryBound(to: UInt64.self) + from, xStep, result.assumingMemoryBound(to: UInt64.self) + to,
        yStep, columns)
    case _ where accumulating && dtype == .float32:
      kernels.pointee.add_floats(
        source.assumingMemoryBound(to: Float.self) + from, xStep, result.assumingMemoryBound(to: Float.self) + to,
        yStep, columns)
    case _ where accumulating:
      kernels.pointee.add_int32(
        source.assumingMemoryBound(to: Int32.self) + from, xStep, result.assumingMemoryBound(to: Int32.self) + to,
        yStep, columns)
    default:
      kernels.pointee.copy_words(
        source.assumingMemoryBound(to: UInt32.self) + from, xStep, result.assumingMemoryBound(to: UInt32.self) + to,
        yStep, columns)
    }
  }
}
