import BackendCore
import CPUKernels

/// The part of a strided loop processed by one kernel call: rows and columns with one stride each per operand.
struct Plane<let operands: Int> {
  var views: InlineArray<operands, nn_view>
  /// The start of the part in the dense result, and the row distance of the result.
  var position, step: Int
  var rows, columns: Int
}

extension Plane {
  /// A loop of one or two axes as a single part.
  @inline(__always) fileprivate init(
    whole loop: StridedLoop<operands>, _ slices: InlineArray<operands, BufferSlice>, rows: Int, columns: Int
  ) {
    let rank = loop.shape.rank
    views = InlineArray { operand in
      let strides = loop.strides[operand]
      return nn_view(
        base: slices[operand].address, row: rank > 1 ? strides[rank - 2] : 0, column: strides[rank - 1])
    }
    (position, step, self.rows, self.columns) = (0, columns, rows, columns)
  }
}

extension CPUBackend {
  /// Divides a loop over strided operands with a dense result into planes of its last two axes, and calls `body` for
  /// each plane, on several threads if there is enough work.
  func forEachPlane<let operands: Int>(
    of loop: StridedLoop<operands>, _ slices: InlineArray<operands, BufferSlice>, grain: Int,
    _ body: (Plane<operands>) -> Void
  ) {
    let shape = loop.shape
    let columns = shape[shape.rank - 1]
    let planeRows = shape.rank > 1 ? shape[shape.rank - 2] : 1
    var rows = 1
    for axis in 0..<shape.rank - 1 { rows *= shape[axis] }
    guard rows > 0 && columns > 0 else { return }

    if rows == planeRows && (rows * columns < 2 * grain || pool.threadCount == 1) {
      body(Plane(whole: loop, slices, rows: rows, columns: columns))
      return
    }
    // The base addresses are computed once, instead of for each plane.
    var bases = InlineArray<operands, UnsafeMutableRawPointer>(repeating: slices[0].address)
    var sizes = InlineArray<operands, Int>(repeating: 4)
    for operand in 0..<operands {
      bases[operand] = slices[operand].address
      sizes[operand] = slices[operand].dtype.byteCount
    }

    /// Processes one plane or a part of it: rows `first..<end` of the whole loop, all in one plane.
    func piece(_ first: Int, _ end: Int, _ columnRange: Range<Int>) {
      let view = nn_view(base: bases[0], row: 0, column: 0)
      var plane = Plane<operands>(
        views: InlineArray(repeating: view), position: first * columns + columnRange.lowerBound, step: columns,
        rows: end - first, columns: columnRange.count)
      for operand in 0..<operands {
        let strides = loop.strides[operand]
        let column = strides[shape.rank - 1]
        var offset = columnRange.lowerBound * column
        var rest = first
        for axis in stride(from: shape.rank - 2, through: 0, by: -1) {
          offset += rest % shape[axis] * strides[axis]
          rest /= shape[axis]
        }
        plane.views[operand] = nn_view(
          base: bases[operand] + offset * sizes[operand], row: shape.rank > 1 ? strides[shape.rank - 2] : 0,
          column: column)
      }
      body(plane)
    }

    /// Processes all planes with rows in the range.
    func pieces(_ range: Range<Int>, _ columnRange: Range<Int>) {
      var first = range.lowerBound
      while first < range.upperBound {
        let end = min(range.upperBound, (first / planeRows + 1) * planeRows)
        piece(first, end, columnRange)
        first = end
      }
    }

    if rows >= 4 * pool.threadCount || columns < grain {
      parallel(rows, grain: max(1, grain / columns), unit: 1) { pieces($0, 0..<columns) }
    } else {
      parallel(columns, grain: max(64, grain / rows), unit: 64) { pieces(0..<rows, $0) }
    }
  }
}
