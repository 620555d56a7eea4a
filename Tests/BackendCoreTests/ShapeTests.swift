import BackendCore
import Testing

@Suite struct ShapeTests {
  @Test func extentsCountAndNegativeAxes() {
    var shape: Shape = [32, 28, 3]
    #expect(shape.rank == 3)
    #expect(shape.count == 32 * 28 * 3)
    #expect(shape[0] == 32 && shape[-1] == 3 && shape[-3] == 32)
    #expect(shape.axes == 0..<3)
    shape[-2] = 5
    #expect(shape.array == [32, 5, 3])
    #expect("\(shape)" == "[32, 5, 3]")
  }

  @Test func scalarsAndEmptyShapes() {
    #expect(Shape().count == 1)
    #expect(Shape().rank == 0)
    #expect(Shape() == [])
    #expect(Shape([4, 0, 7]).count == 0)
    #expect(Shape(rank: 3, repeating: 2) == [2, 2, 2])
    #expect(Shape(Array(1...8)).count == 40320)
  }

  @Test func equalityLooksAtRankAndExtents() {
    #expect(Shape([2, 3]) != Shape([2, 3, 1]))
    #expect(Shape([2, 3]) != Shape([3, 2]))
    #expect(Shape([1]) != Shape())
    #expect(Set<Shape>([[2, 3], [2, 3], [3, 2], [], [1]]).count == 4)
  }

  @Test func tooManyAxesAreRefused() async {
    await #expect(processExitsWith: .failure) { _ = Shape(Array(repeating: 1, count: 9)) }
  }
}

@Suite struct LayoutTests {
  @Test func denseStrides() {
    let layout = Layout(dense: [4, 3, 5])
    #expect((0..<3).map { layout.strides[$0] } == [15, 5, 1])
    #expect(layout.isDense)
    #expect(Layout(dense: []).isDense)
    #expect(Layout(dense: [3, 0, 2]).isDense)
  }

  /// A layout must read the elements given by NumPy's broadcasting rule, one by one.
  @Test(
    arguments: [
      ([], [2, 3]), ([3], [2, 3]), ([2, 1], [2, 3]), ([1, 3], [2, 3]), ([2, 1, 3], [4, 2, 5, 3]), ([1], [0]),
      ([5, 1, 1], [5, 2, 3]),
    ] as [([Int], [Int])])
  func broadcasting(_ source: [Int], _ target: [Int]) {
    let layout = Layout(broadcasting: Shape(source), to: Shape(target))
    #expect(layout.shape.array == target)
    for index in indices(of: target) {
      var expected = 0
      for (axis, extent) in source.enumerated() {
        let place = index[axis + target.count - source.count]
        expected = expected * extent + (extent == 1 ? 0 : place)
      }
      #expect(position(index, layout.strides) == expected)
    }
  }

  @Test func layoutsThatAreNotDense() {
    #expect(!Layout(broadcasting: [3], to: [2, 3]).isDense)
    #expect(!Layout(shape: [2, 3], strides: Strides([1, 2])).isDense)
    #expect(!Layout(shape: [3], strides: Strides([-1])).isDense)
    #expect(!Layout(shape: [2, 3], strides: Strides([4, 1])).isDense)
    // An axis of one element needs no stride.
    #expect(Layout(shape: [2, 1, 3], strides: Strides([3, 99, 1])).isDense)
  }
}

@Suite struct StridedLoopTests {
  /// Axes are merged if every operand allows it.
  @Test func mergesNeighbors() {
    let shape: Shape = [4, 3, 5]
    let dense = Strides(dense: shape)
    #expect(StridedLoop<2>(shape: shape, strides: [dense, dense]).shape == [60])
    let row = Strides(broadcasting: [5], to: shape)
    #expect(StridedLoop<2>(shape: shape, strides: [dense, row]).shape == [12, 5])
    let column = Strides(broadcasting: [4, 1, 1], to: shape)
    #expect(StridedLoop<2>(shape: shape, strides: [dense, column]).shape == [4, 15])
    let middle = Strides(broadcasting: [4, 1, 5], to: shape)
    #expect(StridedLoop<2>(shape: shape, strides: [dense, middle]).shape == [4, 3, 5])
    #expect(StridedLoop<1>(shape: shape, strides: [Strides()]).shape == [60])
    #expect(StridedLoop<1>(shape: [], strides: [Strides()]).shape == [1])
    #expect(StridedLoop<1>(shape: [1, 7, 1], strides: [Strides([99, 1, -5])]).shape == [7])
  }

  /// The merged loop visits the same positions, in the same order, as a loop over every axis.
  @Test func visitsTheSamePositions() {
    var numbers = LehmerNumbers(state: 11)
    for _ in 0..<500 {
      let extents = (0..<numbers.next(7)).map { _ in [1, 1, 2, 3, 4][numbers.next(5)] }
      let shape = Shape(extents)
      let operands = (0..<3).map { _ in randomStrides(shape, &numbers) }
      let loop = StridedLoop<3>(shape: shape, strides: [operands[0], operands[1], operands[2]])
      #expect(loop.shape.count == shape.count)
      #expect(loop.shape.rank >= 1 && loop.shape.rank <= max(shape.rank, 1))
      for operand in 0..<3 {
        let merged = indices(of: loop.shape.array).map { position($0, loop.strides[operand]) }
        let naive = indices(of: extents).map { position($0, operands[operand]) }
        #expect(merged == naive, "\(extents)")
      }
    }
  }

  @Test func emptyShapesStayEmpty() {
    let loop = StridedLoop<1>(shape: [4, 0, 3], strides: [Strides(dense: [4, 0, 3])])
    #expect(loop.shape.count == 0)
  }

  /// Dense, broadcast along some axes, permuted, or reversed.
  private func randomStrides(_ shape: Shape, _ numbers: inout LehmerNumbers) -> Strides {
    var strides = Strides(dense: shape)
    switch numbers.next(4) {
    case 0: break
    case 1: for axis in shape.axes where numbers.next(2) == 0 { strides[axis] = 0 }
    case 2: for axis in shape.axes where numbers.next(2) == 0 { strides[axis] *= -1 }
    default:
      var step = 1
      for axis in shape.axes {
        strides[axis] = step
        step *= shape[axis]
      }
    }
    return strides
  }
}

/// Every index of a shape, in row-major order.
private func indices(of extents: [Int]) -> [[Int]] {
  extents.reduce([[]]) { prefixes, extent in prefixes.flatMap { prefix in (0..<extent).map { prefix + [$0] } } }
}

private func position(_ index: [Int], _ strides: Strides) -> Int {
  index.enumerated().reduce(0) { $0 + $1.element * strides[$1.offset] }
}

/// A small generator (Lehmer), so that failures are reproducible.
private struct LehmerNumbers {
  var state: UInt64

  mutating func next(_ bound: Int) -> Int {
    state = state &* 48271 % 2_147_483_647
    return Int(state) % bound
  }
}
