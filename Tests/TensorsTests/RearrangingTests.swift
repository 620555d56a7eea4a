import Tensors
import Testing

@Suite struct RearrangingTests {
  private func numbers(_ shape: [Int], _ device: Device) -> Tensor {
    Tensor.range(0..<shape.reduce(1, *), dtype: .float32, on: device).reshaped(shape)
  }

  @Test(arguments: TestDevices.all)
  func rolling(_ device: Device) throws {
    let x = numbers([2, 3], device)
    try expect(x.rolled(by: 1, axis: 1), [2, 0, 1, 5, 3, 4], shape: [2, 3])
    try expect(x.rolled(by: -1, axis: -1), [1, 2, 0, 4, 5, 3])
    try expect(x.rolled(by: 7, axis: 1), [2, 0, 1, 5, 3, 4])
    try expect(x.rolled(by: 3, axis: 0), [3, 4, 5, 0, 1, 2])
    try expect(x.rolled(by: 6, axis: 1), [0, 1, 2, 3, 4, 5])
    // -2⁶³ is -2 modulo 3.
    try expect(x.rolled(by: .min, axis: 1), [2, 0, 1, 5, 3, 4])
    #expect(Tensor.zeros([0, 2], on: device).rolled(by: 1, axis: 0).shape == [0, 2])
    let truth = Tensor([true, false, false], on: device).rolled(by: 1, axis: 0)
    #expect(try truth.scalars(as: Bool.self) == [false, true, false])
  }

  @Test(arguments: TestDevices.all)
  func movingAxes(_ device: Device) throws {
    let x = numbers([2, 3, 4], device)
    #expect(x.movedAxis(from: 0, to: -1).shape == [3, 4, 2])
    #expect(x.movedAxis(from: -1, to: 0).shape == [4, 2, 3])
    #expect(x.movedAxis(from: 1, to: 1).shape == [2, 3, 4])
    try expect(numbers([2, 3], device).movedAxis(from: 0, to: 1), [0, 3, 1, 4, 2, 5], shape: [3, 2])
    let slices = x.unbound(axis: 1)
    #expect(slices.count == 3)
    for (index, slice) in slices.enumerated() { try expectEqual(slice, x[.all, index]) }
    try expectEqual(.stacked(x.unbound(axis: -1), axis: -1), x)
    #expect(numbers([3], device).unbound().map(\.shape) == [[], [], []])
    #expect(Tensor.zeros([0, 2], on: device).unbound().isEmpty)
    #expect(Tensor.zeros([2, 0], on: device).unbound().map(\.shape) == [[0], [0]])
    #expect(Tensor.zeros([0, 2], on: device).unbound(axis: 1).map(\.shape) == [[0], [0]])
  }

  /// NumPy: rot90 and flip.
  @Test(arguments: TestDevices.all)
  func turning(_ device: Device) throws {
    let x = numbers([2, 3], device)
    try expect(x.rotated90(), [2, 5, 1, 4, 0, 3], shape: [3, 2])
    try expect(x.rotated90(times: 2), [5, 4, 3, 2, 1, 0], shape: [2, 3])
    try expect(x.rotated90(times: -1), [3, 0, 4, 1, 5, 2], shape: [3, 2])
    try expect(x.rotated90(times: 4), [0, 1, 2, 3, 4, 5], shape: [2, 3])
    try expectEqual(x.rotated90(axes: (1, 0)), x.rotated90(times: 3))
    try expectEqual(numbers([2, 2, 3], device).rotated90(axes: (-2, -1))[0], x.rotated90())
    try expect(x.flipped(axes: [0, 1]), [5, 4, 3, 2, 1, 0], shape: [2, 3])
    try expect(x.flipped(axes: [-1]), [2, 1, 0, 5, 4, 3])
    try expect(x.flipped(axes: []), [0, 1, 2, 3, 4, 5])
    #expect(Tensor.zeros([0, 2], on: device).flipped(axes: [0, 1]).shape == [0, 2])
  }

  /// NumPy: meshgrid with both indexings.
  @Test(arguments: TestDevices.all)
  func grids(_ device: Device) throws {
    let (x, y) = (Tensor([1, 2, 3], on: device), Tensor([10, 20], on: device))
    let matrix = Tensor.meshGrid([x, y])
    try expect(matrix[0], [1, 1, 2, 2, 3, 3], shape: [3, 2])
    try expect(matrix[1], [10, 20, 10, 20, 10, 20], shape: [3, 2])
    let plane = Tensor.meshGrid([x, y, Tensor([5], on: device)], indexing: .xy)
    try expect(plane[0], [1, 2, 3, 1, 2, 3], shape: [2, 3, 1])
    try expect(plane[1], [10, 10, 10, 20, 20, 20], shape: [2, 3, 1])
    try expect(plane[2], [5, 5, 5, 5, 5, 5], shape: [2, 3, 1])
    try expect(Tensor.meshGrid([x], indexing: .xy)[0], [1, 2, 3], shape: [3])
    #expect(Tensor.meshGrid([]).isEmpty)
  }

