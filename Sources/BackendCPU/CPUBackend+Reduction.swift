internal import HostSystem
import BackendCore
import CPUKernels

/// Reductions and positions of maxima and minima.
///
/// Long axes are divided into segments of fixed length, whose partial results are combined in order, so the result of a
/// sum depends only on the shape.
extension CPUBackend {
  /// The segment length of a contiguous axis, in elements.
  static let rowSegment = 65536
  /// The segment length of an outer axis, in rows.
  static let columnSegment = 4096

  public func reduce(_ op: ReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    if x.dtype.isHalf || y.dtype.isHalf { return try reduceHalves(op, x, shape, into: y) }
    switch x.dtype {
    case .float32:
      if shape.inner == 1 {
        try reduceRows(op, x.floats, shape, y.floats)
      } else {
        try reduceColumns(op, x.floats, shape, y.floats)
      }
    case .int32 where op != .mean:
      let (source, result, kernel, code) = (x.integers, y.integers, kernels.pointee.reduce_int32, op.code)
      forEachResult(of: shape) { position, first in
        result[position] = kernel(code, source + first, shape.inner, shape.extent)
      }
    case .bool where op == .maximum || op == .minimum:
      let (source, result, kernel, code) = (x.bytes, y.bytes, kernels.pointee.reduce_bool, op.code)
      forEachResult(of: shape) { position, first in
        result[position] = kernel(code, source + first, shape.inner, shape.extent)
      }
    case .int64, .float64: try reduce64(op, x, shape, into: y)
    default:
      throw unsupported("\(op)", x.dtype)
    }
  }

  /// Calls `body` with the index of each result and the index of its first element.
  func forEachResult(of shape: AxisShape, _ body: (Int, Int) -> Void) {
    parallel(shape.reducedCount, grain: max(1, Grain.simple / max(1, shape.extent)), unit: 1) {
      for position in $0 {
        body(position, position / shape.inner * shape.extent * shape.inner + position % shape.inner)
      }
    }
  }

  /// Reduces rows: [outer, extent] → [outer].
  private func reduceRows(
    _ op: ReductionOp, _ x: UnsafePointer<Float>, _ shape: AxisShape, _ y: UnsafeMutablePointer<Float>
  ) throws {
    let (extent, code, kernel) = (shape.extent, op.code, kernels.pointee.reduce)
    let divisor = op == .mean ? Double(extent) : 1
    if extent <= Self.rowSegment {
      parallel(shape.outer, grain: max(1, Grain.simple / max(1, extent)), unit: 1) {
        for row in $0 { y[row] = Float(kernel(code, x + row * extent, extent) / divisor) }
      }
      return
    }
    try reduceLongRows(op, shape, { kernel(code, x + $0.lowerBound, $0.count) }) { y[$0] = Float($1 / divisor) }
  }

  /// Reduces rows longer than a segment.
  /// - Parameters:
  ///   - reduceSegment: Reduces a range of elements.
  ///   - store: Stores the result of a row.
  func reduceLongRows(
    _ op: ReductionOp, _ shape: AxisShape, _ reduceSegment: (Range<Int>) -> Double, _ store: (Int, Double) -> Void
  ) throws {
    let extent = shape.extent, segments = extent.dividedRoundingUp(by: Self.rowSegment)
    try withScratch(shape.outer * segments, of: Double.self) { partial in
      parallel(shape.outer * segments, grain: 1, unit: 1) {
        for index in $0 {
          let first = index / segments * extent + index % segments * Self.rowSegment
          partial[index] = reduceSegment(first..<min(first + Self.rowSegment, (index / segments + 1) * extent))
        }
      }
      for row in 0..<shape.outer { store(row, reducePartials(op, partial + row * segments, segments, step: 1)) }
    }
  }

