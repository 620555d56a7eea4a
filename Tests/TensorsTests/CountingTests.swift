import BackendCore
import Tensors
import Testing

@Suite struct CountingTests {
  @Test(arguments: TestDevices.all)
  func nonZeros(_ device: Device) throws {
    let x = Tensor([0, 2, .nan, -1, 0, 0], shape: [2, 3], on: device)
    #expect(try x.countNonZero().item() == 3)
    #expect(try x.countNonZero(axis: 1).scalars(as: Int.self) == [2, 1])
    #expect(x.countNonZero(axes: [0], keepingRank: true).shape == [1, 3])
    #expect(x.countNonZero().dtype == .int32)
    let positions = try x.nonZero()
    #expect(positions.shape == [3, 2] && positions.dtype == .int32)
    #expect(try positions.scalars(as: Int.self) == [0, 1, 0, 2, 1, 0])
    #expect(try Tensor(integers: [0, 0], on: device).nonZero().shape == [0, 1])
    #expect(try Tensor.zeros([2, 0, 3], on: device).nonZero().shape == [0, 3])
    #expect(try Tensor(7, on: device).nonZero().shape == [1, 0])
    #expect(try Tensor(0, on: device).nonZero().shape == [0, 0])
    let cube = (Tensor.range(0..<24, on: device).remainder(5) .== 0).reshaped([2, 3, 4])
    #expect(try cube.nonZero().scalars(as: Int.self) == [0, 0, 0, 0, 1, 1, 0, 2, 2, 1, 0, 3, 1, 2, 0])
  }

