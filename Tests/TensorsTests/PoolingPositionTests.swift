import Tensors
import Testing

/// Positions of maxima. The numbers come from PyTorch's `max_pool1d` to `max_pool3d` with `return_indices`, in float64; the
/// inputs have many equal numbers.
@Suite struct PoolingPositionTests {
  private func wave(_ shape: [Int], _ device: Device) -> Tensor { LayerFunctionTests.wave(shape, 0, device) }

  private func expectPositions(_ found: (values: Tensor, positions: Tensor), of x: Tensor, _ expected: [Int]) throws {
    #expect(try found.positions.scalars(as: Int.self) == expected)
    #expect(found.positions.shape == found.values.shape)
    let gathered = x.flattened(from: 2).gathered(found.positions.flattened(from: 2), axis: 2)
    #expect(try gathered.scalars() == found.values.scalars())
  }

  @Test(arguments: TestDevices.all) func agreesWithPyTorch(_ device: Device) throws {
    let line = wave([1, 2, 7], device)
    try expectPositions(
      line.maxPooledWithPositions(3, stride: 2, padding: 1), of: line, [1, 3, 3, 6, 1, 1, 4, 6])
    let planes = wave([1, 2, 5, 6], device)
    try expectPositions(
      planes.maxPooledWithPositions(3, stride: 2, padding: 1, ceilMode: true), of: planes,
      [6, 8, 3, 11, 18, 13, 21, 11, 18, 26, 21, 29, 6, 1, 11, 11, 6, 19, 11, 11, 24, 19, 29, 29])
    let plane = wave([1, 1, 5, 6], device)
    try expectPositions(
      plane.maxPooledWithPositions([2, 3], stride: 1, dilation: [2, 1]), of: plane,
      [13, 13, 3, 3, 18, 8, 8, 21, 13, 13, 26, 16])
    let volume = wave([1, 1, 4, 3, 4], device)
    try expectPositions(
      volume.maxPooledWithPositions(2, stride: [2, 1, 2], padding: 1), of: volume,
      [
        0, 1, 3, 4, 6, 3, 8, 6, 11, 8, 9, 11, 24, 13, 27, 16, 18, 31, 16, 18, 31, 32, 21, 35, 36, 37, 39, 36, 41, 39,
        44, 41, 47, 44, 45, 47,
      ])
  }

  @Test(arguments: TestDevices.all) func unpoolingReturnsTheMaxima(_ device: Device) throws {
    let x = wave([2, 3, 4, 6], device) + 2
    let (values, positions) = x.maxPooledWithPositions(2)
    let y = values.maxUnpooled(at: positions, to: [4, 6])
    #expect(y.shape == x.shape)
    #expect(try y.maxPooled(2).scalars() == values.scalars())
    #expect(try (y .!= 0).cast(to: .int32).sum().item(as: Int.self) == values.count)
  }

  /// An infinite padding never counts, NaN always does.
  @Test(arguments: TestDevices.all) func extremes(_ device: Device) throws {
    let low = Tensor.full([1, 1, 3, 3], -.infinity, on: device)
    #expect(
      try low.maxPooledWithPositions(2, stride: 2, padding: 1).positions.scalars(as: Int.self) == [0, 1, 3, 4])
    let one = Tensor.zeros([1, 1, 1], on: device).maxPooledWithPositions(2, padding: 1, dilation: 2)
    #expect(try one.positions.scalars(as: Int.self) == [0])
    let x = Tensor([1, 2, .nan, 4] as [Float], shape: [1, 1, 4], on: device)
    #expect(try x.maxPooledWithPositions(2, stride: 1).positions.scalars(as: Int.self) == [1, 2, 2])
    #expect(Tensor.zeros([0, 2, 4], on: device).maxPooledWithPositions(2).positions.shape == [0, 2, 2])
  }
}
