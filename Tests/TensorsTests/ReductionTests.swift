import Tensors
import Testing

@Suite struct ReductionTests {
  @Test(arguments: TestDevices.all)
  func sums(_ device: Device) throws {
    let x = Tensor((0..<24).map(Float.init), shape: [2, 3, 4], on: device)
    try expect(x.sum(), [276], shape: [])
    try expect(x.sum(axis: 0), [12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34], shape: [3, 4])
    try expect(x.sum(axis: 1), [12, 15, 18, 21, 48, 51, 54, 57], shape: [2, 4])
    try expect(x.sum(axis: -1, keepingRank: true), [6, 22, 38, 54, 70, 86], shape: [2, 3, 1])
    try expect(x.sum(axes: [0, 2]), [60, 92, 124], shape: [3])
    try expect(x.sum(axes: [2, 0], keepingRank: true), [60, 92, 124], shape: [1, 3, 1])
    try expect(x.sum(axes: [0, 1]), [60, 66, 72, 78], shape: [4])
    try expect(x.sum(axes: []), (0..<24).map(Double.init), shape: [2, 3, 4])
    try expect(Tensor(5, on: device).sum(), [5], shape: [])
    try expect(Tensor.zeros([0, 2], on: device).sum(axis: 0), [0, 0], shape: [2])
    #expect(try Tensor(integers: [3, 4], on: device).sum().scalars(as: Int32.self) == [7])
  }

  @Test(arguments: TestDevices.all)
  func others(_ device: Device) throws {
    let x = Tensor([3, -1, 2, 5, 0, -4], shape: [2, 3], on: device)
    try expect(x.mean(), [5.0 / 6], shape: [])
    try expect(x.mean(axis: 1), [4.0 / 3, 1.0 / 3])
    try expect(x.mean(axes: [0], keepingRank: true), [4, -0.5, -1], shape: [1, 3])
    try expect(x.max(), [5])
    try expect(x.max(axis: 0), [5, 0, 2], shape: [3])
    try expect(x.max(axes: [1], keepingRank: true), [3, 5], shape: [2, 1])
    try expect(x.min(), [-4])
    try expect(x.min(axis: 1), [-1, -4], shape: [2])
    try expect(x.product(), [0])
    try expect(x.product(axis: 0), [15, 0, -8])
    try expect(x.product(axes: [1]), [-6, 0])
    try expect(Tensor([1, .nan, 3], on: device).max(), [.nan])
  }

  @Test(arguments: TestDevices.all)
  func truth(_ device: Device) throws {
    let x = Tensor([true, false, true, true, false, false], shape: [3, 2], on: device)
    #expect(try x.any().scalars(as: Bool.self) == [true])
    #expect(try x.all().scalars(as: Bool.self) == [false])
    #expect(try x.any(axis: 1).scalars(as: Bool.self) == [true, true, false])
    #expect(try x.all(axis: 1).scalars(as: Bool.self) == [false, true, false])
    #expect(try x.all(axes: [0], keepingRank: true).scalars(as: Bool.self) == [false, false])
    #expect(try x.max(axis: 1).scalars(as: Bool.self) == [true, true, false])
    #expect(try x.min(axis: 1).scalars(as: Bool.self) == [false, true, false])
    #expect(try x.argmax(axis: 1).scalars(as: Int.self) == [0, 0, 0])
    #expect(try x.argmin(axis: 0).scalars(as: Int.self) == [2, 0])
  }

  /// Numbers other than 0 are true, and so is NaN.
  @Test(arguments: TestDevices.all)
  func truthOfNumbers(_ device: Device) throws {
    let x = Tensor([0, .nan, 0, -0.0, 2, -1], shape: [3, 2], on: device)
    #expect(try x.any(axis: 1).scalars(as: Bool.self) == [true, false, true])
    #expect(try x.all(axis: 1).scalars(as: Bool.self) == [false, false, true])
    let whole = Tensor(integers: [0, -3, 0, 0], shape: [2, 2], on: device)
    #expect(try whole.any(axis: 1).scalars(as: Bool.self) == [true, false])
    #expect(try whole.all().scalars(as: Bool.self) == [false])
    #expect(try Tensor.zeros([0], on: device).any().scalars(as: Bool.self) == [false])
    #expect(try Tensor.zeros([0], on: device).all().scalars(as: Bool.self) == [true])
  }

