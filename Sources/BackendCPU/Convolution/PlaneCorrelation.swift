internal import HostSystem
import BackendCore
import CPUKernels

/// A correlation whose groups have few outputs, such as a depthwise convolution: each output is computed separately, in
/// vectors of positions.
///
/// If the source is of float32, the windows stay inside it, and columns are contiguous, they read the source directly.
/// Otherwise, they read a copy in float32 with zeros beyond the edges, in which columns that are one step apart are
/// contiguous.
struct PlaneCorrelation {
  let correlation: Correlation
  /// The rows of outputs computed from one copy, and the number of such blocks per image.
  let rows, blocks: Int
  private let arithmetic: ConvolutionArithmetic
  private var kernels: UnsafePointer<nn_cpu_kernels> { arithmetic.kernels }
  private let isCopied: Bool
  private let seenColumns, phase, rowPitch, planePitch: Int
  private let depths: [Int]

  /// Whether this method is faster: rows must have enough positions to make up for outputs that fill only part of a
  /// vector.
  static func pays(_ correlation: Correlation) -> Bool {
    correlation.outputs * 8 <= min(correlation.width.outputs, 32)
  }

  /// - Parameter arithmetic: The arithmetic of floats.
  init(_ correlation: Correlation, _ arithmetic: ConvolutionArithmetic) {
    self.correlation = correlation
    self.arithmetic = arithmetic
    let (height, width) = (correlation.height, correlation.width)
    isCopied = arithmetic.half != nil || height.leavesSource || width.leavesSource || width.step > 1
    seenColumns = width.reach(width.outputs)
    phase = seenColumns.dividedRoundingUp(by: width.step)
    rowPitch = isCopied ? phase * width.step : width.source
    // A copy stays in the L2 cache.
    let most = max(1, (1 << 16) / max(1, correlation.channels * rowPitch * height.step))
    rows = isCopied ? min(height.outputs, most) : height.outputs
    blocks = (height.outputs + max(rows, 1) - 1) / max(rows, 1)
    planePitch = isCopied ? height.reach(rows) * rowPitch : correlation.sourcePlane
    var depths: [Int] = []
    depths.reserveCapacity(correlation.depth)
    for channel in 0..<correlation.channels {
      for row in height.offsets {
        let first = channel * planePitch + (row - height.lowest) * rowPitch
        for column in width.offsets {
          let distance = column - width.lowest
          depths.append(first + distance % width.step * phase + distance / width.step)
        }
      }
    }
    self.depths = depths
  }

  /// The number of floats of scratch memory for `prepare` and for `place`.
  var sourceCount: Int {
    isCopied ? correlation.channels * planePitch + (correlation.width.step > 1 ? height * seenColumns : 0) : 0
  }
  var resultCount: Int { rows * correlation.width.outputs }
  private var height: Int { correlation.height.reach(rows) }

  /// The rows of outputs of a block.
  func rows(_ block: Int) -> Range<Int> { block * rows..<min((block + 1) * rows, correlation.height.outputs) }

  /// Returns the base address of the offsets for some rows of outputs.
  func prepare(
    _ x: OperandMemory, image: Int, group: Int, _ rows: Range<Int>, scratch: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    let (axis, width, plane) = (correlation.height, correlation.width, correlation.sourcePlane)
    let first = x.from((image * correlation.groups + group) * correlation.channels * plane)
    let (top, left) = (rows.lowerBound * axis.step + axis.lowest, width.lowest)
    guard isCopied else { return UnsafePointer(first.floats + top * rowPitch + left) }
    let count = axis.reach(rows.count)
    let staging = scratch + correlation.channels * planePitch
    for channel in 0..<correlation.channels {
      let (to, isSpread) = (scratch + channel * planePitch, width.step > 1)
      arithmetic.copyPart(
        first.from(channel * plane), other: nil, height: axis.source, width: width.source, top: top, left: left,
        into: isSpread ? staging : to, rows: count, columns: isSpread ? seenColumns : rowPitch)
      if !isSpread { continue }
      for row in 0..<count {
        for start in 0..<min(width.step, seenColumns) {
          let length = (seenColumns - start + width.step - 1) / width.step
          copy(staging + row * seenColumns + start, width.step, to + row * rowPitch + start * phase, 1, length)
        }
      }
    }
    return UnsafePointer(scratch)
  }

  /// Computes the sums of one output for some rows.
  func compute(
    _ seen: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, bias: Float, rectifies: Bool, rows: Int,
    into y: UnsafeMutablePointer<Float>
  ) {
    let columns = correlation.width.outputs
    depths.withUnsafeBufferPointer { depths in
      guard let depths = depths.baseAddress else { return }
      kernels.pointee.correlate_plane(
        rows, columns, correlation.depth, weights, seen, correlation.height.step * rowPitch, depths, bias, rectifies, y,
        columns)
    }
  }

  /// Adds the products of some rows of dy with the inputs of each weight.
  func addDots(
    _ seen: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, into sums: UnsafeMutablePointer<Float>
  ) {
    let columns = correlation.width.outputs
    depths.withUnsafeBufferPointer { depths in
      guard let depths = depths.baseAddress else { return }
      kernels.pointee.correlate_dots(
        rows, columns, correlation.depth, seen, correlation.height.step * rowPitch, depths, dy, columns, sums)
    }
  }

  /// Writes rows of outputs to their positions in a plane of the result. The memory of the sums has room for one more row.
  func place(_ sums: UnsafeMutablePointer<Float>, _ rows: Range<Int>, into plane: OperandMemory, width: Int) {
    let (axis, columns) = (correlation.height, correlation.width)
    let count = columns.outputs
    let memory = UnsafeMutableRawPointer(sums + rows.count * count).assumingMemoryBound(to: UInt16.self)
    if plane.dtype.isHalf && axis.spacing == 1 && columns.spacing == 1 {
      let to = plane.halves + (axis.first + rows.lowerBound) * width + columns.first
      return kernels.pointee.narrow_to_halves(nn_half(plane.dtype), sums, count, rows.count, count, to, width)
    }
    for (index, row) in rows.enumerated() {
      let from = sums + index * count
      let to = plane.from((axis.first + row * axis.spacing) * width + columns.first)
      if to.dtype.isHalf {
        kernels.pointee.narrow_to_halves(nn_half(to.dtype), from, count, 1, count, memory, count)
        kernels.pointee.copy_halves(memory, 1, to.halves, columns.spacing, count)
      } else {
        copy(from, 1, to.floats, columns.spacing, count)
      }
    }
  }

  private func copy(
    _ x: UnsafePointer<Float>, _ xStep: Int, _ y: UnsafeMutablePointer<Float>, _ yStep: Int, _ count: Int
  ) {
    x.withMemoryRebound(to: UInt32.self, capacity: 1) { x in
      y.withMemoryRebound(to: UInt32.self, capacity: 1) { y in kernels.pointee.copy_words(x, xStep, y, yStep, count) }
    }
  }
}
