import Tensors
import Testing

@Suite struct GatheringTests {
  @Test(arguments: TestDevices.all)
  func gathering(_ device: Device) throws {
    let x = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3], on: device)
    try expect(x.gathered(Tensor(integers: [2, 0], shape: [2, 1], on: device), axis: 1), [3, 4], shape: [2, 1])
    try expect(x.gathered(Tensor(integers: [1, 0, 1], shape: [1, 3], on: device)), [4, 2, 6], shape: [1, 3])
    try expect(x.gathered(Tensor(integers: [0, 2, 1], on: device), axis: 1), [1, 3, 2, 4, 6, 5], shape: [2, 3])
    try expect(x.gathered(Tensor(integers: [1, 1, 0], on: device)), [4, 5, 6, 4, 5, 6, 1, 2, 3], shape: [3, 3])
    try expect(Tensor([5, 6, 7], on: device).gathered(Tensor(integers: [2, 2], on: device)), [7, 7], shape: [2])
    let table = x.rows(at: Tensor(integers: [1, 0, 0, 1], shape: [2, 2], on: device))
    try expect(table, [4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6], shape: [2, 2, 3])
    try expect(x.rows(at: Tensor(integers: [2], shape: [], on: device), axis: 1), [3, 6], shape: [2])
  }

  /// Kernels cannot throw for an index out of range: it reads as NaN, and scatters ignore it.
  @Test(arguments: TestDevices.all)
  func indicesOutOfRange(_ device: Device) throws {
    let x = Tensor([1, 2, 3], on: device)
    let indices = Tensor(integers: [-1, 1, 3], on: device)
    try expect(x.gathered(indices), [.nan, 2, .nan])
    try expect(x.scatterAdded(Tensor([10, 20, 30], on: device), at: indices), [1, 22, 3])
  }

  @Test(arguments: TestDevices.all)
  func scattering(_ device: Device) throws {
    let x = Tensor.zeros([2, 3], on: device)
    let updates = Tensor([1, 2, 3, 4], shape: [2, 2], on: device)
    try expect(
      x.scatterAdded(updates, at: Tensor(integers: [2, 0], on: device), axis: 1), [2, 0, 1, 4, 0, 3], shape: [2, 3])
    try expect(
      x.scatterAdded(updates, at: Tensor(integers: [1, 1, 0, 1], shape: [2, 2], on: device), axis: 1),
      [0, 3, 0, 3, 4, 0])
    try expect(x, [0, 0, 0, 0, 0, 0])
  }

  /// PyTorch's `scatter_reduce`, with its gradients; for a replacement, the last update.
  @Test(arguments: TestDevices.all)
  func otherScatters(_ device: Device) throws {
    let x = Tensor([1, 2, 3, 0], on: device), u = Tensor([4, 2, 5, 3, 3, 2], on: device)
    let indices = Tensor(integers: [0, 1, 0, 2, 2, 3], on: device)
    let cases: [(ScatterReduction, y: [Double], dx: [Double], du: [Double])] = [
      (.product, [20, 4, 27, 0], [20, 4, 27, 8], [5, 4, 4, 27, 27, 0]),
      (.maximum, [5, 2, 3, 2], [0, 1, 1, 0], [0, 1, 1, 1, 1, 4]),
      (.minimum, [1, 2, 3, 0], [1, 1, 1, 4], [0, 1, 0, 1, 1, 0]),
      (.mean, [10.0 / 3, 2, 3, 1], [1.0 / 3, 1, 1, 2], [1.0 / 3, 1, 1.0 / 3, 1, 1, 2]),
      (.replacement, [5, 2, 3, 2], [0, 0, 0, 0], [0, 2, 1, 0, 3, 4]),
    ]
    for (reduction, y, dx, du) in cases {
      let found = valueAndGradient(at: x, u) { x, u in
        (x.scattered(u, at: indices, by: reduction) * Tensor([1, 2, 3, 4], on: device)).sum()
      }
      try expect(x.scattered(u, at: indices, by: reduction), y, tolerance: 1e-6)
      try expect(found.gradient.0, dx, tolerance: 1e-6)
      try expect(found.gradient.1, du, tolerance: 1e-6)
    }
  }

  /// Updates out of range are ignored, and have the gradient 0.
  @Test(arguments: TestDevices.all, [nil, .replacement, .product, .mean, .maximum, .minimum] as [ScatterReduction?])
  func gradientsOfIgnoredUpdates(_ device: Device, _ reduction: ScatterReduction?) throws {
    let x = Tensor([1, 2], on: device)
    func scattered(_ u: Tensor, _ indices: [Int]) -> Tensor {
      let indices = Tensor(integers: indices, on: device)
      guard let reduction else { return x.scatterAdded(u, at: indices) }
      return x.scattered(u, at: indices, by: reduction)
    }
    let du = valueAndGradient(at: Tensor([0, 5, 3], on: device)) { scattered($0, [-1, 2, 1]).sum() }.gradient
    let kept = valueAndGradient(at: Tensor([3], on: device)) { scattered($0, [1]).sum() }.gradient
    try expect(du, [0, 0, Double(kept.item())])
    let rows = valueAndGradient(at: Tensor.ones([2, 2], on: device)) { u in
      Tensor.zeros([2, 2], on: device).scatterAdded(u, at: Tensor(integers: [7, 0], on: device), axis: 1).sum()
    }
    try expect(rows.gradient, [0, 1, 0, 1])
  }

  /// The only zero among the factors gets the product of the others.
  @Test(arguments: TestDevices.all)
  func productsNextToZeros(_ device: Device) throws {
    let x = Tensor([2, 0, 3], on: device), u = Tensor([0, 5, 7, 0, 0], on: device)
    let indices = Tensor(integers: [0, 0, 1, 2, 2], on: device)
    let (_, (dx, du)) = valueAndGradient(at: x, u) { x, u in x.scattered(u, at: indices, by: .product).sum() }
    try expect(dx, [0, 7, 0])
    try expect(du, [10, 0, 0, 0, 0])
  }

  @Test(arguments: TestDevices.all)
  func scattersOfSlices(_ device: Device) throws {
    let x = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3], on: device)
    let updates = Tensor([10, 20, 30, 40, 50, 60], shape: [2, 3], on: device)
    let columns = Tensor(integers: [2, 5, 2], on: device)
    try expect(x.scattered(updates, at: columns, axis: 1, by: .replacement), [1, 2, 30, 4, 5, 60])
    try expect(x.scattered(updates, at: columns, axis: 1, by: .maximum), [1, 2, 30, 4, 5, 60])
    let integers = x.cast(to: .int32)
    let product = integers.scattered(updates.cast(to: .int32), at: columns, axis: 1, by: .product)
    #expect(try product.scalars(as: Int32.self) == [1, 2, 900, 4, 5, 14400])
    let mask = Tensor([true, false, true], on: device)
    let changed = mask.scattered(
      Tensor([true, false], on: device), at: Tensor(integers: [1, 2], on: device), by: .replacement)
    #expect(try changed.scalars(as: Bool.self) == [true, true, false])
  }

  @Test(arguments: TestDevices.all)
  func arraysInSubscripts(_ device: Device) throws {
    let x = Tensor.range(0..<12, dtype: .float32, on: device).reshaped([3, 4])
    try expect(x[[2, 0, 2]], [8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11], shape: [3, 4])
    try expect(x[.all, [-1, 1]], [3, 1, 7, 5, 11, 9], shape: [3, 2])
    try expect(x[1, [3, 0]], [7, 4], shape: [2])
    try expect(x[.newAxis, 1..., [0]], [4, 8], shape: [1, 2, 1])
    try expect(x[.ellipsis, [0, 3]], [0, 3, 4, 7, 8, 11], shape: [3, 2])
    #expect(x[[Int]()].shape == [0, 4])
    var y = x
    y[[0, 2]] = Tensor(-1, on: device)
    try expect(y, [-1, -1, -1, -1, 4, 5, 6, 7, -1, -1, -1, -1])
    y[1, [3, 0, 3]] = Tensor([1, 2, 3], on: device)
    try expect(y, [-1, -1, -1, -1, 2, 5, 6, 3, -1, -1, -1, -1])
    try expect(x[1], [4, 5, 6, 7])
    let gradient = valueAndGradient(at: x) { $0[[2, 0, 2], 1...2].squared().sum() }.gradient
    try expect(gradient, [0, 2, 4, 0, 0, 0, 0, 0, 0, 36, 40, 0])
    let (_, (ofX, ofValue)) = valueAndGradient(at: x, Tensor([5, 6], on: device)) { x, value in
      var changed = x
      changed[0, [1, 3]] = value
      return changed.squared().sum()
    }
    try expect(ofX, [0, 0, 4, 0, 8, 10, 12, 14, 16, 18, 20, 22])
    try expect(ofValue, [10, 12])
  }

  @Test(arguments: TestDevices.all)
  func oneHot(_ device: Device) throws {
    let labels = Tensor(integers: [0, 2, -1], on: device)
    try expect(labels.oneHot(classes: 3), [1, 0, 0, 0, 0, 1, 0, 0, 0], shape: [3, 3])
    #expect(Tensor(integers: [1, 2], shape: [2, 1], on: device).oneHot(classes: 4).shape == [2, 1, 4])
    let bytes = Tensor([0, 2, 255] as [UInt8], on: device)
    try expect(bytes.oneHot(classes: 3), [1, 0, 0, 0, 0, 1, 0, 0, 0], shape: [3, 3])
    try expect(Tensor([5, 6, 7], on: device).rows(at: bytes[..<2]), [5, 7])
    try expect(Tensor.zeros([3], on: device).scatterAdded(Tensor([5, 6, 7], on: device), at: bytes), [5, 0, 6])
  }

  @Test(arguments: TestDevices.all)
  func sorting(_ device: Device) throws {
    let x = Tensor([3, 1, 2, 1, 5, 4], shape: [2, 3], on: device)
    try expect(x.sorted(), [1, 2, 3, 1, 4, 5], shape: [2, 3])
    try expect(x.sorted(descending: true), [3, 2, 1, 5, 4, 1])
    try expect(x.sorted(axis: 0), [1, 1, 2, 3, 5, 4])
    #expect(try x.argsort().scalars(as: Int32.self) == [1, 2, 0, 0, 2, 1])
    #expect(try x.argsort(axis: 0, descending: true).scalars(as: Int32.self) == [0, 1, 1, 1, 0, 0])
    let stable = Tensor([2, 1, 2, 1], on: device)
    #expect(try stable.argsort().scalars(as: Int32.self) == [1, 3, 0, 2])
    try expect(Tensor([2, .nan, 1], on: device).sorted(), [1, 2, .nan])
    let (values, indices) = x.topK(2)
    try expect(values, [3, 2, 5, 4], shape: [2, 2])
    #expect(try indices.scalars(as: Int32.self) == [0, 2, 1, 2])
    let smallest = x.topK(1, axis: 0, largest: false)
    try expect(smallest.values, [1, 1, 2], shape: [1, 3])
    #expect(try smallest.indices.scalars(as: Int32.self) == [1, 0, 0])
    let truth = Tensor([true, false, true], on: device)
    #expect(try truth.sorted().scalars(as: Bool.self) == [false, true, true])
    #expect(try truth.argsort(descending: true).scalars(as: Int32.self) == [0, 2, 1])
  }
}
