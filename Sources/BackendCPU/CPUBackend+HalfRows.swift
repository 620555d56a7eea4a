import BackendCore
import CPUKernels

/// Functions of rows of which some are float16 or bfloat16. A piece consists of whole rows.
extension CPUBackend {
  func softmaxHalves(_ x: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into y: BufferSlice) {
    let (source, result, kernel) = (OperandMemory(x), result(y, rows * columns), kernels.pointee.softmax)
    // The float32 kernel keeps rows of at most four vectors in registers; the kernel for halves does not.
    if x.dtype == y.dtype && (4 * kernels.pointee.width + 1...NN_KEPT_COLUMNS).contains(columns) {
      let (kernel, type, from, to) = (kernels.pointee.softmax_halves, nn_half(x.dtype), source.halves, result.halves)
      return parallel(rows, grain: heavyGrain(columns), unit: 1) {
        let first = $0.lowerBound * columns
        kernel(type, from + first, $0.count, columns, logarithmic, to + first, result.isStreamed)
      }
    }
    forEachPiece(of: rows, width: columns, grain: heavyGrain(columns), parts: 1, into: result) { piece, work in
      let elements = piece.elements(of: columns), numbers = floats(of: source, elements, in: work[0])
      store(elements, of: result, from: work[0]) { kernel(numbers, piece.count, columns, logarithmic, $0, false) }
    }
  }

  func softmaxGradientHalves(
    _ dy: BufferSlice, _ y: BufferSlice, rows: Int, columns: Int, logarithmic: Bool, into dx: BufferSlice
  ) {
    let (gradient, output, result) = (OperandMemory(dy), OperandMemory(y), result(dx, rows * columns))
    let kernel = kernels.pointee.softmax_gradient
    forEachPiece(of: rows, width: columns, grain: heavyGrain(columns), parts: 2, into: result) { piece, work in
      let elements = piece.elements(of: columns)
      let d = floats(of: gradient, elements, in: work[0]), z = floats(of: output, elements, in: work[1])
      store(elements, of: result, from: work[0]) { kernel(d, z, piece.count, columns, logarithmic, $0) }
    }
  }

  /// The statistics are of float32.
  func normalizeHalves(
    _ x: BufferSlice, weight: BufferSlice?, bias: BufferSlice?, _ shape: NormalizationShape, into y: BufferSlice,
    statistics: BufferSlice?
  ) throws {
    if let statistics, statistics.dtype != .float32 { throw unsupported("statistics of normalize", statistics.dtype) }
    let (source, result) = (OperandMemory(x), result(y, shape.rows * shape.columns))
    let (kernel, kept, columns) = (kernels.pointee.normalize, statistics?.floats, shape.columns)
    withWorkspace(2, of: columns) { shared in
      let weights = weight.map { floats(of: OperandMemory($0), 0..<columns, in: shared[0]) }
      let biases = bias.map { floats(of: OperandMemory($0), 0..<columns, in: shared[1]) }
      forEachPiece(of: shape.rows, width: columns, grain: heavyGrain(columns), parts: 1, into: result) { piece, work in
        let elements = piece.elements(of: columns), row = piece.lowerBound
        let numbers = floats(of: source, elements, in: work[0])
        store(elements, of: result, from: work[0]) {
          kernel(
            numbers, weights, biases, piece.count, columns, shape.isCentered, shape.epsilon, $0, kept.map { $0 + row },
            kept.map { $0 + (shape.rows + row) })
        }
      }
    }
  }

  /// Reduces rows: [outer, extent] → [outer].
  func reduceHalves(_ op: ReductionOp, _ x: BufferSlice, _ shape: AxisShape, into y: BufferSlice) throws {
    guard shape.inner == 1 else { throw unsupported("\(op) of columns", x.dtype) }
    let (source, result, extent, code) = (OperandMemory(x), OperandMemory(y), shape.extent, op.code)
    let (kernel, divisor) = (kernels.pointee.reduce, op == .mean ? Double(shape.extent) : 1)
    if extent > Self.rowSegment {
      return try reduceLongRows(
        op, shape,
        { range in
          withWorkspace(1, of: range.count) { kernel(code, floats(of: source, range, in: $0[0]), range.count) }
        },
        { row, value in
          var number: Float = 0
          store(row..<row + 1, of: result, from: &number) { $0.pointee = Float(value / divisor) }
        })
    }
    let grain = max(1, Grain.simple / max(1, extent))
    forEachPiece(of: shape.outer, width: extent, grain: grain, parts: 2, into: result) { piece, work in
      let numbers = floats(of: source, piece.elements(of: extent), in: work[0])
      store(piece, of: result, from: work[1]) { sums in
        for row in 0..<piece.count { sums[row] = Float(kernel(code, numbers + row * extent, extent) / divisor) }
      }
    }
  }

  /// The minimum number of rows for another thread.
  private func heavyGrain(_ columns: Int) -> Int { max(1, Grain.heavy / max(1, columns)) }
}

extension Range<Int> {
  /// The elements of these rows.
  fileprivate func elements(of columns: Int) -> Range<Int> { lowerBound * columns..<upperBound * columns }
}
