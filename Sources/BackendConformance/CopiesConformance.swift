import BackendCore

/// Strided copies, each written into a buffer whose other elements must not change.
extension ConformanceRunner {
  func examineCopies() {
    for dtype in movedTypes {
      for copy in StridedCopy.all { examineCopy(copy, dtype, accumulating: false) }
    }
    for dtype in [DType.float32] + integerTypes {
      for copy in StridedCopy.all { examineCopy(copy, dtype, accumulating: true) }
    }
    for _ in 0..<30 {
      let rows = numbers.extent(upTo: 600), columns = numbers.extent(upTo: 20_000 / rows)
      let batches = numbers.extent(upTo: max(1, 20_000 / rows / columns))
      let dtype = numbers.choice(of: [DType.float32, .bool] + halfTypes + storedTypes)
      examineCopy(.permutation([rows, columns], [1, 0]), dtype, accumulating: false)
      examineCopy(.permutation([batches, rows, columns], [0, 2, 1]), dtype, accumulating: false)
      examineCopy(.permutation([batches, rows, columns], [1, 0, 2]), .int32, accumulating: numbers.bools(1) == [1])
    }
    let values = Special.floats + Special.denormals
    examine("copyStrided float32", "special values, reversed") { testCase in
      let x = testCase.input(values)
      let y = testCase.output(values.count, within: .bits)
      return { backend, s in
        try backend.copyStrided(
          s[x].advanced(by: values.count - 1), Strides([-1]), shape: [values.count], into: s[y], Strides([1]),
          accumulating: false)
      }
    }
  }

  private func examineCopy(_ copy: StridedCopy, _ dtype: DType, accumulating: Bool) {
    let source = numbers.values(copy.sourceCount, dtype)
    let target = numbers.values(copy.targetCount, dtype)
    let name = "copyStrided \(dtype)\(accumulating ? " accumulating" : "")"
    examine(name, copy.name) { testCase in
      let x = testCase.input(source, dtype, offset: 3)
      let y = testCase.updated(target, dtype, offset: 2, within: accumulating ? .number : .bits)
      return { backend, s in
        try backend.copyStrided(
          s[x].advanced(by: copy.sourceStart), copy.sourceStrides, shape: copy.shape,
          into: s[y].advanced(by: copy.targetStart), copy.targetStrides, accumulating: accumulating)
      }
    }
  }
}

private struct StridedCopy {
  let name: String
  let shape: Shape
  let sourceCount: Int
  var sourceStart = 0
  let sourceStrides: Strides
  let targetCount: Int
  var targetStart = 0
  let targetStrides: Strides

  /// A permuted view, copied to a dense one.
  fileprivate static func permutation(_ source: Shape, _ order: [Int]) -> StridedCopy {
    let view = View.permuted(source, order)
    return StridedCopy(
      name: view.name, shape: view.layout.shape, sourceCount: view.count, sourceStrides: view.layout.strides,
      targetCount: view.count, targetStrides: Strides(dense: view.layout.shape))
  }

  private static func broadcast(_ source: Shape, to target: Shape) -> StridedCopy {
    let view = View.broadcast(source, to: target)
    return StridedCopy(
      name: view.name, shape: target, sourceCount: view.count, sourceStrides: view.layout.strides,
      targetCount: target.count, targetStrides: Strides(dense: target))
  }

  static let all: [StridedCopy] =
    Special.sizes.map { broadcast([$0], to: [$0]) } + [
      broadcast([], to: []),
      broadcast([], to: [127]),
      broadcast([0, 3], to: [0, 3]),
      broadcast([7], to: [33, 7]),
      broadcast([33, 1], to: [33, 7]),
      broadcast([2, 1, 3, 1, 2, 1], to: [2, 3, 3, 2, 2, 5]),
      permutation([31, 129], [1, 0]),
      permutation([129, 33], [1, 0]),
      permutation([3, 4, 5], [2, 0, 1]),
      permutation([3, 4, 5], [1, 0, 2]),
      permutation([2, 3, 2, 3, 2, 4], [5, 3, 1, 0, 2, 4]),
      // x[1..<4, 2..<7] of [5, 9].
      StridedCopy(
        name: "slice [3, 5] of [5, 9]", shape: [3, 5], sourceCount: 45, sourceStart: 11,
        sourceStrides: Strides([9, 1]),
        targetCount: 15, targetStrides: Strides([5, 1])),
      // The adjoint of a slice, or a part of a concatenation, or padding.
      StridedCopy(
        name: "[3, 5] into a part of [5, 9]", shape: [3, 5], sourceCount: 15, sourceStrides: Strides([5, 1]),
        targetCount: 45, targetStart: 11, targetStrides: Strides([9, 1])),
      StridedCopy(
        name: "every third of [100]", shape: [33], sourceCount: 100, sourceStart: 1, sourceStrides: Strides([3]),
        targetCount: 33, targetStrides: Strides([1])),
      StridedCopy(
        name: "[33] into every third of [100]", shape: [33], sourceCount: 33, sourceStrides: Strides([1]),
        targetCount: 100, targetStart: 1, targetStrides: Strides([3])),
      // Both axes reversed, in the source and in the target.
      StridedCopy(
        name: "[31, 7] flipped", shape: [31, 7], sourceCount: 217, sourceStart: 216, sourceStrides: Strides([-7, -1]),
        targetCount: 217, targetStrides: Strides([7, 1])),
      StridedCopy(
        name: "[31, 7] into a flipped view", shape: [31, 7], sourceCount: 217, sourceStrides: Strides([7, 1]),
        targetCount: 217, targetStart: 210, targetStrides: Strides([-7, 1])),
    ]
}