  /// NumPy results: `var`, `std`, with ddof, and `logaddexp.reduce`.
  @Test(arguments: TestDevices.all)
  func statistics(_ device: Device) throws {
    let x = Tensor([1, 2, 4, 8, 16, 33], shape: [2, 3], on: device)
    try expect(x.variance(axis: 1), [1.5555555555555556, 108.66666666666667], shape: [2])
    try expect(x.variance(axis: 1, correction: 1), [2.3333333333333335, 163.0])
    try expect(x.variance(), [124.55555555555556], shape: [])
    try expect(x.standardDeviation(axes: [0], keepingRank: true), [3.5, 7, 14.5], shape: [1, 3])
    try expect(x.standardDeviation(axis: 1, correction: 1), [1.5275252316519468, 12.767145334803704])
    try expect(x.logSumExp(axis: 1), [4.169846019556286, 33.000000041413266], shape: [2])
    try expect(
      x.logSumExp(axes: [0], keepingRank: true), [8.000911466453774, 16.000000831528375, 33], shape: [1, 3])
    let infinite = Tensor([-.infinity, -.infinity, 1000, 1000], shape: [2, 2], on: device)
    try expect(infinite.logSumExp(axis: 1), [-.infinity, 1000.6931471805599])
  }

  @Test(arguments: TestDevices.all)
  func positions(_ device: Device) throws {
    let x = Tensor([3, 7, 7, 5, 0, 0], shape: [2, 3], on: device)
    #expect(try x.argmax().scalars(as: Int32.self) == [1, 0])
    #expect(try x.argmax(axis: 0).scalars(as: Int32.self) == [1, 0, 0])
    #expect(try x.argmin().scalars(as: Int32.self) == [0, 1])
    #expect(x.argmin(axis: 1, keepingRank: true).shape == [2, 1])
    #expect(x.argmax().dtype == .int32)
    #expect(try Tensor([1, .nan, 9], on: device).argmax().scalars(as: Int32.self) == [1])
  }

