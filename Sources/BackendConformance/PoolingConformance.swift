import BackendCore

/// Pooling and its gradient, with strides, paddings, and odd extents, with NaN and infinities.
extension ConformanceRunner {
  func examinePooling() {
    let random = (0..<30).map { _ in PoolingShape.random(&numbers) }
    for shape in PoolingShape.examined + random {
      for op in PoolingOp.allCases {
        examinePool(op, shape, numbers.floats(shape.inputCount, in: -4...4), "")
        examinePoolGradient(op, shape)
      }
      // Ties: the first one must win.
      examinePool(.maximum, shape, numbers.integers(shape.inputCount, in: 0...2), ", ties")
      examinePool(.maximum, shape, specials(shape.inputCount), ", special values")
    }
  }

  private func specials(_ count: Int) -> [Double] {
    let unusual: [Double] = [.nan, -.infinity, .infinity, -.infinity]
    return numbers.floats(count).enumerated().map { $0 % 3 == 1 ? unusual[$0 / 3 % 4] : -2 + $1 }
  }

  private func examinePool(_ op: PoolingOp, _ shape: PoolingShape, _ values: [Double], _ details: String) {
    for wantsIndices in [false, true] where op == .maximum || !wantsIndices {
      examine("pool \(op) float32", "\(shape)\(details)", isFused: true) { testCase in
        let x = testCase.input(values, offset: 3)
        let isExact = op == .maximum
        let y = testCase.output(
          shape.outputCount, offset: 1, within: isExact ? .number : .sum(length: shape.window))
        let indices =
          wantsIndices ? testCase.output(shape.outputCount, .int32, offset: 2, within: .number, name: "indices") : nil
        return { backend, s in try backend.pool(op, s[x], shape, into: s[y], indices: s[ifGiven: indices]) }
      }
    }
  }

  /// Possible results of `pool`: any position that the window covers, and none for windows over padding only.
  private func windowPositions(_ shape: PoolingShape) -> [Double] {
    let draws = numbers.integers(shape.outputCount, in: 0...1000)
    return (0..<shape.outputCount).map { index in
      let output = index % shape.outputPlane
      let positions = shape.positions(row: output / shape.width.output, column: output % shape.width.output)
      return positions.isEmpty ? -1 : Double(positions[Int(draws[index]) % positions.count])
    }
  }

  private func examinePoolGradient(_ op: PoolingOp, _ shape: PoolingShape) {
    let dy = numbers.floats(shape.outputCount)
    let positions = windowPositions(shape)
    examine("poolGradient \(op) float32", "\(shape)", isFused: true) { testCase in
      let gradient = testCase.input(dy, offset: 3)
      let indices = op == .maximum ? testCase.input(positions, .int32, offset: 2) : nil
      let dx = testCase.output(
        shape.inputCount, offset: 1, within: .sum(length: op == .maximum ? shape.outputPlane : shape.window))
      return { backend, s in
        try backend.poolGradient(op, s[gradient], indices: s[ifGiven: indices], shape, into: s[dx])
      }
    }
  }
}

extension PoolingShape {
  fileprivate static func random(_ numbers: inout Numbers) -> PoolingShape {
    while true {
      let shape = PoolingShape(
        planes: numbers.extent(upTo: 9), height: numbers.windowAxis(outputs: 9), width: numbers.windowAxis(outputs: 70))
      if shape.inputCount <= 20_000 { return shape }
    }
  }

  /// The positions in its plane that a window covers.
  fileprivate func positions(row i: Int, column j: Int) -> [Int] {
    (0..<height.kernel).compactMap { height.position(output: i, kernel: $0) }.flatMap { row in
      (0..<width.kernel).compactMap { width.position(output: j, kernel: $0) }.map { row * width.input + $0 }
    }
  }

  /// The examined shapes.
  static let examined: [PoolingShape] = [
    PoolingShape(planes: 1, height: .examined(1, 1), width: .examined(1, 1)),
    PoolingShape(planes: 6, height: .examined(8, 2, stride: 2), width: .examined(34, 2, stride: 2)),
    PoolingShape(planes: 3, height: .examined(7, 2, stride: 2), width: .examined(9, 3, stride: 2)),
    PoolingShape(planes: 4, height: .examined(9, 3, padding: 1), width: .examined(6, 3, stride: 2, padding: 1)),
    PoolingShape(
      planes: 2, height: .examined(9, 2, stride: 3, dilation: 2, padding: 1),
      width: .examined(5, 5, stride: 2, padding: 2)),
    PoolingShape(planes: 5, height: .examined(7, 7), width: .examined(4, 4)),
    PoolingShape(planes: 33, height: .examined(1, 1), width: .examined(31, 3, stride: 3)),
    // Windows over padding only.
    PoolingShape(planes: 2, height: .examined(3, 2, padding: 3), width: .examined(4, 2)),
    PoolingShape(planes: 0, height: .examined(4, 2), width: .examined(4, 2)),
    PoolingShape(planes: 2, height: .examined(1, 2), width: .examined(4, 2)),
  ]
}
