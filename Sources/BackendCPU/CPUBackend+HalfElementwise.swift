import BackendCore
import CPUKernels

/// Functions of elements of which some are float16 or bfloat16.
extension CPUBackend {
  func unaryHalves(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    guard op.kind.accepts(.float32) else { throw unsupported("\(op.kind)", x.dtype) }
    let (source, result) = (OperandMemory(x), result(y, count))
    guard let code = op.kind.code, x.dtype == y.dtype else {
      return unaryPieces(op, source, count: count, into: result)
    }
    if op.kind.isHeavy {
      if count < Self.tabulatedCount { return unaryPieces(op, source, count: count, into: result) }
      return unaryTabulated(op, source, count: count, into: result)
    }
    let (kernel, type, a, b) = (kernels.pointee.half_unary, nn_half(x.dtype), Float(op.a), Float(op.b))
    let (from, to) = (source.halves, result.halves)
    parallel(count, grain: Grain.simple, unit: 64) {
      let first = $0.lowerBound
      kernel(code, type, from + first, to + first, $0.count, a, b, result.isStreamed)
    }
  }

  /// The number of elements from which a function of many instructions is tabulated: eight times that of the table.
  private static let tabulatedCount = 1 << 19

  /// Computes the results of all 65,536 elements, and looks up those of x. They have the same bits as `unaryPieces`.
  ///
  /// The table has 128 KiB, but numbers of similar magnitude use a few KiB of it, which stay in the L1 cache. An element
  /// takes about 0.7 cycles for two loads, an insertion, and the arithmetic of its index: GELU of 16 Mi elements takes
  /// 2.0 ms on two cores of Zen 4, against 1.3 ms of a copy and 6.4 ms without the table. Elements of all magnitudes come
  /// from the L2 cache, and take two to three times as long.
  private func unaryTabulated(_ op: UnaryOp, _ source: OperandMemory, count: Int, into result: OperandMemory) {
    let (elements, kernel) = (1 << 16, kernels.pointee.map_halves)
    withUnsafeTemporaryAllocation(byteCount: 2 * elements, alignment: 64) { memory in
      let table = OperandMemory(start: memory.baseAddress!, dtype: result.dtype)
      for element in 0..<elements { table.halves[element] = UInt16(element) }
      unaryPieces(op, table, count: elements, into: table)
      let (entries, from, to) = (table.halves, source.halves, result.halves)
      parallel(count, grain: Grain.simple, unit: 64) {
        kernel(entries, from + $0.lowerBound, to + $0.lowerBound, $0.count, result.isStreamed)
      }
    }
  }

  /// Computes a function in float32, piece by piece.
  private func unaryPieces(_ op: UnaryOp, _ source: OperandMemory, count: Int, into result: OperandMemory) {
    let (table, a, b) = (kernels, Float(op.a), Float(op.b))
    forEachPiece(of: count, grain: op.kind.grain, parts: 1, into: result) { range, work in
      let (numbers, first) = (floats(of: source, range, in: work[0]), range.lowerBound)
      if let code = op.kind.code {
        store(range, of: result, from: work[0]) { table.pointee.unary(code, numbers, $0, range.count, a, b) }
      } else if op.kind == .isNaN {
        table.pointee.is_nan(numbers, result.bytes + first, range.count)
      } else {
        table.pointee.is_finite(numbers, result.bytes + first, range.count)
      }
    }
  }

  func unaryGradientHalves(
    _ op: UnaryOp, _ dy: BufferSlice, saved: BufferSlice, count: Int, into dx: BufferSlice
  ) throws {
    guard let code = op.kind.code, op.gradientSource != .neither else { return try fill(dx, count: count, with: 0) }
    let (gradient, source, result, table) = (OperandMemory(dy), OperandMemory(saved), result(dx, count), kernels)
    let (a, b) = (Float(op.a), Float(op.b))
    forEachPiece(of: count, grain: op.kind.grain, parts: 2, into: result) { range, work in
      let d = floats(of: gradient, range, in: work[0]), s = floats(of: source, range, in: work[1])
      store(range, of: result, from: work[0]) { table.pointee.unary_gradient(code, d, s, $0, range.count, a, b) }
    }
  }