  /// NumPy: outer, kron, cross, and diff.
  @Test(arguments: TestDevices.all)
  func products(_ device: Device) throws {
    try expect(Tensor([1, 2], on: device).outer(Tensor([3, 4, 5], on: device)), [3, 4, 5, 6, 8, 10], shape: [2, 3])
    let blocks = Tensor([1, 2, 3, 4], shape: [2, 2], on: device).kronecker(Tensor([1, 10, 100], on: device))
    try expect(blocks, [1, 10, 100, 2, 20, 200, 3, 30, 300, 4, 40, 400], shape: [2, 6])
    let columns = Tensor([1, 2], on: device).kronecker(numbers([2, 2], device))
    try expect(columns, [0, 1, 0, 2, 2, 3, 4, 6], shape: [2, 4])
    try expect(Tensor(3, on: device).kronecker(Tensor(4, on: device)), [12], shape: [])
    let (a, b) = (
      Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3], on: device), Tensor([7, 8, 10], shape: [1, 3], on: device)
    )
    try expect(a.cross(b), [-4, 11, -6, 2, 2, -3], shape: [2, 3])
    try expect(a.transposed().cross(b.transposed(), axis: 0), [-4, 2, 11, 2, -6, -3], shape: [3, 2])
    let whole = Tensor(integers: [1, 0, 0], on: device).cross(Tensor(integers: [0, 1, 0], on: device))
    #expect(try whole.scalars(as: Int32.self) == [0, 0, 1])
  }

  @Test(arguments: TestDevices.all)
  func differences(_ device: Device) throws {
    let x = Tensor([1, 4, 9, 16, 26], on: device)
    try expect(x.difference(), [3, 5, 7, 10], shape: [4])
    try expect(x.difference(times: 2), [2, 2, 3], shape: [3])
    try expect(x.difference(times: 0), [1, 4, 9, 16, 26], shape: [5])
    #expect(x.difference(times: 9).shape == [0])
    try expect(numbers([2, 3], device).difference(axis: 0), [3, 3, 3], shape: [1, 3])
    let truth = Tensor([true, false, false], on: device).difference()
    #expect(try truth.scalars(as: Bool.self) == [true, false])
    #expect(try Tensor(integers: [3, 1], on: device).difference().scalars(as: Int32.self) == [-2])
  }
}

@Suite struct TriangleTests {
  /// PyTorch: tril and triu of 0..<12 as [3, 4]; the positions that are kept.
  private static let triangles: [(diagonal: Int, lower: Set<Int>, upper: Set<Int>)] = [
    (0, [4, 8, 5, 9, 10, 0], [0, 1, 2, 3, 5, 6, 7, 10, 11]),
    (1, [0, 1, 4, 5, 6, 8, 9, 10, 11], [1, 2, 3, 6, 7, 11]),
    (-1, [4, 8, 9], [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11]),
    (2, [0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11], [2, 3, 7]),
    (-2, [8], Set(0..<12)),
    (5, Set(0..<12), []),
    (-5, [], Set(0..<12)),
    (.max, Set(0..<12), []),
    (.min, [], Set(0..<12)),
  ]

  @Test(arguments: TestDevices.all)
  func triangles(_ device: Device) throws {
    let x = Tensor.range(1..<13, dtype: .float32, on: device).reshaped([3, 4])
    for (diagonal, lower, upper) in TriangleTests.triangles {
      func kept(_ positions: Set<Int>) -> [Double] { (0..<12).map { positions.contains($0) ? Double($0 + 1) : 0 } }
      try expect(x.lowerTriangle(diagonal: diagonal), kept(lower), shape: [3, 4], "diagonal \(diagonal)")
      try expect(x.upperTriangle(diagonal: diagonal), kept(upper), shape: [3, 4], "diagonal \(diagonal)")
      try expect(x.cast(to: .int32).lowerTriangle(diagonal: diagonal), kept(lower), "diagonal \(diagonal)")
    }
    let batch = Tensor.stacked([x, -x])
    try expectEqual(batch.lowerTriangle()[1], -x.lowerTriangle())
    let mask = Tensor.ones([2, 2], dtype: .bool, on: device).lowerTriangle()
    #expect(try mask.scalars(as: Bool.self) == [true, false, true, true])
    // What is cut off has no influence, and no gradient.
    let infinite = Tensor([1, .nan, 2, .infinity], shape: [2, 2], on: device)
    try expect(infinite.lowerTriangle(diagonal: -1), [0, 0, 2, 0])
    #expect(Tensor.zeros([0, 3], on: device).upperTriangle().shape == [0, 3])
  }

  /// PyTorch: diagonal, diag_embed, and NumPy's trace.
  @Test(arguments: TestDevices.all)
  func diagonals(_ device: Device) throws {
    let x = Tensor.range(0..<12, dtype: .float32, on: device).reshaped([3, 4])
    let diagonals: [(Int, [Double])] = [
      (0, [0, 5, 10]), (1, [1, 6, 11]), (-1, [4, 9]), (3, [3]), (-2, [8]), (4, []), (-3, []), (.max, []), (.min, []),
    ]
    for (offset, expected) in diagonals { try expect(x.diagonal(offset: offset), expected, shape: [expected.count]) }
    try expect(Tensor.stacked([x, x + 100]).diagonal(offset: -1), [4, 9, 104, 109], shape: [2, 2])
    let pairs = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    try expect(
      pairs.diagonalMatrix(offset: 1), [0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0], shape: [2, 3, 3])
    try expect(Tensor([1, 2], on: device).diagonalMatrix(offset: -1), [0, 0, 0, 1, 0, 0, 0, 2, 0], shape: [3, 3])
    try expect(Tensor([1, 2], on: device).diagonalMatrix(), [1, 0, 0, 2], shape: [2, 2])
    try expect(Tensor.zeros([0], on: device).diagonalMatrix(offset: 1), [0], shape: [1, 1])
    try expect(x.trace(), [15], shape: [])
    try expect(Tensor.stacked([x, x + 100]).trace(), [15, 315], shape: [2])
    #expect(try Tensor(integers: [1, 2, 3, 4], shape: [2, 2], on: device).trace().scalars(as: Int32.self) == [5])
  }
}
