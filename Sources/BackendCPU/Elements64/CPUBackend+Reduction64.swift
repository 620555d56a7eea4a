internal import HostSystem
import BackendCore
import CPUKernels

/// Reductions, positions of maxima and minima, and cumulative reductions of elements of 64 bits.
///
/// Sums of float64 have several partial sums in an order that depends only on the shape.
extension CPUBackend {
  /// The number of columns that are reduced together.
  private static let columnStrip = 512
  /// The number of rows whose sum is added to the sum of the rows before them.
  private static let rowBlock = 128

  func reduce64(_ op: ReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    guard op.accepts(x.dtype) else { throw unsupported("\(op)", x.dtype) }
    if x.dtype == .int64 {
      reduce(op, x.elements(Int64.self), shape, y.elements(Int64.self))
    } else if shape.inner == 1 && shape.extent > Self.rowSegment {
      let (source, result) = (x.elements(Double.self), y.elements(Double.self))
      try reduceLongRows(op, shape, { reduceRow(op, source + $0.lowerBound, $0.count) }) { result[$0] = $1 }
    } else {
      reduce(op, x.elements(Double.self), shape, y.elements(Double.self))
    }
    guard op == .mean else { return }
    let (result, extent) = (y.elements(Double.self), Double(shape.extent))
    parallel(shape.reducedCount, grain: Grain.simple, unit: 1) { for i in $0 { result[i] /= extent } }
  }

  private func reduce<Element: Element64>(
    _ op: ReductionOp, _ x: UnsafePointer<Element>, _ shape: AxisShape, _ y: UnsafeMutablePointer<Element>
  ) {
    guard shape.inner != 1 else {
      return forEachResult(of: shape) { y[$0] = reduceRow(op, x + $1, shape.extent) }
    }
    switch op {
    case .sum, .mean: reduceColumns(x, shape, y, from: .zero) { Element.sum($0, $1) }
    case .product: reduceColumns(x, shape, y, from: .one) { Element.product($0, $1) }
    case .maximum: reduceColumns(x, shape, y, from: .lowest) { Element.larger($0, $1) }
    case .minimum: reduceColumns(x, shape, y, from: .highest) { Element.smaller($0, $1) }
    }
  }

  private func reduceRow<Element: Element64>(_ op: ReductionOp, _ x: UnsafePointer<Element>, _ count: Int) -> Element {
    switch op {
    case .sum, .mean: reduceRow(x, count, from: .zero) { Element.sum($0, $1) }
    case .product: reduceRow(x, count, from: .one) { Element.product($0, $1) }
    case .maximum: reduceRow(x, count, from: .lowest) { Element.larger($0, $1) }
    case .minimum: reduceRow(x, count, from: .highest) { Element.smaller($0, $1) }
    }
  }

  /// Reduces contiguous elements to eight results, and these to one.
  @inline(__always)
  private func reduceRow<Element: Element64>(
    _ x: UnsafePointer<Element>, _ count: Int, from start: Element, _ combine: (Element, Element) -> Element
  ) -> Element {
    var results = InlineArray<8, Element>(repeating: start)
    var i = 0
    while i + 8 <= count {
      for lane in 0..<8 { results[lane] = combine(results[lane], x[i + lane]) }
      i += 8
    }
    for rest in i..<count { results[rest - i] = combine(results[rest - i], x[rest]) }
    for lane in 0..<4 { results[lane] = combine(results[lane], results[lane + 4]) }
    return combine(combine(results[0], results[2]), combine(results[1], results[3]))
  }

  /// Reduces columns: [outer, extent, inner] → [outer, inner].
  @inline(__always)
  private func reduceColumns<Element: Element64>(
    _ x: UnsafePointer<Element>, _ shape: AxisShape, _ y: UnsafeMutablePointer<Element>, from start: Element,
    _ combine: (Element, Element) -> Element
  ) {
    let (extent, inner) = (shape.extent, shape.inner)
    forEachColumnStrip(shape.outer, inner, height: extent) { outer, columns in
      withUnsafeTemporaryAllocation(of: Element.self, capacity: Self.columnStrip) { block in
        for first in stride(from: columns.lowerBound, to: columns.upperBound, by: Self.columnStrip) {
          let width = min(Self.columnStrip, columns.upperBound - first)
          let result = y + (outer * inner + first)
          for i in 0..<width { result[i] = start }
          for row in stride(from: 0, to: extent, by: Self.rowBlock) {
            for i in 0..<width { block[i] = start }
            for r in row..<min(row + Self.rowBlock, extent) {
              let source = x + ((outer * extent + r) * inner + first)
              for i in 0..<width { block[i] = combine(block[i], source[i]) }
            }
            for i in 0..<width { result[i] = combine(result[i], block[i]) }
          }
        }
      }
    }
  }

  func argReduce64(_ op: ArgReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) {
    if x.dtype == .int64 {
      argReduce(op, x.elements(Int64.self), shape, y.integers)
    } else {
      argReduce(op, x.elements(Double.self), shape, y.integers)
    }
  }

  private func argReduce<Element: Element64>(
    _ op: ArgReductionOp, _ x: UnsafePointer<Element>, _ shape: AxisShape, _ y: UnsafeMutablePointer<Int32>
  ) {
    let (extent, inner, isLargest) = (shape.extent, shape.inner, op == .argmax)
    forEachResult(of: shape) { position, first in
      var best = 0
      for j in 1..<max(extent, 1) {
        let (candidate, champion) = (x[first + j * inner], x[first + best * inner])
        // The first NaN is the maximum or minimum; nothing replaces it.
        if champion.isNotNumber { break }
        if candidate.isNotNumber || (isLargest ? candidate > champion : candidate < champion) { best = j }
      }
      y[position] = Int32(best)
    }
  }

  func scan64(_ op: ScanOp, _ x: BufferSlice, _ shape: AxisShape, reversed: Bool, into y: BufferSlice) {
    if x.dtype == .int64 {
      scan(op, x.elements(Int64.self), shape, reversed: reversed, y.elements(Int64.self))
    } else {
      scan(op, x.elements(Double.self), shape, reversed: reversed, y.elements(Double.self))
    }
  }

  private func scan<Element: Element64>(
    _ op: ScanOp, _ x: UnsafePointer<Element>, _ shape: AxisShape, reversed: Bool, _ y: UnsafeMutablePointer<Element>
  ) {
    switch op {
    case .sum: scan(x, shape, reversed: reversed, into: y, from: .zero) { Element.sum($0, $1) }
    case .product: scan(x, shape, reversed: reversed, into: y, from: .one) { Element.product($0, $1) }
    case .maximum: scan(x, shape, reversed: reversed, into: y, from: .lowest) { Element.larger($0, $1) }
    case .minimum: scan(x, shape, reversed: reversed, into: y, from: .highest) { Element.smaller($0, $1) }
    }
  }
}
