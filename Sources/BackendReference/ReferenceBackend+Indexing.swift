import BackendCore

/// Reading and adding at positions that an int32 buffer names. Out of range reads as NaN (0 for int32 and bool) and adds
/// nothing.
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
    guard y.dtype != .bool else { throw unsupported("scatterAddRows", y.dtype) }
    let (updates, indices, result) = (Elements(updates), Elements(indices), Elements(y))
    for o in 0..<shape.outer {
      for j in 0..<indexCount {
        let index = Int(indices[integer: j])
        guard (0..<shape.extent).contains(index) else { continue }
        for i in 0..<shape.inner {
          result.accumulate(
            (o * shape.extent + index) * shape.inner + i, updates, (o * indexCount + j) * shape.inner + i)
        }
      }
    }
  }

  public func scatterAddElements(
    _ updates: BufferSlice, indices: BufferSlice, indexExtent: Int, into y: BufferSlice, _ shape: AxisShape
  ) throws {
    guard y.dtype != .bool else { throw unsupported("scatterAddElements", y.dtype) }
    let (updates, indices, result) = (Elements(updates), Elements(indices), Elements(y))
    for o in 0..<shape.outer {
      for j in 0..<indexExtent {
        for i in 0..<shape.inner {
          let source = (o * indexExtent + j) * shape.inner + i
          let index = Int(indices[integer: source])
          guard (0..<shape.extent).contains(index) else { continue }
          result.accumulate((o * shape.extent + index) * shape.inner + i, updates, source)
        }
      }
    }
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
