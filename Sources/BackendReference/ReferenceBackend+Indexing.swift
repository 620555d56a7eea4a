import BackendCore

/// Gathers and scatters at positions given by an int32 buffer. Positions out of range read as NaN (0 for integers
/// and bool) and are ignored by scatters.
extension ReferenceBackend {
  public func gatherRows(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexCount: Int, into y: BufferSlice
  ) throws {
    let (source, indices, result) = (Elements(x), Elements(indices), Elements(y))
    for o in 0..<shape.outer {
      for j in 0..<indexCount {
        let index = Int(indices[integer: j])
        for i in 0..<shape.inner {
          let target = (o * indexCount + j) * shape.inner + i
          result.gather(target, from: source, shape, o, index, i)
        }
      }
    }
  }

  public func gatherElements(
    _ x: BufferSlice, _ shape: AxisShape, indices: BufferSlice, indexExtent: Int, into y: BufferSlice
  ) throws {
    let (source, indices, result) = (Elements(x), Elements(indices), Elements(y))
    for o in 0..<shape.outer {
      for j in 0..<indexExtent {
        for i in 0..<shape.inner {
          let target = (o * indexExtent + j) * shape.inner + i
          result.gather(target, from: source, shape, o, Int(indices[integer: target]), i)
        }
      }
    }
  }

  public func scatterRows(
    _ op: ScatterOp, _ updates: BufferSlice, indices: BufferSlice, indexCount: Int, into y: BufferSlice,
    _ shape: AxisShape
  ) throws {
    try require(.scatterRows, for: y.dtype)
    let indices = Elements(indices)
    combine(op, Elements(updates), into: Elements(y), count: shape.count) { add in
      for o in 0..<shape.outer {
        for j in 0..<indexCount {
          let index = Int(indices[integer: j])
          guard (0..<shape.extent).contains(index) else { continue }
          for i in 0..<shape.inner {
            add((o * shape.extent + index) * shape.inner + i, (o * indexCount + j) * shape.inner + i)
          }
        }
      }
    }
  }

  public func scatterElements(
    _ op: ScatterOp, _ updates: BufferSlice, indices: BufferSlice, indexExtent: Int, into y: BufferSlice,
    _ shape: AxisShape
  ) throws {
    try require(.scatterElements, for: y.dtype)
    let indices = Elements(indices)
    combine(op, Elements(updates), into: Elements(y), count: shape.count) { add in
      for o in 0..<shape.outer {
        for j in 0..<indexExtent {
          for i in 0..<shape.inner {
            let source = (o * indexExtent + j) * shape.inner + i
            let index = Int(indices[integer: source])
            guard (0..<shape.extent).contains(index) else { continue }
            add((o * shape.extent + index) * shape.inner + i, source)
          }
        }
      }
    }
  }

  /// Calls `body` with a function that combines an element of y with an update. Sums are rounded once, at the end.
  private func combine(
    _ op: ScatterOp, _ updates: Elements, into y: Elements, count: Int,
    _ body: (_ add: (_ target: Int, _ source: Int) -> Void) -> Void
  ) {
    let combination = op.combination
    guard y.dtype.isFloatingPoint else {
      return body { target, source in
        let update = updates[integer: source]
        y[integer: target] = combination.map { integerValue(of: $0, y[integer: target], update, y.dtype)! } ?? update
      }
    }
    guard op == .sum else {
      return body { target, source in
        let update = updates[source]
        y[target] = combination.map { value(of: $0, y[target], update) } ?? update
      }
    }
    var sums = (0..<count).map { y[$0] }
    body { sums[$0] += updates[$1] }
    for i in 0..<count { y[i] = sums[i] }
  }
}

extension Elements {
  /// self[target] = x[o, index, i].
  fileprivate func gather(
    _ target: Int, from x: Elements, _ shape: AxisShape, _ o: Int, _ index: Int, _ i: Int
  ) {
    if (0..<shape.extent).contains(index) {
      copyElement(target, from: x, (o * shape.extent + index) * shape.inner + i)
    } else {
      storeOutOfRange(target)
    }
  }
}
