import LinearAlgebra
import Tensors
import Testing

/// Matrix exponentials, on every device. The expected values are those of `scipy.linalg.expm`, in float64, for the same numbers.
@Suite struct MatrixExponentialTests {
  @Test(arguments: TestDevices.all)
  func values(_ device: Device) throws {
    let a = matrices([2, 3, 3], on: device)
    try expect(
      a.matrixExponential(),
      [
        1.301036117541, -1.155203238218, 0.5665476293027, 0.6581443307869, 1.890584779768, -0.1761738504613,
        0.8985021253692, 0.3514241462153, 0.5168956696673, 0.9941705937915, 0.6501354636293, 0.9172726229267,
        0.5067550059821, 0.7250729906783, 0.6472667889338, -0.03160878641122, -0.0102830347708, 1.635641558715,
      ], shape: [2, 3, 3])
    let large = [
      -2.396521583583, -14.86330092395, 2.837855767415, 8.049362174231, 0.8096037590936, 2.217990285893, 3.647127515898,
      -7.169073786172, 2.820121942243,
    ]
    let tolerance = 5 * precision(device).tolerance
    try expect((4 * a[0]).matrixExponential(), large, shape: [3, 3], tolerance: tolerance)
    // Of a nilpotent matrix, only three terms of the sum are not 0; a rotation by 20.
    try expect(
      tensor([0, 1000, 1, 0, 0, 2, 0, 0, 0], [3, 3], on: device).matrixExponential(),
      [1, 1000, 1001, 0, 1, 2, 0, 0, 1], shape: [3, 3], tolerance: tolerance)
    try expect(
      tensor([0, -20, 20, 0], [2, 2], on: device).matrixExponential(),
      [0.4080820618134, -0.9129452507276, 0.9129452507276, 0.4080820618134], shape: [2, 2], tolerance: tolerance)
  }

  /// Each matrix of a batch is squared as often as it needs.
  @Test(arguments: TestDevices.all)
  func batches(_ device: Device) throws {
    let a = matrices([2, 3, 3], on: device)
    let batch = Tensor.stacked([a[0], 4 * a[1], 0 * a[0], -60 * Tensor.identity(3, on: device).cast(to: a.dtype)])
    let exponentials = try batch.matrixExponential()
    for index in 0..<4 { try expectEqual(exponentials[index], batch[index].matrixExponential()) }
    try expect(exponentials[2], [1, 0, 0, 0, 1, 0, 0, 0, 1], shape: [3, 3])
    // e⁻⁶⁰
    let decay = try exponentials[3].diagonal().scalars(as: Double.self)
    #expect(decay.allSatisfy { abs($0 / 8.75651076269652e-27 - 1) < 1e-4 })
    // The square of the other matrix would overflow.
    let mixed = Tensor.stacked([80 * Tensor.ones([1, 1], on: device), -1000 * Tensor.ones([1, 1], on: device)])
    let gradient = try valueAndGradient(at: mixed) { try $0.matrixExponential()[1].sum() }.gradient
    try expect(gradient, [0, 0], shape: [2, 1, 1])
  }

  @Test(arguments: TestDevices.all)
  func emptyAndNotFinite(_ device: Device) throws {
    #expect(try matrices([2, 0, 0], on: device).matrixExponential().shape == [2, 0, 0])
    #expect(try matrices([0, 2, 2], on: device).matrixExponential().shape == [0, 2, 2])
    for bad in [Double.nan, .infinity] {
      let result = try tensor([1, bad, 0, 1], [2, 2], on: device).matrixExponential()
      #expect(try !result.scalars().allSatisfy(\.isFinite))
    }
    #expect(try Tensor.zeros([2, 3, 3], on: .shapes).matrixExponential().shape == [2, 3, 3])
  }
}
