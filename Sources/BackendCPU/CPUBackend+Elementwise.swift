import BackendCore
import CPUKernels

/// Functions of one, two, and three elements.
extension CPUBackend {
  public func unary(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    if x.dtype.isHalf || y.dtype.isHalf { return try unaryHalves(op, x, count: count, into: y) }
    switch (x.dtype, op.kind) {
    case (.float32, .isNaN): test(x.floats, kernels.pointee.is_nan, count, y)
    case (.float32, .isFinite): test(x.floats, kernels.pointee.is_finite, count, y)
    case (.bool, .logicalNot): test(x.bytes, kernels.pointee.logical_not, count, y)
    case (.float32, _):
      guard let code = op.kind.code else { throw unsupported("\(op.kind)", x.dtype) }
      let (source, result, a, b) = (x.floats, y.floats, Float(op.a), Float(op.b))
      let kernel = kernels.pointee.unary
      parallel(count, grain: op.kind.grain) {
        kernel(code, source + $0.lowerBound, result + $0.lowerBound, $0.count, a, b)
      }
    case (.int32, _):
      guard let code = op.kind.code, op.kind.accepts(.int32) else { throw unsupported("\(op.kind)", x.dtype) }
      let (source, result, a, b) = (x.integers, y.integers, Int32(saturating: op.a), Int32(saturating: op.b))
      let kernel = kernels.pointee.unary_int32
      parallel(count, grain: op.kind.grain) {
        kernel(code, source + $0.lowerBound, result + $0.lowerBound, $0.count, a, b)
      }
    case (.int64, _), (.float64, _): try unary64(op, x, count: count, into: y)
    default:
      throw unsupported("\(op.kind)", x.dtype)
    }
  }

  /// Applies a function whose result is bool.
  private func test<Element>(
    _ x: UnsafeMutablePointer<Element>,
    _ kernel: (UnsafePointer<Element>, UnsafeMutablePointer<UInt8>, Int) -> Void, _ count: Int,
    _ y: BufferSlice
  ) {
    let result = y.bytes
    parallel(count, grain: Grain.simple, unit: 64) { kernel(x + $0.lowerBound, result + $0.lowerBound, $0.count) }
  }

  public func unaryGradient(
    _ op: UnaryOp, _ dy: BufferSlice, saved: BufferSlice, count: Int, into dx: BufferSlice
  ) throws {
    if dy.dtype.isHalf || saved.dtype.isHalf || dx.dtype.isHalf {
      return try unaryGradientHalves(op, dy, saved: saved, count: count, into: dx)
    }
    guard performs(.unaryGradient, dy.dtype) else { throw unsupported("gradient of \(op.kind)", dy.dtype) }
    if dy.dtype == .float64 { return unaryGradient64(op, dy, saved: saved, count: count, into: dx) }
    guard let code = op.kind.code else { return try fill(dx, count: count, with: 0) }
    let (gradient, source, result) = (dy.floats, saved.floats, dx.floats)
    let (a, b, table) = (Float(op.a), Float(op.b), kernels)
    parallel(count, grain: op.kind.grain) {
      let first = $0.lowerBound
      table.pointee.unary_gradient(code, gradient + first, source + first, result + first, $0.count, a, b)
    }
  }

