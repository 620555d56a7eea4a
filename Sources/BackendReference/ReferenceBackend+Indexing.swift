import BackendCore

/// Gathers and scatters at positions given by an int32 buffer. Positions out of range read as NaN (0 for int32 and
/// bool) and are ignored by scatters.
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

  public func scatterAddRows(
    _ updates: BufferSlice, indices: BufferSlice, indexCount: Int, into y: BufferSlice, _ shape: AxisShape
  ) throws {
    try require(.scatterAddRows, for: y.dtype)
    let indices = Elements(indices)
    accumulate(Elements(updates), into: Elements(y), count: shape.count) { add in
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

  public func scatterAddElements(
    _ updates: BufferSlice, indices: BufferSlice, indexExtent: Int, into y: BufferSlice, _ shape: AxisShape
  ) throws {
    try require(.scatterAddElements, for: y.dtype)
    let indices = Elements(indices)
    accumulate(Elements(updates), into: Elements(y), count: shape.count) { add in
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

  /// Calls `body` with a function that adds an update to an element of y. Sums are rounded once, at the end.
  private func accumulate(
    _ updates: Elements, into y: Elements, count: Int, _ body: (_ add: (_ target: Int, _ source: Int) -> Void) -> Void
  ) {
    guard y.dtype.isFloatingPoint else { return body { y.accumulate($0, updates, $1) } }
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