  /// Reduces columns: [outer, extent, inner] → [outer, inner].
  private func reduceColumns(
    _ op: ReductionOp, _ x: UnsafePointer<Float>, _ shape: AxisShape, _ y: UnsafeMutablePointer<Float>
  ) throws {
    let (extent, inner, code) = (shape.extent, shape.inner, op.code)
    guard inner > 0 else { return }
    let scale = op == .mean ? 1 / Double(extent) : 1
    if extent <= Self.columnSegment {
      let kernel = kernels.pointee.reduce_columns
      forEachColumnStrip(shape.outer, inner, height: extent) { outer, columns in
        kernel(
          code, x + outer * extent * inner + columns.lowerBound, extent, columns.count, inner, scale,
          y + outer * inner + columns.lowerBound)
      }
      return
    }
    let segments = extent.dividedRoundingUp(by: Self.columnSegment)
    let kernel = kernels.pointee.reduce_columns_partial
    try withScratch(shape.outer * segments * inner, of: Double.self) { partial in
      forEachColumnStrip(shape.outer * segments, inner, height: Self.columnSegment) { index, columns in
        let first = index % segments * Self.columnSegment
        let count = min(Self.columnSegment, extent - first)
        kernel(
          code, x + (index / segments * extent + first) * inner + columns.lowerBound, count, columns.count, inner,
          partial + index * inner + columns.lowerBound)
      }
      for outer in 0..<shape.outer {
        for column in 0..<inner {
          let first = partial + outer * segments * inner + column
          y[outer * inner + column] = Float(reducePartials(op, first, segments, step: inner) * scale)
        }
      }
    }
  }

  /// Calls `body` for strips of columns of each of `outer` matrices.
  func forEachColumnStrip(_ outer: Int, _ inner: Int, height: Int, _ body: (Int, Range<Int>) -> Void) {
    if outer > 1 {
      parallel(outer, grain: max(1, Grain.simple / max(1, height * inner)), unit: 1) {
        for index in $0 { body(index, 0..<inner) }
      }
    } else if outer == 1 {
      parallel(inner, grain: max(16, Grain.simple / max(1, height))) { body(0, $0) }
    }
  }

  private func reducePartials(_ op: ReductionOp, _ values: UnsafePointer<Double>, _ count: Int, step: Int) -> Double {
    var result = values[0]
    for i in 1..<count {
      let value = values[i * step]
      switch op {
      case .sum, .mean: result += value
      case .product: result *= value
      case .maximum: result = result.isNaN || result > value ? result : value
      case .minimum: result = result.isNaN || result < value ? result : value
      }
    }
    return result
  }

  public func argReduce(_ op: ArgReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    try require(.argReduce, for: x.dtype)
    try BackendError.requirePositions("\(op)", below: shape.extent)
    let (isLargest, extent, inner, result) = (op == .argmax, shape.extent, shape.inner, y.integers)
    switch x.dtype {
    case .float32 where inner == 1:
      let (source, kernel) = (x.floats, kernels.pointee.arg_reduce)
      forEachResult(of: shape) { position, first in result[position] = kernel(isLargest, source + first, extent) }
    case .float32:
      let (source, kernel) = (x.floats, kernels.pointee.arg_reduce_columns)
      guard extent > 0 && inner > 0 else { return try fill(y, count: shape.reducedCount, with: 0) }
      forEachColumnStrip(shape.outer, inner, height: extent) { outer, columns in
        kernel(
          isLargest, source + outer * extent * inner + columns.lowerBound, extent, columns.count, inner,
          result + outer * inner + columns.lowerBound)
      }
    case .int32:
      let (source, kernel) = (x.integers, kernels.pointee.arg_reduce_int32)
      forEachResult(of: shape) { position, first in
        result[position] = kernel(isLargest, source + first, inner, extent)
      }
    case .bool:
      let source = x.bytes
      forEachResult(of: shape) { position, first in
        let match = (0..<extent).first { (source[first + $0 * inner] != 0) == isLargest }
        result[position] = Int32(match ?? 0)
      }
    case .int64, .float64: argReduce64(op, x, shape, into: y)
    case .float16, .bfloat16, .int8, .uint8, .int16: throw unsupported("\(op)", x.dtype)
    }
  }

  /// Scratch memory from the allocator for the duration of a call.
  func withScratch<Element>(
    _ count: Int, of type: Element.Type, _ body: (UnsafeMutablePointer<Element>) throws -> Void
  ) throws {
    let block = try allocator.allocate(byteCount: count * MemoryLayout<Element>.stride)
    defer { allocator.release(block) }
    try body(block.address.bindMemory(to: type, capacity: count))
  }
}