  func dropoutHalves(
    _ x: BufferSlice, probability: Double, _ source: RandomSource, count: Int, into y: BufferSlice
  ) throws {
    if probability >= 1 { return try fill(y, count: count, with: 0) }
    let (operand, result, table, point) = (OperandMemory(x), result(y, count), kernels, source.point)
    let (scale, threshold) = (Float(1 / (1 - probability)), Philox.threshold(probability: 1 - probability))
    // Pieces start at whole blocks of four random numbers.
    forEachPiece(of: count, grain: Grain.heavy, parts: 1, into: result) { range, work in
      let numbers = floats(of: operand, range, in: work[0])
      store(range, of: result, from: work[0]) {
        table.pointee.dropout(
          point, UInt64(range.lowerBound / 4), threshold, scale, numbers, $0, range.count, false)
      }
    }
  }

  // MARK: Two operands

  func binaryHalves(
    _ op: BinaryOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    guard op.accepts(.float32) else { throw unsupported("\(op)", a.dtype) }
    if !op.isHeavy && a.dtype == y.dtype && b.dtype == y.dtype && binaryInRegisters(op, a, aLayout, b, bLayout, into: y)
    {
      return
    }
    let (table, code, result) = (kernels, op.code, OperandMemory(y))
    forEachTile(of: a, aLayout, b, bLayout, grain: op.grain) { tile, memory in
      let (rows, columns) = (tile.rows, tile.columns)
      if result.dtype == .float32 {
        let out = result.floats + tile.position
        return table.pointee.binary(code, tile.views[0], tile.views[1], out, tile.step, rows, columns)
      }
      table.pointee.binary(code, tile.views[0], tile.views[1], memory, columns, rows, columns)
      if columns == tile.step {
        narrow(memory, rows * columns, into: result.from(tile.position))
      } else {
        for row in 0..<rows {
          narrow(memory + row * columns, columns, into: result.from(tile.position + row * tile.step))
        }
      }
    }
  }

  /// Computes a function of a few instructions of one type, in registers. Returns false for columns that are neither
  /// adjacent nor the same.
  private func binaryInRegisters(
    _ op: BinaryOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) -> Bool {
    let (kernel, code, type) = (kernels.pointee.half_binary, op.code, nn_half(y.dtype))
    let result = result(y, aLayout.shape.count)
    if aLayout.isDense && bLayout.isDense {
      let (x, z, out) = (a.halves, b.halves, result.halves)
      parallel(aLayout.shape.count, grain: op.grain, unit: 64) {
        let i = $0.lowerBound
        let (left, right) = (nn_view(base: x + i, row: 0, column: 1), nn_view(base: z + i, row: 0, column: 1))
        kernel(code, type, left, right, out + i, 0, 1, $0.count, result.isStreamed)
      }
      return true
    }
    let loop = StridedLoop<2>(shape: aLayout.shape, strides: [aLayout.strides, bLayout.strides])
    let last = loop.shape.rank - 1, steps = (loop.strides[0][last], loop.strides[1][last])
    guard steps == (1, 1) || steps == (1, 0) || steps == (0, 1) else { return false }
    forEachPlane(of: loop, [a, b], grain: op.grain) { plane in
      // Small planes would wait for the end of their streams one by one.
      let streams = result.isStreamed && plane.rows * plane.columns >= Self.tile
      kernel(
        code, type, plane.views[0], plane.views[1], result.halves + plane.position, plane.step, plane.rows,
        plane.columns, streams)
    }
    return true
  }

  func compareHalves(
    _ op: ComparisonOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) {
    let (table, code, result) = (kernels, op.code, y.bytes)
    forEachTile(of: a, aLayout, b, bLayout, grain: Grain.simple) { tile, _ in
      table.pointee.compare(
        code, tile.views[0], tile.views[1], result + tile.position, tile.step, tile.rows, tile.columns)
    }
  }

