internal import HostSystem
import BackendCore
import CPUKernels

/// A correlation whose groups have few outputs, such as a depthwise convolution: each output is computed separately, in
/// vectors of positions.
///
/// If the windows stay inside the source and columns are contiguous, they read the source directly. Otherwise, they
/// read a copy with zeros beyond the edges, in which columns that are one step apart are contiguous.
struct PlaneCorrelation {
  let correlation: Correlation
  /// The rows of outputs computed from one copy, and the number of such blocks per image.
  let rows, blocks: Int
  private nonisolated(unsafe) let kernels: UnsafePointer<nn_cpu_kernels>
  private let isCopied: Bool
  private let seenColumns, phase, rowPitch, planePitch: Int
  private let depths: [Int]

  /// Whether this method is faster: rows must have enough positions to make up for outputs that fill only part of a
  /// vector.
  static func pays(_ correlation: Correlation) -> Bool {
    correlation.outputs * 8 <= min(correlation.width.outputs, 32)
  }

  init(_ correlation: Correlation, _ kernels: UnsafePointer<nn_cpu_kernels>) {
    self.correlation = correlation
    self.kernels = kernels
    let (height, width) = (correlation.height, correlation.width)
    isCopied = height.leavesSource || width.leavesSource || width.step > 1
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
    _ x: UnsafePointer<Float>, image: Int, group: Int, _ rows: Range<Int>, scratch: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    let (axis, width, plane) = (correlation.height, correlation.width, correlation.sourcePlane)
    let first = x + (image * correlation.groups + group) * correlation.channels * plane
    let (top, left) = (rows.lowerBound * axis.step + axis.lowest, width.lowest)
    guard isCopied else { return first + top * rowPitch + left }
    let count = axis.reach(rows.count)
    let staging = scratch + correlation.channels * planePitch
    for channel in 0..<correlation.channels {
      let (from, to) = (first + channel * plane, scratch + channel * planePitch)
      guard width.step > 1 else {
        kernels.pointee.padded_part(from, axis.source, width.source, top, left, to, count, rowPitch)
        continue
      }
      kernels.pointee.padded_part(from, axis.source, width.source, top, left, staging, count, seenColumns)
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

  /// Writes rows of outputs to their positions in a plane of the result.
  func place(_ sums: UnsafePointer<Float>, _ rows: Range<Int>, into plane: UnsafeMutablePointer<Float>, width: Int) {
    let (axis, columns) = (correlation.height, correlation.width)
    for (index, row) in rows.enumerated() {
      copy(
        sums + index * columns.outputs, 1, plane + (axis.first + row * axis.spacing) * width + columns.first,
        columns.spacing, columns.outputs)
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