  public func binary(
    _ op: BinaryOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    if a.dtype.isHalf || b.dtype.isHalf || y.dtype.isHalf {
      return try binaryHalves(op, a, aLayout, b, bLayout, into: y)
    }
    guard op.accepts(a.dtype) else { throw unsupported("\(op)", a.dtype) }
    let (table, code, result) = (kernels, op.code, y.address)
    if a.dtype == .float32 && aLayout.isDense && bLayout.isDense {
      let (left, right, out) = (a.floats, b.floats, y.floats)
      parallel(aLayout.shape.count, grain: op.grain) {
        let i = $0.lowerBound
        let (x, z) = (nn_view(base: left + i, row: 0, column: 1), nn_view(base: right + i, row: 0, column: 1))
        table.pointee.binary(code, x, z, out + i, 0, 1, $0.count)
      }
      return
    }
    let loop = StridedLoop<2>(shape: aLayout.shape, strides: [aLayout.strides, bLayout.strides])
    switch a.dtype {
    case .float32:
      forEachPlane(of: loop, [a, b], grain: op.grain) { plane in
        let out = result.assumingMemoryBound(to: Float.self) + plane.position
        table.pointee.binary(code, plane.views[0], plane.views[1], out, plane.step, plane.rows, plane.columns)
      }
    case .int32:
      forEachPlane(of: loop, [a, b], grain: op.grain) { plane in
        let out = result.assumingMemoryBound(to: Int32.self) + plane.position
        table.pointee.binary_int32(code, plane.views[0], plane.views[1], out, plane.step, plane.rows, plane.columns)
      }
    case .bool:
      forEachPlane(of: loop, [a, b], grain: op.grain) { plane in
        let out = result.assumingMemoryBound(to: UInt8.self) + plane.position
        table.pointee.binary_bool(code, plane.views[0], plane.views[1], out, plane.step, plane.rows, plane.columns)
      }
    case .int64, .float64: binary64(op, loop, a, b, into: y)
    default:
      throw unsupported("\(op)", a.dtype)
    }
  }

  public func binaryScalar(
    _ op: BinaryOp, _ x: BufferSlice, _ scalar: Double, scalarFirst: Bool, count: Int, into y: BufferSlice
  ) throws {
    if x.dtype.isHalf || y.dtype.isHalf {
      return try binaryScalarHalves(op, x, scalar, scalarFirst: scalarFirst, count: count, into: y)
    }
    guard op.accepts(x.dtype) else { throw unsupported("\(op)", x.dtype) }
    if op == .power && !scalarFirst { return try unary(.power(scalar), x, count: count, into: y) }
    let (table, code, grain) = (kernels, op.code, op.grain)
    let isInteger = x.dtype == .int32
    switch x.dtype {
    case .float32, .int32: break
    case .bool: return try logicScalar(op, x, scalar != 0, count: count, into: y)
    case .int64, .float64:
      return binaryScalar64(op, x, scalar, scalarFirst: scalarFirst, count: count, into: y)
    default: throw unsupported("\(op)", x.dtype)
    }
    withScalar(scalar, x.dtype) { constant in
      parallel(count, grain: grain) { range in
        let element = nn_view(base: x.address + 4 * range.lowerBound, row: 0, column: 1)
        let (a, b) = scalarFirst ? (constant, element) : (element, constant)
        if isInteger {
          table.pointee.binary_int32(code, a, b, y.integers + range.lowerBound, 0, 1, range.count)
        } else {
          table.pointee.binary(code, a, b, y.floats + range.lowerBound, 0, 1, range.count)
        }
      }
    }
  }

  /// A logical operation with a constant is either a copy or a fill.
  private func logicScalar(_ op: BinaryOp, _ x: BufferSlice, _ scalar: Bool, count: Int, into y: BufferSlice) throws {
    if scalar == (op == .logicalAnd) {
      try cast(x, count: count, into: y)
    } else {
      try fill(y, count: count, with: scalar ? 1 : 0)
    }
  }

  public func compare(
    _ op: ComparisonOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    if a.dtype.isHalf || b.dtype.isHalf { return compareHalves(op, a, aLayout, b, bLayout, into: y) }
    let loop = StridedLoop<2>(shape: aLayout.shape, strides: [aLayout.strides, bLayout.strides])
    if a.dtype.isElement64 { return compare64(op, loop, a, b, into: y) }
    let (kernel, code, result) = (try comparison(a.dtype), op.code, y.bytes)
    forEachPlane(of: loop, [a, b], grain: Grain.simple) { plane in
      kernel(
        code, plane.views[0], plane.views[1], result + plane.position, plane.step, plane.rows, plane.columns)
    }
  }

  public func compareScalar(
    _ op: ComparisonOp, _ x: BufferSlice, _ scalar: Double, count: Int, into y: BufferSlice
  ) throws {
    if x.dtype.isHalf { return compareScalarHalves(op, x, scalar, count: count, into: y) }
    if x.dtype.isElement64 { return compareScalar64(op, x, scalar, count: count, into: y) }
    let (kernel, code, result, size) = (try comparison(x.dtype), op.code, y.bytes, x.dtype.byteCount)
    withScalar(scalar, x.dtype) { constant in
      parallel(count, grain: Grain.simple, unit: 64) {
        let element = nn_view(base: x.address + size * $0.lowerBound, row: 0, column: 1)
        kernel(code, element, constant, result + $0.lowerBound, 0, 1, $0.count)
      }
    }
  }

