import Tensors
import Testing

@Suite struct OrderingTests {
  /// PyTorch: quantile in float64 of the rows, of all, and of the columns.
  @Test(arguments: TestDevices.all)
  func quantiles(_ device: Device) throws {
    let x = Tensor([7, 1, 3, 5, 2, 8, 6, 4], shape: [2, 4], on: device)
    let fractions = [0, 0.25, 0.5, 0.9, 1]
    let rows: [(QuantileInterpolation, [[Double]])] = [
      (.linear, [[1, 2], [2.5, 3.5], [4, 5], [6.4, 7.4], [7, 8]]),
      (.lower, [[1, 2], [1, 2], [3, 4], [5, 6], [7, 8]]),
      (.higher, [[1, 2], [3, 4], [5, 6], [7, 8], [7, 8]]),
      (.nearest, [[1, 2], [3, 4], [5, 6], [7, 8], [7, 8]]),
      (.midpoint, [[1, 2], [2, 3], [4, 5], [6, 7], [7, 8]]),
    ]
    for (interpolation, expected) in rows {
      for (fraction, expected) in zip(fractions, expected) {
        try expect(
          x.quantile(fraction, axis: 1, interpolation: interpolation), expected, shape: [2], "\(interpolation)")
      }
    }
    let all: [(QuantileInterpolation, [Double])] = [
      (.linear, [1.7, 4.5, 6.6]), (.lower, [1, 4, 6]), (.higher, [2, 5, 7]), (.nearest, [2, 5, 7]),
      (.midpoint, [1.5, 4.5, 6.5]),
    ]
    for (interpolation, expected) in all {
      for (fraction, expected) in zip([0.1, 0.5, 0.8], expected) {
        try expect(x.quantile(fraction, interpolation: interpolation), [expected], shape: [], "\(interpolation)")
      }
    }
    // Between two numbers at equal distances, the one at the even position.
    try expect(x.quantile(0.5, axis: 0, interpolation: .nearest, keepingRank: true), [2, 1, 3, 4], shape: [1, 4])
  }

  @Test(arguments: TestDevices.all)
  func medians(_ device: Device) throws {
    let x = Tensor([7, 1, 3, 2, 8, 6], shape: [2, 3], on: device)
    try expect(x.median(), [4.5], shape: [])
    try expect(x.median(axis: 1), [3, 6], shape: [2])
    try expect(x.median(axis: 0, keepingRank: true), [4.5, 4.5, 4.5], shape: [1, 3])
    let cube = Tensor.stacked([x, x + 10])
    try expect(cube.median(axes: [0, -1]), [(7.0 + 11) / 2, (8.0 + 12) / 2], shape: [2])
    try expect(cube.median(axes: [0, 2], keepingRank: true), [9, 10], shape: [1, 2, 1])
    try expect(x.median(axes: []), [7, 1, 3, 2, 8, 6], shape: [2, 3])
    try expect(Tensor(5, on: device).median(), [5], shape: [])
    try expect(Tensor([7, 1, .nan, 5, 2, 3], shape: [2, 3], on: device).median(axis: 1), [.nan, 3])
    try expect(Tensor([.infinity, 1, .infinity, -.infinity], on: device).median(), [.infinity])
    try expect(Tensor([.infinity, .infinity], on: device).median(), [.infinity])
    try expect(Tensor([.infinity, -.infinity], on: device).median(), [.nan])
    // The difference overflows, their mean does not.
    try expect(Tensor([3e38, -3e38], on: device).quantile(0.75), [1.5e38])
    #expect(Tensor.zeros([0, 3], on: device).median(axis: 1).shape == [0])
    let gradient = valueAndGradient(at: x) { $0.median(axis: 0).sum() + $0.median(axis: 1).sum() }.gradient
    try expect(gradient, [0.5, 0.5, 1.5, 0.5, 0.5, 1.5])
  }

  /// NumPy: searchsorted.
  @Test(arguments: TestDevices.all)
  func searching(_ device: Device) throws {
    let sorted = Tensor([1, 2, 2, 4, 7], on: device)
    let values = Tensor([0, 1, 2, 3, 7, 8, .nan, .infinity, -.infinity], on: device)
    #expect(try sorted.searchSorted(values).scalars(as: Int.self) == [0, 0, 1, 3, 4, 5, 5, 5, 0])
    #expect(try sorted.searchSorted(values, side: .right).scalars(as: Int.self) == [0, 1, 3, 3, 5, 5, 5, 5, 0])
    let withNaN = Tensor([1, 2, .nan, .nan], on: device)
    let around = Tensor([0, 2, .infinity, .nan], shape: [2, 2], on: device)
    #expect(try withNaN.searchSorted(around).scalars(as: Int.self) == [0, 1, 2, 2])
    let right = withNaN.searchSorted(around, side: .right)
    #expect(right.shape == [2, 2])
    #expect(try right.scalars(as: Int.self) == [0, 2, 2, 4])
    #expect(try sorted.searchSorted(Tensor(3, on: device)).scalars(as: Int.self) == [3])
    let rows = Tensor([1, 3, 5, 2, 4, 6], shape: [2, 3], on: device)
    let perRow = rows.searchSorted(Tensor([3, 6, 3, 7], shape: [2, 2], on: device))
    #expect(perRow.shape == [2, 2])
    #expect(try perRow.scalars(as: Int.self) == [1, 3, 1, 3])
    #expect(
      try Tensor.zeros([0], on: device).searchSorted(Tensor([1, .nan], on: device)).scalars(as: Int.self) == [0, 0])
    #expect(sorted.searchSorted(Tensor.zeros([0], on: device)).shape == [0])
    let whole = Tensor(integers: [-5, 0, 0, 9], on: device)
    let sought = Tensor(integers: [-6, 0, 9, 10], on: device)
    #expect(try whole.searchSorted(sought).scalars(as: Int.self) == [0, 1, 3, 4])
    #expect(try whole.searchSorted(sought, side: .right).scalars(as: Int.self) == [0, 3, 4, 4])
  }

  /// Every length around powers of two, against a linear search.
  @Test(arguments: TestDevices.all)
  func searchesEveryLength(_ device: Device) throws {
    for count in 1...17 {
      let sorted = Tensor.range(0..<count, on: device) * 2
      let values = Tensor.range(-1..<(2 * count), on: device)
      let expected = (-1..<(2 * count)).map { value in (0..<count).filter { 2 * $0 < value }.count }
      #expect(try sorted.searchSorted(values).scalars(as: Int.self) == expected, "\(count) elements")
    }
  }

  @Test(arguments: TestDevices.all)
  func membership(_ device: Device) throws {
    let x = Tensor([1, 5, .nan, 3, 0, 9], shape: [2, 3], on: device)
    let found = x.isIn(Tensor([9, 3, 1, .nan], shape: [2, 2], on: device))
    #expect(found.shape == [2, 3])
    #expect(try found.scalars(as: Bool.self) == [true, false, false, true, false, true])
    let labels = Tensor(integers: [0, 1, 2, 9], on: device)
    #expect(
      try labels.isIn(Tensor(integers: [2, 1], on: device)).scalars(as: Bool.self) == [false, true, true, false])
    #expect(try labels.isIn(Tensor(integers: [], on: device)).scalars(as: Bool.self) == [false, false, false, false])
    let truth = Tensor([true, false], on: device).isIn(Tensor([true], on: device))
    #expect(try truth.scalars(as: Bool.self) == [true, false])
  }
}