  func binaryScalarHalves(
    _ op: BinaryOp, _ x: BufferSlice, _ scalar: Double, scalarFirst: Bool, count: Int, into y: BufferSlice
  ) throws {
    guard op.accepts(.float32) else { throw unsupported("\(op)", x.dtype) }
    if op == .power && !scalarFirst { return try unaryHalves(.power(scalar), x, count: count, into: y) }
    let (source, result, table, code) = (OperandMemory(x), result(y, count), kernels, op.code)
    if !op.isHeavy && x.dtype == y.dtype {
      let (type, from, to) = (nn_half(x.dtype), source.halves, result.halves)
      return parallel(count, grain: Grain.simple, unit: 64) {
        let first = $0.lowerBound
        table.pointee.half_binary_scalar(
          code, type, from + first, Float(scalar), scalarFirst, to + first, $0.count, result.isStreamed)
      }
    }
    withScalar(scalar, .float32) { constant in
      forEachPiece(of: count, grain: op.grain, parts: 1, into: result) { range, work in
        let element = nn_view(base: floats(of: source, range, in: work[0]), row: 0, column: 1)
        let (a, b) = scalarFirst ? (constant, element) : (element, constant)
        store(range, of: result, from: work[0]) { table.pointee.binary(code, a, b, $0, 0, 1, range.count) }
      }
    }
  }

  func compareScalarHalves(
    _ op: ComparisonOp, _ x: BufferSlice, _ scalar: Double, count: Int, into y: BufferSlice
  ) {
    let (source, result, table, code) = (OperandMemory(x), OperandMemory(y), kernels, op.code)
    withScalar(scalar, .float32) { constant in
      forEachPiece(of: count, grain: Grain.simple, parts: 1, into: result) { range, work in
        let element = nn_view(base: floats(of: source, range, in: work[0]), row: 0, column: 1)
        table.pointee.compare(code, element, constant, result.bytes + range.lowerBound, 0, 1, range.count)
      }
    }
  }

  /// Calls `body` for each tile of a loop over two operands: a part of a plane of at most `tile` elements, with both
  /// operands in float32, and memory for its dense result.
  private func forEachTile(
    of a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, grain: Int,
    _ body: (Plane<2>, UnsafeMutablePointer<Float>) -> Void
  ) {
    let loop = StridedLoop<2>(shape: aLayout.shape, strides: [aLayout.strides, bLayout.strides])
    let types: InlineArray<2, DType> = [a.dtype, b.dtype]
    forEachPlane(of: loop, [a, b], grain: grain) { plane in
      let columns = min(plane.columns, Self.tile), rows = min(plane.rows, Self.tile / columns)
      withWorkspace(4, of: rows * columns) { work in
        var tile = plane
        for column in stride(from: 0, to: plane.columns, by: columns) {
          for row in stride(from: 0, to: plane.rows, by: rows) {
            tile.position = plane.position + row * plane.step + column
            (tile.rows, tile.columns) = (min(rows, plane.rows - row), min(columns, plane.columns - column))
            // A repeated row is widened once.
            for operand in 0..<2 where row == 0 || plane.views[operand].row != 0 {
              let view = plane.views[operand], offset = row * view.row + column * view.column
              let start = UnsafeMutableRawPointer(mutating: view.base) + offset * types[operand].byteCount
              tile.views[operand] = widened(
                OperandMemory(start: start, dtype: types[operand]), view, rows: tile.rows, columns: tile.columns,
                into: work[operand], gathering: work[2])
            }
            body(tile, work[3])
          }
        }
      }
    }
  }

  /// Widens the elements that a tile of `rows` and `columns` reads with the strides of `view`, each only once, and
  /// returns a view of the copy. A float32 operand stays where it is. `memory` is for elements that are not adjacent.
  private func widened(
    _ x: OperandMemory, _ view: nn_view, rows: Int, columns: Int, into y: UnsafeMutablePointer<Float>,
    gathering memory: UnsafeMutablePointer<Float>
  ) -> nn_view {
    if x.dtype == .float32 { return nn_view(base: x.start, row: view.row, column: view.column) }
    let height = view.row == 0 ? 1 : rows, width = view.column == 0 ? 1 : columns
    let isOneLine = height == 1 || width == 1 || view.row == width * view.column
    let (lines, length) = isOneLine ? (1, height * width) : (height, width)
    let step = width == 1 ? view.row : view.column
    let gathered = UnsafeMutableRawPointer(memory).assumingMemoryBound(to: UInt16.self)
    for line in 0..<lines {
      let (from, to) = (x.from(line * view.row), y + line * length)
      if step == 1 || length == 1 {
        widen(from, length, into: to)
      } else {
        kernels.pointee.copy_halves(from.halves, step, gathered, 1, length)
        widen(OperandMemory(start: gathered, dtype: x.dtype), length, into: to)
      }
    }
    return nn_view(base: y, row: view.row == 0 ? 0 : width, column: view.column == 0 ? 0 : 1)
  }
}