  @Test(arguments: TestDevices.all)
  func selections(_ device: Device) throws {
    let x = Tensor([5, -1, 3, -2, 0, 4], shape: [2, 3], on: device)
    try expect(x.selected(where: x .> 0), [5, 3, 4], shape: [3])
    try expect(x.selected(where: Tensor([false, true], on: device)), [-2, 0, 4], shape: [1, 3])
    try expect(x.selected(where: x .> 9), [], shape: [0])
    try expect(x.selected(where: Tensor([false, false], on: device)), [], shape: [0, 3])
    try expect(Tensor(2, on: device).selected(where: Tensor(2, on: device) .> 1), [2], shape: [1])
    #expect(
      try Tensor.zeros([0, 2], on: device).selected(where: .zeros([0], dtype: .bool, on: device)).shape == [0, 2])
    let labels = Tensor(integers: [4, 5, 6], on: device)
    #expect(try labels.selected(where: labels .!= 5).scalars(as: Int.self) == [4, 6])
    let (value, gradient) = try valueAndGradient(at: x) { x in try x.selected(where: x .> 0).squared().sum() }
    try expect(value, [50])
    try expect(gradient, [10, 0, 6, 0, 0, 8])
  }

  /// PyTorch: unique with return_inverse and return_counts. NumPy: unique_all([[3, 1, 3, 0], [1, 0, 2, 3]]).
  @Test(arguments: TestDevices.all)
  func distinct(_ device: Device) throws {
    let x = Tensor([3, 1, 3, 2, 1, .nan, .nan, -.infinity], shape: [2, 4], on: device)
    let found = try x.unique()
    let (values, positions, counts) = (found.values, found.positions, found.counts)
    try expect(values, [-.infinity, 1, 2, 3, .nan, .nan], shape: [6])
    #expect(positions.shape == [2, 4])
    #expect(try positions.scalars(as: Int.self) == [3, 1, 3, 2, 1, 4, 5, 0])
    #expect(try counts.scalars(as: Int.self) == [1, 2, 1, 2, 1, 1])
    try expectEqual(values.rows(at: positions), x)
    #expect(try found.indices.scalars(as: Int.self) == [7, 1, 3, 0, 5, 6])
    let all = try Tensor(integers: [3, 1, 3, 0, 1, 0, 2, 3], shape: [2, 4], on: device).unique()
    #expect(try all.values.scalars(as: Int.self) == [0, 1, 2, 3] && all.indices.scalars(as: Int.self) == [3, 1, 6, 0])
    #expect(try all.positions.scalars(as: Int.self) == [3, 1, 3, 0, 1, 0, 2, 3])
    #expect(try all.counts.scalars(as: Int.self) == [2, 2, 1, 3])
    let words = try Tensor(integers: [7, 7, -2], on: device).unique()
    #expect(words.values.dtype == .int32)
    #expect(try words.values.scalars(as: Int.self) == [-2, 7])
    let truth = try Tensor([true, false, true], on: device).unique()
    #expect(try truth.values.scalars(as: Bool.self) == [false, true])
    #expect(try truth.counts.scalars(as: Int.self) == [1, 2])
    let scalar = try Tensor(5, on: device).unique()
    #expect(scalar.values.shape == [1] && scalar.positions.shape == [])
    let none = try Tensor.zeros([2, 0], on: device).unique()
    #expect(none.values.shape == [0] && none.positions.shape == [2, 0] && none.counts.shape == [0])
    #expect(none.indices.shape == [0])
    let gradient = try valueAndGradient(at: Tensor([2, 1, 2], on: device)) { try $0.unique().values.squared().sum() }
    try expect(gradient.gradient, [4, 2, 0])
  }

  /// NumPy: histogram. The last interval includes its upper bound.
  @Test(arguments: TestDevices.all)
  func histograms(_ device: Device) throws {
    let x = Tensor([1, 2, 1, 4, 5, 2.5, -1], on: device)
    func check(
      _ histogram: (counts: Tensor, edges: Tensor), _ counts: [Int], _ edges: [Double],
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      #expect(histogram.counts.dtype == .int32, sourceLocation: sourceLocation)
      #expect(try histogram.counts.scalars(as: Int.self) == counts, sourceLocation: sourceLocation)
      try expect(histogram.edges, edges, shape: [counts.count + 1], sourceLocation: sourceLocation)
    }
    try check(x.histogram(bins: 4), [1, 2, 2, 2], [-1, 0.5, 2, 3.5, 5])
    try check(x.histogram(bins: 3, range: 1...4), [2, 2, 1], [1, 2, 3, 4])
    try check(Tensor([3, 3, 3], on: device).histogram(bins: 2), [0, 3], [2.5, 3, 3.5])
    try check(Tensor.zeros([0], on: device).histogram(bins: 2), [0, 0], [0, 0.5, 1])
    try check(Tensor([1, .nan, .infinity], on: device).histogram(bins: 2, range: 0...2), [0, 1], [0, 1, 2])
    try check(Tensor([1, .infinity], on: device).histogram(bins: 2), [0, 0], [.nan, .nan, .nan])
    try check(Tensor([1, .nan], on: device).histogram(bins: 2), [0, 0], [.nan, .nan, .nan])
    try check(Tensor(integers: [0, 1, 1, 4], on: device).histogram(bins: 2), [3, 1], [0, 2, 4])
    #expect(x.reshaped([7, 1]).histogram().counts.shape == [10])
    // Bounds between which the others are exact.
    let one = [1.0, 2, 3, 4, 5, 6, 7]
    let steps = Tensor([1, 2, 3, 4, 5, 6, 7], on: device)
    try check(steps.histogram(bins: 6), [1, 1, 1, 1, 1, 2], one)
    try check(steps.histogram(bins: 6, range: 1...7), [1, 1, 1, 1, 1, 2], one)
    let tenths = (0...10).map { Double($0) / 10 }
    try check(
      Tensor(tenths.map { Float($0) }, on: device).histogram(bins: 10, range: 0...1), [1, 1, 1, 1, 1, 1, 1, 1, 1, 2],
      tenths)
    try check(
      Tensor([0, 0.7, 1.4, 2.1], on: device).histogram(bins: 3, range: 0...2.1), [1, 1, 2], [0, 0.7, 1.4, 2.1])
    // Bounds whose difference is not representable.
    try check(Tensor([-3e38, 1, 3e38], on: device).histogram(bins: 2), [1, 2], [-3e38, 0, 3e38])
    try check(Tensor([-3e38, 1, 3e38], on: device).histogram(bins: 2, range: -3e38...3e38), [1, 2], [-3e38, 0, 3e38])
  }

  /// Integers that float32 does not tell apart.
  @Test(arguments: TestDevices.all.filter { $0.backend.computes(.float64) })
  func histogramsOfLongIntegers(_ device: Device) throws {
    let times = [1_700_000_000, 1_700_000_050] as [Int64]
    for dtype in [.int32, .int64] as [DType] {
      let (counts, edges) = Tensor(times, dtype: dtype, on: device).histogram(bins: 2)
      #expect(try counts.scalars(as: Int.self) == [1, 1])
      #expect(edges.dtype == .float64)
      #expect(try edges.scalars(as: Double.self) == [1_700_000_000, 1_700_000_025, 1_700_000_050])
    }
  }

  /// Where float32 does not have as many numbers as there are bounds, these still ascend, and all elements are counted.
  @Test(arguments: TestDevices.all)
  func histogramsOfCloseNumbers(_ device: Device) throws {
    let x = Tensor((0...8).map { 1e8 + 8 * Float($0) }, on: device)
    for range in [nil, 1e8...1e8 + 64] {
      let (counts, edges) = x.histogram(bins: 20, range: range)
      let bounds = try edges.scalars()
      #expect(bounds == bounds.sorted() && bounds.first == 1e8 && bounds.last == 1e8 + 64)
      #expect(try counts.sum().item(as: Int.self) == 9 && counts.scalars(as: Int.self).filter { $0 == 1 }.count == 9)
    }
    for number: Float in [1e8, -1e8, 3e38, .greatestFiniteMagnitude] {
      for range in [nil, Double(number)...Double(number)] {
        let (counts, edges) = Tensor([number, number], on: device).histogram(bins: 2, range: range)
        #expect(try edges[0].item() < Double(number) || edges[-1].item() > Double(number), "\(number)")
        #expect(try edges.scalars().allSatisfy(\.isFinite) && counts.sum().item(as: Int.self) == 2, "\(number)")
      }
    }
  }

  /// PyTorch: bincount.
  @Test(arguments: TestDevices.all)
  func occurrences(_ device: Device) throws {
    let x = Tensor(integers: [1, 3, 1, 0], shape: [2, 2], on: device)
    #expect(try x.binCount().scalars(as: Int.self) == [1, 2, 0, 1])
    #expect(try x.binCount(minimumLength: 6).scalars(as: Int.self) == [1, 2, 0, 1, 0, 0])
    #expect(try Tensor(integers: [-1, 2, -7], on: device).binCount().scalars(as: Int.self) == [0, 0, 1])
    #expect(try Tensor(integers: [-1], on: device).binCount().shape == [0])
    let long = Tensor([2, -1, 0, 1 << 32, 2, .min] as [Int64], on: device)
    #expect(try long.binCount().scalars(as: Int.self) == [1, 0, 2])
    #expect(try Tensor([1, 3, 1, 0] as [UInt8], on: device).binCount().scalars(as: Int.self) == [1, 2, 0, 1])
    #expect(try Tensor([255, 0, 255] as [UInt8], on: device).binCount().scalars(as: Int.self).last == 2)
    #expect(try Tensor([-1, 2] as [Int8], on: device).binCount().scalars(as: Int.self) == [0, 0, 1])
    #expect(try Tensor([-1, 2] as [Int16], on: device).binCount().scalars(as: Int.self) == [0, 0, 1])
    #expect(try Tensor(integers: [], on: device).binCount(minimumLength: 2).scalars(as: Int.self) == [0, 0])
    let weights = Tensor([0.5, 2, 0.25, 1], shape: [2, 2], on: device)
    try expect(x.binCount(weights: weights), [1, 0.75, 0, 2], shape: [4])
    let gradient = try valueAndGradient(at: weights) { try x.binCount(weights: $0).squared().sum() }.gradient
    try expect(gradient, [1.5, 4, 1.5, 2], shape: [2, 2])
  }

  /// A size that was read is not repeated, because it depends on the inputs.
  @Test(arguments: TestDevices.all)
  func sizesAreNotRecorded(_ device: Device) throws {
    let x = Tensor([5, -1, 3], on: device)
    let (results, function) = try RecordedFunction.record(on: device, like: [x]) { inputs in
      [try inputs[0].selected(where: inputs[0] .> 0)]
    }
    try expect(results[0], [5, 3], shape: [2])
    #expect(function == nil)
  }

  /// Errors of earlier operations are thrown where a size is read.
  @Test func failuresAreThrown() throws {
    let x = Tensor.zeros([4], on: TestDevices.full)
    #expect(throws: DeviceError.self) { try x.nonZero() }
    #expect(throws: DeviceError.self) { try x.unique() }
    #expect(throws: DeviceError.self) { try x.selected(where: x .> 0) }
    #expect(throws: DeviceError.self) { try x.cast(to: .int32).binCount() }
    #expect(throws: DeviceError.self) { try x.allClose(x) }
    #expect(throws: DeviceError.self) { try x.isEqual(to: x) }
    #expect(x.histogram(bins: 3).counts.shape == [3])
  }
}