  private typealias Comparison =
    @convention(c) (
      nn_comparison, nn_view, nn_view, UnsafeMutablePointer<UInt8>, Int, Int, Int
    ) -> Void

  private func comparison(_ dtype: DType) throws -> Comparison {
    switch dtype {
    case .float32: kernels.pointee.compare
    case .int32: kernels.pointee.compare_int32
    case .bool: kernels.pointee.compare_bool
    case .float64, .float16, .bfloat16, .int8, .uint8, .int16, .int64: throw unsupported("comparison", dtype)
    }
  }

  /// Passes the scalar, rounded to the element type, as a broadcast operand.
  func withScalar(_ scalar: Double, _ dtype: DType, _ body: (nn_view) -> Void) {
    var word: UInt32
    switch dtype {
    case .int32: word = UInt32(bitPattern: Int32(saturating: scalar))
    case .bool: word = UInt32(scalar != 0 ? 1 : 0).littleEndian
    default: word = Float(scalar).bitPattern
    }
    withUnsafePointer(to: &word) { body(nn_view(base: $0, row: 0, column: 0)) }
  }

  public func select(
    _ condition: BufferSlice, _ conditionLayout: Layout, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice,
    _ bLayout: Layout, into y: BufferSlice
  ) throws {
    let loop = StridedLoop<3>(
      shape: conditionLayout.shape, strides: [conditionLayout.strides, aLayout.strides, bLayout.strides])
    let (table, result, size) = (kernels, y.address, a.dtype.byteCount)
    try require(.select, for: a.dtype)
    forEachPlane(of: loop, [condition, a, b], grain: Grain.simple) { plane in
      let views = plane.views
      switch size {
      case 1:
        let out = result.assumingMemoryBound(to: UInt8.self) + plane.position
        table.pointee.select_bytes(views[0], views[1], views[2], out, plane.step, plane.rows, plane.columns)
      case 2:
        let out = result.assumingMemoryBound(to: UInt16.self) + plane.position
        table.pointee.select_halves(views[0], views[1], views[2], out, plane.step, plane.rows, plane.columns)
      case 8:
        let out = result.assumingMemoryBound(to: UInt64.self) + plane.position
        table.pointee.select_longs(views[0], views[1], views[2], out, plane.step, plane.rows, plane.columns)
      default:
        let out = result.assumingMemoryBound(to: UInt32.self) + plane.position
        table.pointee.select_words(views[0], views[1], views[2], out, plane.step, plane.rows, plane.columns)
      }
    }
  }

  public func cast(_ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    guard x.dtype != y.dtype else { return copyBytes(x.address, y.address, count * x.dtype.byteCount) }
    guard let from = x.dtype.castType, let to = y.dtype.castType else { return castHalves(x, count: count, into: y) }
    let table = kernels
    parallel(count, grain: Grain.simple, unit: 64) {
      let first = $0.lowerBound
      table.pointee.cast(from, to, x.advanced(by: first).address, y.advanced(by: first).address, $0.count)
    }
  }

  public func range(start: Double, step: Double, count: Int, into y: BufferSlice) throws {
    switch y.dtype {
    case .float32:
      let (first, step, result) = (Double(Float(start)), Double(Float(step)), y.floats)
      parallel(count, grain: Grain.simple) { for i in $0 { result[i] = Float(first + Double(i) * step) } }
    case .int32:
      let (first, step, result) = (Int(Int32(saturating: start)), Int(Int32(saturating: step)), y.integers)
      parallel(count, grain: Grain.simple) {
        for i in $0 { result[i] = Int32(truncatingIfNeeded: first &+ i &* step) }
      }
    case .int64, .float64: range64(start: start, step: step, count: count, into: y)
    case .bool, .float16, .bfloat16, .int8, .uint8, .int16: throw unsupported("range", y.dtype)
    }
  }
}
