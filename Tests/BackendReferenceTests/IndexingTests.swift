import BackendCore
import BackendReference
import Testing

@Suite struct IndexingTests {
  let backend = ReferenceBackend()

  @Test func gatheringRows() throws {
    let table = try buffer([1, 2, 3, 4, 5, 6])
    let y = try result(8)
    let indices = try buffer([2, 0, -1, 3], .int32)
    try backend.gatherRows(
      table, AxisShape(outer: 1, extent: 3, inner: 2), indices: indices, indexCount: 4, into: y)
    #expect(agree(try values(y), [5, 6, 1, 2, .nan, .nan, .nan, .nan]))
    let integers = try result(2, .int32)
    try backend.gatherRows(
      try buffer([7, 8], .int32), AxisShape(outer: 1, extent: 2, inner: 1), indices: try buffer([5, 1], .int32),
      indexCount: 2, into: integers)
    #expect(try values(integers) == [0, 8])
  }

  @Test func scatteringRowsAddsAndDrops() throws {
    let y = try buffer([100, 200, 300, 400, 500, 600])
    let updates = try buffer([1, 2, 3, 4, 5, 6, 7, 8])
    try backend.scatterRows(
      .sum, updates, indices: try buffer([2, 2, -1, 0], .int32), indexCount: 4, into: y,
      AxisShape(outer: 1, extent: 3, inner: 2))
    #expect(try values(y) == [107, 208, 300, 400, 504, 606])
  }

  /// NumPy's `take_along_axis` on the middle axis of [1, 3, 2].
  @Test func gatheringElements() throws {
    let x = try buffer([1, 2, 3, 4, 5, 6])
    let y = try result(4)
    try backend.gatherElements(
      x, AxisShape(outer: 1, extent: 3, inner: 2), indices: try buffer([2, 0, 0, 1], .int32), indexExtent: 2, into: y)
    #expect(try values(y) == [5, 2, 1, 4])
  }

  @Test func scatteringElementsIsTheAdjointOfGathering() throws {
    let shape = AxisShape(outer: 2, extent: 4, inner: 3)
    let extent = 5
    let count = shape.outer * extent * shape.inner
    let indices = try buffer((0..<count).map { Double($0 * 7 % 6 - 1) }, .int32)
    let (x, u) = (numbers(shape.count, seed: 5), numbers(count, seed: 6))
    let gathered = try result(count)
    try backend.gatherElements(try buffer(x), shape, indices: indices, indexExtent: extent, into: gathered)
    let scattered = try buffer([Double](repeating: 0, count: shape.count))
    try backend.scatterElements(.sum, try buffer(u), indices: indices, indexExtent: extent, into: scattered, shape)
    // ⟨gather x, u⟩ = ⟨x, scatter u⟩ over the indices in range.
    let left = zip(try values(gathered), u).filter { !$0.0.isNaN }.reduce(0) { $0 + $1.0 * $1.1 }
    let right = zip(x, try values(scattered)).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(left - right) < 1e-13)
    #expect(try values(gathered).contains { $0.isNaN })
  }
}