  @Test(arguments: TestDevices.all)
  func cumulativeSums(_ device: Device) throws {
    let x = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3], on: device)
    try expect(x.cumulativeSum(axis: 1), [1, 3, 6, 4, 9, 15], shape: [2, 3])
    try expect(x.cumulativeSum(axis: 0), [1, 2, 3, 5, 7, 9])
    try expect(x.cumulativeSum(axis: -1, reversed: true), [6, 5, 3, 15, 11, 6])
  }

  /// NumPy's `cumprod`, `maximum.accumulate`, and `minimum.accumulate`.
  @Test(arguments: TestDevices.all)
  func otherScans(_ device: Device) throws {
    let x = Tensor([2, -1, 3, 0, 5, -4], shape: [2, 3], on: device)
    try expect(x.cumulativeProduct(axis: 1), [2, -2, -6, 0, 0, 0], shape: [2, 3])
    try expect(x.cumulativeProduct(axis: 0, reversed: true), [0, -5, -12, 0, 5, -4])
    try expect(x.cumulativeMax(axis: 1), [2, 2, 3, 0, 5, 5])
    try expect(x.cumulativeMin(axis: -1, reversed: true), [-1, -1, 3, -4, -4, -4])
    try expect(Tensor([1, .nan, 3, .infinity], on: device).cumulativeMax(axis: 0), [1, .nan, .nan, .nan])
    try expect(Tensor([-.infinity, 1], on: device).cumulativeMax(axis: 0), [-.infinity, 1])
    let integers = Tensor(integers: [3, 1, -2, 7], on: device)
    #expect(try integers.cumulativeProduct(axis: 0).scalars(as: Int32.self) == [3, 3, -6, -42])
    #expect(try integers.cumulativeMax(axis: 0).scalars(as: Int32.self) == [3, 3, 3, 7])
    #expect(try integers.cumulativeMin(axis: 0, reversed: true).scalars(as: Int32.self) == [-2, -2, -2, 7])
    try expect(Tensor.zeros([0, 2], on: device).cumulativeProduct(axis: 0), [], shape: [0, 2])
    // More than a work group scans at a time.
    let long = (Tensor.range(0..<5000, on: device) * 7919).remainder(5000).cumulativeMax(axis: 0)
    #expect(try long[stride(from: 0, to: 5000, by: 4999)].scalars(as: Int32.self) == [0, 4999])
  }

  /// The gradients of cumulative reductions with ties and zeros, as PyTorch computes them.
  @Test(arguments: TestDevices.all)
  func gradientsOfScans(_ device: Device) throws {
    let weights = Tensor([1, 2, 3, 4, 5], on: device)
    func gradient(_ values: [Float], _ body: (Tensor) -> Tensor) -> Tensor {
      valueAndGradient(at: Tensor(values, on: device)) { (body($0) * weights).sum() }.gradient
    }
    try expect(gradient([1, 3, 3, 2, 4]) { $0.cumulativeMax(axis: 0) }, [1, 2, 7, 0, 5])
    try expect(gradient([1, 3, 3, 2, 4]) { $0.cumulativeMin(axis: 0) }, [15, 0, 0, 0, 0])
    try expect(gradient([2, 0, 3, 4, 5]) { $0.cumulativeProduct(axis: 0) }, [1, 718, 0, 0, 0])
    try expect(gradient([2, 0, 3, 0, 5]) { $0.cumulativeProduct(axis: 0) }, [1, 22, 0, 0, 0])
    try expect(gradient([2, 0, 3, 0, 5]) { $0.cumulativeProduct(axis: 0, reversed: true) }, [0, 0, 0, 65, 5])
  }

  /// Elements tied for the maximum or minimum share its gradient (PyTorch's amax).
  @Test(arguments: TestDevices.all)
  func tiesShareTheGradient(_ device: Device) throws {
    let x = Tensor([1, 3, 3, 3], on: device)
    try expect(valueAndGradient(at: x) { $0.max() }.gradient, [0, 1.0 / 3, 1.0 / 3, 1.0 / 3])
    try expect(valueAndGradient(at: -x) { $0.min() }.gradient, [0, 1.0 / 3, 1.0 / 3, 1.0 / 3])
    let (_, (da, db)) = valueAndGradient(at: Tensor([1, 2], on: device), Tensor([1, 3], on: device)) { a, b in
      a.maximum(b).sum()
    }
    try expect(da, [0.5, 0])
    try expect(db, [0.5, 1])
  }

  /// The gradient of a product with factors of zero, and its derivative.
  @Test func productsWithZeros() throws {
    let x = Tensor([2, 0, 3, 0, 0, 5], shape: [2, 3])
    try expect(valueAndGradient(at: x) { $0.product(axis: 1).sum() }.gradient, [0, 6, 0, 0, 0, 0])
    let y = Tensor([0, 3, 4])
    let (_, second) = valueAndGradient(at: y) { y in
      let (_, gradient) = valueAndGradient(at: y) { $0.product() }
      return (gradient * Tensor([1, 10, 100])).sum()
    }
    // g = (bc, ac, ab): the weighted sum bc + 10ac + 100ab has the gradient (10c + 100b, c + 100a, b + 10a).
    try expect(second, [340, 4, 3])
  }

  /// Corrections at the ends of what an `Int` holds: n − correction is beyond one.
  @Test(arguments: TestDevices.all) func variancesTakeEveryCorrection(_ device: Device) throws {
    let x = Tensor([1, 2, 4] as [Float], on: device)
    for correction in [Int.min, Int.min + 1, -(1 << 40)] {
      let expected = 14 / 3 / (3 - Double(correction))
      let found = try x.variance(correction: correction).scalars(as: Double.self)
      #expect(abs(found[0] - expected) <= 1e-5 * expected, "\(correction)")
    }
    #expect(try x.variance(correction: .max).scalars(as: Double.self) == [.infinity])
  }
}
