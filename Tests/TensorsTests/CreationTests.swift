import BackendReference
import Tensors
import Testing

@Suite struct CreationTests {
  @Test(arguments: TestDevices.all)
  func arraysAndNumbers(_ device: Device) throws {
    try expect(Tensor(2.5, on: device), [2.5], shape: [])
    try expect(Tensor(3, on: device), [3], shape: [])
    try expect(Tensor([1, 2, 3], on: device), [1, 2, 3], shape: [3])
    try expect(Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3], on: device), [1, 2, 3, 4, 5, 6], shape: [2, 3])
    try expect(Tensor([[1.5, 2], [3, 4]] as [[Float]], on: device), [1.5, 2, 3, 4], shape: [2, 2])
    try expect(Tensor([] as [Float], on: device), [], shape: [0])
    try expect(Tensor.zeros([2, 0], on: device), [], shape: [2, 0])
    #expect(Tensor([1, 2, 3], on: device).device == device)
  }

  @Test(arguments: TestDevices.all)
  func elementTypes(_ device: Device) throws {
    let labels = Tensor(integers: [0, -2, 1], on: device)
    #expect(labels.dtype == .int32)
    #expect(try labels.scalars(as: Int32.self) == [0, -2, 1])
    let mask = Tensor([true, false], on: device)
    #expect(mask.dtype == .bool)
    #expect(try mask.scalars(as: Bool.self) == [true, false])
    #expect(Tensor([0.1] as [Double], on: device).dtype == .float32)
    #expect(try Tensor([1, 0, 7] as [Float], dtype: .bool, on: device).scalars(as: Bool.self) == [true, false, true])
    #expect(
      try Tensor([1.9, -1.9, .nan, 1e20] as [Double], dtype: .int32, on: device).scalars(as: Int32.self) == [
        1, -1, 0, .max,
      ])
  }

  @Test func doublesAreExactInFloat64() throws {
    let numbers = [0.1, 1.0 / 3, -1e300]
    let x = Tensor(numbers, dtype: .float64, on: TestDevices.reference)
    #expect(try x.scalars(as: Double.self) == numbers)
    #expect(
      try Tensor.full([2], 0.1, dtype: .float64, on: TestDevices.reference).scalars(as: Double.self) == [0.1, 0.1])
  }

  @Test(arguments: TestDevices.all)
  func filled(_ device: Device) throws {
    try expect(.zeros([2, 2], on: device), [0, 0, 0, 0], shape: [2, 2])
    try expect(.ones([3], dtype: .int32, on: device), [1, 1, 1], shape: [3])
    try expect(.full([2], -1.5, on: device), [-1.5, -1.5])
    try expect(.identity(3, on: device), [1, 0, 0, 0, 1, 0, 0, 0, 1], shape: [3, 3])
    try expect(.range(2..<6, on: device), [2, 3, 4, 5], shape: [4])
    #expect(Tensor.range(0..<2, on: device).dtype == .int32)
    #expect(Tensor.range(0..<2, dtype: .float32, on: device).dtype == .float32)
    try expect(.linearSpace(-1...1, count: 5, on: device), [-1, -0.5, 0, 0.5, 1], shape: [5])
    try expect(.linearSpace(3...4, count: 1, on: device), [3], shape: [1])
    // The last element is the bound itself, regardless of rounding of the step.
    for (bounds, count) in [(-1.0...1, 1001), (0.0...0.3, 77), (-7.0 ... -5, 999)] {
      let ends = try Tensor.linearSpace(bounds, count: count, on: device).scalars()
      #expect(ends.first == Float(bounds.lowerBound) && ends.last == Float(bounds.upperBound), "\(bounds)")
    }
    let like = Tensor.ones(like: .zeros([2], dtype: .int32, on: device))
    #expect(like.dtype == .int32 && like.device == device)
    try expect(like.constant(7), [7], shape: [])
    try expect(like.constant([7, 8, 9, 10], shape: [2, 2]), [7, 8, 9, 10], shape: [2, 2])
  }

  @Test func literals() throws {
    let a: Tensor = [[1, 2, 3], [4, 5, 6]]
    #expect(a.dtype == .float32)
    try expect(a, [1, 2, 3, 4, 5, 6], shape: [2, 3])
    let b: Tensor = [[[0.5], [1.5]]]
    try expect(b, [0.5, 1.5], shape: [1, 2, 1])
    let c: Tensor = []
    #expect(c.shape == [0])
  }

  @Test func properties() {
    let x = Tensor.zeros([2, 3, 4])
    #expect(x.shape == [2, 3, 4] && x.rank == 3 && x.count == 24 && x.dtype == .float32 && x.device == .cpu)
    #expect(Tensor(0).rank == 0 && Tensor(0).count == 1)
  }

  @Test(arguments: TestDevices.all)
  func casts(_ device: Device) throws {
    let x = Tensor([1.7, -1.7, 0, .nan], on: device)
    #expect(try x.cast(to: .int32).scalars(as: Int32.self) == [1, -1, 0, 0])
    #expect(try x.cast(to: .bool).scalars(as: Bool.self) == [true, true, false, true])
    #expect(try Tensor([true, false], on: device).cast(to: .float32).scalars() == [1, 0])
    #expect(try Tensor(integers: [3, -4], on: device).cast(to: .float32).scalars() == [3, -4])
  }

  @Test func castsCarryGradients() throws {
    let x = Tensor([1.5, 2.5] as [Double], dtype: .float64, on: TestDevices.reference)
    let (_, gradient) = valueAndGradient(at: x) { x in (x.cast(to: .float32) * 3).sum() }
    #expect(gradient.dtype == .float64)
    #expect(try gradient.scalars() == [3, 3])
  }

  @Test(arguments: TestDevices.all)
  func moves(_ device: Device) throws {
    let x = Tensor([1, 2, 3])
    let y = x.moved(to: device)
    #expect(y.device == device)
    try expect(y.moved(to: .cpu), [1, 2, 3], shape: [3])
    let (_, gradient) = valueAndGradient(at: x) { x in (x.moved(to: device) * x.moved(to: device)).sum() }
    #expect(gradient.device == .cpu)
    try expect(gradient, [2, 4, 6])
    try expect(Tensor.zeros([0]).moved(to: device), [], shape: [0])
  }
}
