import Tensors
import Testing

@Suite struct ShapeTests {
  static func counting(_ shape: [Int], on device: Device) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map(Float.init), shape: shape, on: device)
  }

  @Test(arguments: TestDevices.all)
  func reshaping(_ device: Device) throws {
    let x = ShapeTests.counting([2, 3, 4], on: device)
    #expect(x.reshaped([6, -1]).shape == [6, 4])
    #expect(x.reshaped([-1]).shape == [24])
    #expect(x.flattened().shape == [24])
    #expect(x.flattened(from: 1).shape == [2, 12])
    #expect(x.flattened(from: -2).shape == [2, 12])
    #expect(Tensor(1, on: device).flattened().shape == [1])
    #expect(x.expanded(axis: 0).shape == [1, 2, 3, 4])
    #expect(x.expanded(axis: -1).shape == [2, 3, 4, 1])
    #expect(x.expanded(axis: 1).squeezed(axis: 1).shape == [2, 3, 4])
    try expect(x.reshaped([4, 6]), (0..<24).map(Double.init))
    #expect(Tensor.zeros([0, 3], on: device).reshaped([3, 0]).shape == [3, 0])
  }

  @Test(arguments: TestDevices.all)
  func permuting(_ device: Device) throws {
    let x = ShapeTests.counting([2, 3], on: device)
    try expect(x.transposed(), [0, 3, 1, 4, 2, 5], shape: [3, 2])
    try expect(x.permuted([1, 0]), [0, 3, 1, 4, 2, 5], shape: [3, 2])
    let y = ShapeTests.counting([2, 2, 3], on: device)
    try expect(y.permuted([2, 0, 1]), [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11], shape: [3, 2, 2])
    try expect(y.permuted([-1, 0, 1]), [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11], shape: [3, 2, 2])
    try expect(y.transposed(0, 2), [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11], shape: [3, 2, 2])
    try expect(x.flipped(axis: 1), [2, 1, 0, 5, 4, 3], shape: [2, 3])
    try expect(x.flipped(axis: 0), [3, 4, 5, 0, 1, 2], shape: [2, 3])
    let mask = Tensor([true, false, false, true, true, true], shape: [2, 3], on: device)
    #expect(try mask.transposed().scalars(as: Bool.self) == [true, true, false, true, false, true])
  }

  @Test(arguments: TestDevices.all)
  func repeating(_ device: Device) throws {
    let row = Tensor([1, 2], on: device)
    try expect(row.broadcast(to: [3, 2]), [1, 2, 1, 2, 1, 2], shape: [3, 2])
    try expect(row.reshaped([2, 1]).broadcast(to: [2, 3]), [1, 1, 1, 2, 2, 2], shape: [2, 3])
    try expect(row.tiled([2]), [1, 2, 1, 2], shape: [4])
    try expect(row.tiled([2, 2]), [1, 2, 1, 2, 1, 2, 1, 2], shape: [2, 4])
    let x = ShapeTests.counting([2, 2], on: device)
    try expect(x.tiled([2, 1]), [0, 1, 2, 3, 0, 1, 2, 3], shape: [4, 2])
    try expect(x.tiled([2]), [0, 1, 0, 1, 2, 3, 2, 3], shape: [2, 4])
    #expect(x.tiled([0, 1]).shape == [0, 2])
    try expect(x.repeated(2, axis: 0), [0, 1, 0, 1, 2, 3, 2, 3], shape: [4, 2])
    try expect(x.repeated(2, axis: -1), [0, 0, 1, 1, 2, 2, 3, 3], shape: [2, 4])
  }

  @Test(arguments: TestDevices.all)
  func joining(_ device: Device) throws {
    let x = ShapeTests.counting([2, 2], on: device)
    let y = x + 10
    try expect(.concatenated([x, y]), [0, 1, 2, 3, 10, 11, 12, 13], shape: [4, 2])
    try expect(.concatenated([x, y], axis: -1), [0, 1, 10, 11, 2, 3, 12, 13], shape: [2, 4])
    try expect(.stacked([x, y]), [0, 1, 2, 3, 10, 11, 12, 13], shape: [2, 2, 2])
    try expect(.stacked([x, y], axis: -1), [0, 10, 1, 11, 2, 12, 3, 13], shape: [2, 2, 2])
    try expect(.concatenated([x, .zeros([0, 2], on: device)]), [0, 1, 2, 3], shape: [2, 2])
    let parts = ShapeTests.counting([2, 6], on: device).split(parts: 3, axis: 1)
    #expect(parts.count == 3)
    try expect(parts[1], [2, 3, 8, 9], shape: [2, 2])
    let sizes = ShapeTests.counting([4, 1], on: device).split(sizes: [1, 0, 3])
    try expect(sizes[2], [1, 2, 3], shape: [3, 1])
    #expect(sizes[1].shape == [0, 1])
    try expect(x.padded([(1, 0), (0, 1)]), [0, 0, 0, 0, 1, 0, 2, 3, 0], shape: [3, 3])
    try expect(Tensor([1, 2], on: device).padded([(1, 2)], with: -1), [-1, 1, 2, -1, -1])
  }
}

