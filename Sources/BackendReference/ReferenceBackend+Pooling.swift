import BackendCore

/// Pooling and its gradient.
extension ReferenceBackend {
  public func pool(
    _ op: PoolingOp, _ x: BufferSlice, _ shape: PoolingShape, into y: BufferSlice, indices: BufferSlice?
  ) throws {
    try require(.pool, for: x.dtype)
    if indices != nil { try BackendError.requirePositions("pool", below: shape.inputPlane) }
    let (input, result, maxima) = (Elements(x), Elements(y), indices.map { Elements($0) })
    shape.forEachWindow { index, positions, plane in
      let values = positions.map { input[plane * shape.inputPlane + $0] }
      guard op == .maximum else {
        let divisor = op == .mean ? max(values.count, 1) : shape.window
        result[index] = values.reduce(0, +) / Double(divisor)
        return
      }
      let best = values.indices.reduce(nil as Int?) { best, next in
        guard let best else { return next }
        return !values[best].isNaN && (values[next].isNaN || values[next] > values[best]) ? next : best
      }
      result[index] = best.map { values[$0] } ?? -.infinity
      maxima?[index] = best.map { Double(positions[$0]) } ?? -1
    }
  }

  public func poolGradient(
    _ op: PoolingOp, _ dy: BufferSlice, indices: BufferSlice?, _ shape: PoolingShape, into dx: BufferSlice
  ) throws {
    try require(.poolGradient, for: dy.dtype)
    let (gradient, maxima, result) = (Elements(dy), indices.map { Elements($0) }, Elements(dx))
    var sums = [Double](repeating: 0, count: shape.inputCount)
    shape.forEachWindow { index, positions, plane in
      if op == .maximum {
        let position = Int(maxima?[index] ?? -1)
        if position >= 0 && position < shape.inputPlane { sums[plane * shape.inputPlane + position] += gradient[index] }
        return
      }
      let share = gradient[index] / Double(op == .mean ? max(positions.count, 1) : shape.window)
      for position in positions { sums[plane * shape.inputPlane + position] += share }
    }
    for index in sums.indices { result[index] = sums[index] }
  }
}

extension PoolingShape {
  /// Calls `body` for each output with its index, the positions of its window in the plane, and the plane.
  fileprivate func forEachWindow(_ body: (_ index: Int, _ positions: [Int], _ plane: Int) -> Void) {
    for plane in 0..<planes {
      for i in 0..<height.output {
        for j in 0..<width.output {
          var positions: [Int] = []
          for p in 0..<height.kernel {
            for q in 0..<width.kernel {
              guard let row = height.position(output: i, kernel: p),
                let column = width.position(output: j, kernel: q)
              else { continue }
              positions.append(row * width.input + column)
            }
          }
          body((plane * height.output + i) * width.output + j, positions, plane)
        }
      }
    }
  }
}
