import BackendCore

/// Functions of one, two, and three elements, and strided copies.
extension ReferenceBackend {
  public func unary(_ op: UnaryOp, _ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    guard op.kind.accepts(x.dtype) else { throw unsupported("\(op.kind)", x.dtype) }
    let (source, result) = (Elements(x), Elements(y))
    let (a, b) = (rounded(op.a, to: x.dtype), rounded(op.b, to: x.dtype))
    if x.dtype.hasIntegerArithmetic {
      let (a, b) = (Int64(saturating: a), Int64(saturating: b))
      for i in 0..<count { result[integer: i] = integerValue(of: op.kind, a, b, at: source[integer: i])! }
    } else {
      for i in 0..<count { result[i] = value(of: op.kind, a, b, at: source[i]) }
    }
  }

  public func unaryGradient(
    _ op: UnaryOp, _ dy: BufferSlice, saved: BufferSlice, count: Int, into dx: BufferSlice
  ) throws {
    guard OperationKind.unaryGradient.accepts(dy.dtype) else { throw unsupported("gradient of \(op.kind)", dy.dtype) }
    let (gradient, saved, result) = (Elements(dy), Elements(saved), Elements(dx))
    let (a, b) = (rounded(op.a, to: dy.dtype), rounded(op.b, to: dy.dtype))
    for i in 0..<count { result[i] = passBack(gradient[i], through: op.kind, a, b, saved: saved[i]) }
  }

  public func binary(
    _ op: BinaryOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    let (left, right, result) = (Elements(a), Elements(b), Elements(y))
    let strides = [aLayout.strides, bLayout.strides]
    if try usesIntegers(op, a.dtype) {
      aLayout.shape.forEachPosition(strides) { i, at in
        result[integer: i] = integerValue(of: op, left[integer: at[0]], right[integer: at[1]], a.dtype)!
      }
    } else {
      aLayout.shape.forEachPosition(strides) { i, at in result[i] = value(of: op, left[at[0]], right[at[1]]) }
    }
  }

  public func binaryScalar(
    _ op: BinaryOp, _ x: BufferSlice, _ scalar: Double, scalarFirst: Bool, count: Int, into y: BufferSlice
  ) throws {
    let (source, result) = (Elements(x), Elements(y))
    let scalar = rounded(scalar, to: x.dtype)
    if try usesIntegers(op, x.dtype) {
      let scalar = Int64(saturating: scalar)
      for i in 0..<count {
        let (a, b) = scalarFirst ? (scalar, source[integer: i]) : (source[integer: i], scalar)
        result[integer: i] = integerValue(of: op, a, b, x.dtype)!
      }
    } else {
      for i in 0..<count {
        result[i] = scalarFirst ? value(of: op, scalar, source[i]) : value(of: op, source[i], scalar)
      }
    }
  }

  /// Whether an operation uses integer arithmetic, not floating point or logic. Throws if it does not support the type.
  private func usesIntegers(_ op: BinaryOp, _ dtype: DType) throws -> Bool {
    guard op.accepts(dtype) else { throw unsupported("\(op)", dtype) }
    return dtype.hasIntegerArithmetic
  }

  public func compare(
    _ op: ComparisonOp, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice, _ bLayout: Layout, into y: BufferSlice
  ) throws {
    try require(.comparison, for: a.dtype)
    let (left, right, result) = (Elements(a), Elements(b), Elements(y))
    let isInteger = a.dtype.hasIntegerArithmetic
    aLayout.shape.forEachPosition([aLayout.strides, bLayout.strides]) { i, at in
      let isTrue =
        isInteger
        ? holds(op, left[integer: at[0]], right[integer: at[1]]) : holds(op, left[at[0]], right[at[1]])
      result[i] = isTrue ? 1 : 0
    }
  }

  public func compareScalar(
    _ op: ComparisonOp, _ x: BufferSlice, _ scalar: Double, count: Int, into y: BufferSlice
  ) throws {
    try require(.comparison, for: x.dtype)
    let (source, result) = (Elements(x), Elements(y))
    let scalar = rounded(scalar, to: x.dtype)
    if x.dtype.hasIntegerArithmetic {
      let scalar = Int64(saturating: scalar)
      for i in 0..<count { result[i] = holds(op, source[integer: i], scalar) ? 1 : 0 }
    } else {
      for i in 0..<count { result[i] = holds(op, source[i], scalar) ? 1 : 0 }
    }
  }

  public func select(
    _ condition: BufferSlice, _ conditionLayout: Layout, _ a: BufferSlice, _ aLayout: Layout, _ b: BufferSlice,
    _ bLayout: Layout, into y: BufferSlice
  ) throws {
    let (condition, left, right, result) = (Elements(condition), Elements(a), Elements(b), Elements(y))
    let strides = [conditionLayout.strides, aLayout.strides, bLayout.strides]
    conditionLayout.shape.forEachPosition(strides) { i, at in
      if condition[at[0]] != 0 {
        result.copyElement(i, from: left, at[1])
      } else {
        result.copyElement(i, from: right, at[2])
      }
    }
  }

  public func cast(_ x: BufferSlice, count: Int, into y: BufferSlice) throws {
    let (source, result) = (Elements(x), Elements(y))
    if x.dtype.isInteger && y.dtype.isInteger {
      for i in 0..<count { result[integer: i] = source[integer: i] }
    } else if x.dtype == .int64 && y.dtype != .float64 {
      for i in 0..<count { result[i] = Double(roundingToOdd: source[integer: i]) }
    } else {
      for i in 0..<count { result[i] = source[i] }
    }
  }

  public func range(start: Double, step: Double, count: Int, into y: BufferSlice) throws {
    try require(.range, for: y.dtype)
    let result = Elements(y)
    let (start, step) = (rounded(start, to: y.dtype), rounded(step, to: y.dtype))
    if y.dtype.hasIntegerArithmetic {
      let (start, step) = (Int64(saturating: start), Int64(saturating: step))
      for i in 0..<count { result[integer: i] = start &+ Int64(i) &* step }
    } else {
      for i in 0..<count { result[i] = start + Double(i) * step }
    }
  }

  // MARK: Strided copies

  public func copyStrided(
    _ x: BufferSlice, _ xStrides: Strides, shape: Shape, into y: BufferSlice, _ yStrides: Strides, accumulating: Bool
  ) throws {
    try require(accumulating ? .accumulatingCopy : .copyStrided, for: y.dtype)
    let (source, result) = (Elements(x), Elements(y))
    shape.forEachPosition([xStrides, yStrides]) { _, at in
      if !accumulating {
        result.copyElement(at[1], from: source, at[0])
      } else {
        result.accumulate(at[1], source, at[0])
      }
    }
  }
}

extension Elements {
  /// self[index] += source[sourceIndex]; integers wrap around.
  func accumulate(_ index: Int, _ source: Elements, _ sourceIndex: Int) {
    if dtype.hasIntegerArithmetic {
      self[integer: index] &+= source[integer: sourceIndex]
    } else {
      self[index] += source[sourceIndex]
    }
  }
}