@Suite struct IndexingTests {
  @Test(arguments: TestDevices.all)
  func reading(_ device: Device) throws {
    let x = ShapeTests.counting([3, 4], on: device)
    try expect(x[0], [0, 1, 2, 3], shape: [4])
    try expect(x[-1], [8, 9, 10, 11], shape: [4])
    try expect(x[1, 2], [6], shape: [])
    try expect(x[.all, 2], [2, 6, 10], shape: [3])
    try expect(x[0..<1, 1...], [1, 2, 3], shape: [1, 3])
    try expect(x[1...2, ..<2], [4, 5, 8, 9], shape: [2, 2])
    try expect(x[-2..<0, ...1], [4, 5, 8, 9], shape: [2, 2])
    try expect(x[1..., -1], [7, 11], shape: [2])
    try expect(x[..<(-1), 0], [0, 4], shape: [2])
    try expect(x[-2...(-1), 0], [4, 8], shape: [2])
    try expect(x[.ellipsis, 1], [1, 5, 9], shape: [3])
    try expect(x[.newAxis, 0...1, 0], [0, 4], shape: [1, 2])
    try expect(x[0, .newAxis, ..<2], [0, 1], shape: [1, 2])
    try expect(x[stride(from: 0, to: 3, by: 2), .all], [0, 1, 2, 3, 8, 9, 10, 11], shape: [2, 4])
    try expect(x[.all, stride(from: 3, to: -1, by: -2)], [3, 1, 7, 5, 11, 9], shape: [3, 2])
    try expect(x[stride(from: 1, to: 2, by: 5), 0], [4], shape: [1])
    #expect(x[3..., 0].shape == [0])
    #expect(x[1..<1].shape == [0, 4])
    #expect(x[stride(from: 0, to: 0, by: 1)].shape == [0, 4])
    let y = ShapeTests.counting([2, 3, 4], on: device)
    try expect(y[.ellipsis, 0], [0, 4, 8, 12, 16, 20], shape: [2, 3])
    try expect(y[1, .ellipsis, 0], [12, 16, 20], shape: [3])
    try expect(y[1, 2, 3], [23], shape: [])
  }

  @Test(arguments: TestDevices.all)
  func writing(_ device: Device) throws {
    var x = Tensor.zeros([2, 3], on: device)
    x[0, 1..<3] = Tensor([7, 8], on: device)
    try expect(x, [0, 7, 8, 0, 0, 0])
    x[.all, 0] = Tensor(5, on: device)
    try expect(x, [5, 7, 8, 5, 0, 0])
    x[1] += x[0]
    try expect(x, [5, 7, 8, 10, 7, 8])
    x[.all, stride(from: 2, to: -1, by: -2)] = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    try expect(x, [2, 7, 1, 4, 7, 3])
    x[1..., .ellipsis] = Tensor([9, 9, 9], on: device)
    try expect(x, [2, 7, 1, 9, 9, 9])
    x[0...1] = x.flipped(axis: 0)
    try expect(x, [9, 9, 9, 2, 7, 1])
    x[2...] = Tensor.zeros([0, 3], on: device)
    try expect(x, [9, 9, 9, 2, 7, 1])
    var labels = Tensor(integers: [1, 2, 3], on: device)
    labels[1] = Tensor(integers: [-4], shape: [], on: device)
    #expect(try labels.scalars(as: Int32.self) == [1, -4, 3])
  }

  @Test(arguments: TestDevices.all)
  func keptCopiesNeverChange(_ device: Device) throws {
    let original = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    var x = original
    let row = x[0], flat = x.reshaped([4])
    x[0, 0] = Tensor(9, on: device)
    x += 1
    x *= original
    x[1] -= row
    try expect(original, [1, 2, 3, 4])
    try expect(row, [1, 2])
    try expect(flat, [1, 2, 3, 4])
    try expect(x, [10, 6, 11, 18])
    var y = row
    y += row
    try expect(row, [1, 2])
    try expect(y, [2, 4])
    try expect(original, [1, 2, 3, 4])
  }

  @Test(arguments: TestDevices.all)
  func inPlaceWhenNobodyElseHoldsIt(_ device: Device) throws {
    var x = Tensor.ones([4], on: device)
    let storage = ObjectIdentifier(x.storage)
    x += 1
    x *= Tensor([1, 2, 3, 4], on: device)
    x[2] = Tensor(0, on: device)
    x /= 2
    #expect(ObjectIdentifier(x.storage) == storage)
    try expect(x, [1, 2, 0, 4])
    let kept = x
    x -= 1
    #expect(ObjectIdentifier(x.storage) != storage)
    try expect(kept, [1, 2, 0, 4])
    x += Tensor.ones([2, 4], on: device)
    try expect(x, [1, 2, 0, 4, 1, 2, 0, 4], shape: [2, 4])
  }
}
