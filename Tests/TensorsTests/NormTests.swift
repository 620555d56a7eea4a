import Tensors
import Testing

@Suite struct NormTests {
  private func matrix(_ device: Device) -> Tensor { Tensor([3, -4, 0, 1, 2, -2], shape: [2, 3], on: device) }

  /// PyTorch: linalg.vector_norm in float64.
  private static let norms: [(p: Double, all: Double, rows: [Double], columns: [Double])] = [
    (2, 5.830951894845301, [5, 3], [3.1622776601683795, 4.47213595499958, 2]),
    (1, 12, [7, 5], [4, 6, 2]),
    (0, 5, [2, 3], [2, 2, 1]),
    (.infinity, 4, [4, 2], [3, 4, 2]),
    (-.infinity, 0, [0, 1], [1, 2, 0]),
    (3, 4.762203155904598, [4.497941445275415, 2.571281590658235], [3.0365889718756622, 4.160167646103808, 2]),
    (0.5, 57.16082656502311, [13.928203230275509, 14.656854249492378], [7.464101615137754, 11.65685424949238, 2]),
    (-1, 0, [0, 0.5], [0.75, 1.3333333333333333, 0]),
    (1.5, 7.331916759439877, [5.584250376480029, 3.5387186276812526], [3.373505286959263, 4.89452162954295, 2]),
  ]

  @Test(arguments: TestDevices.all)
  func values(_ device: Device) throws {
    let x = matrix(device)
    for (p, all, rows, columns) in NormTests.norms {
      try expect(x.norm(p), [all], shape: [], tolerance: 5e-6, "p = \(p)")
      try expect(x.norm(p, axis: 1), rows, shape: [2], tolerance: 5e-6, "p = \(p)")
      try expect(x.norm(p, axis: -2, keepingRank: true), columns, shape: [1, 3], tolerance: 5e-6, "p = \(p)")
      try expect(x.norm(p, axes: [1, 0], keepingRank: true), [all], shape: [1, 1], tolerance: 5e-6, "p = \(p)")
    }
    try expect(x.norm(), [5.830951894845301], shape: [])
    try expect(Tensor(-3, on: device).norm(), [3], shape: [])
  }

  /// PyTorch: the gradient of the sum of the norms of the rows, in float64; 0 at zeros.
  @Test(arguments: TestDevices.all)
  func gradients(_ device: Device) throws {
    let gradients: [(p: Double, expected: [Double])] = [
      (2, [0.6, -0.8, 0, 0.3333333333333333, 0.6666666666666666, -0.6666666666666666]),
      (1, [1, -1, 0, 1, 1, -1]),
      (0, [0, 0, 0, 0, 0, 0]),
      (.infinity, [0, -1, 0, 0, 0.5, -0.5]),
      (-.infinity, [0, 0, 0, 1, 0, 0]),
      (
        3,
        [0.4448513517305356, -0.7908468475209521, 0, 0.15125185827401386, 0.6050074330960554, -0.6050074330960554]
      ),
      (0.5, [2.154700538379252, -1.8660254037844386, 0, 3.82842712474619, 2.707106781186547, -2.707106781186547]),
      (-1, [0, 0, 0, 0.25, 0.0625, -0.0625]),
      (
        1.5,
        [0.7329564758289748, -0.8463452372482761, 0, 0.5315902219056544, 0.7517821014438997, -0.7517821014438997]
      ),
    ]
    for (p, expected) in gradients {
      try expect(
        valueAndGradient(at: matrix(device)) { $0.norm(p, axis: 1).sum() }.gradient, expected, tolerance: 5e-6,
        "p = \(p)")
      let zeros = valueAndGradient(at: Tensor.zeros([3], on: device)) { $0.norm(p) }
      try expect(zeros.value, [0], "p = \(p)")
      try expect(zeros.gradient, [0, 0, 0], "p = \(p)")
    }
  }

  /// Squares of these numbers are not representable in float32.
  @Test(arguments: TestDevices.all)
  func neitherOverflowNorUnderflow(_ device: Device) throws {
    for scale: Float in [1e30, 1e-30, 3e37] {
      let x = Tensor([3 * scale, -4 * scale], on: device)
      for p: Double in [2, 3, 7.5, 0.5] where p > 0.5 || scale < 3e37 {  // there, the 0.5-norm is infinite
        let (norm, gradient) = valueAndGradient(at: x) { $0.norm(p) }
        let unit = valueAndGradient(at: Tensor([3, -4], on: device)) { $0.norm(p) }
        #expect(abs(try norm.item() / Double(scale) - unit.value.item()) < 2e-5, "p = \(p), \(scale)")
        try expectEqual(gradient, unit.gradient, tolerance: 1e-5, "p = \(p), \(scale)")
      }
      try expect(x.unitNormalized(epsilon: 0), [0.6, -0.8], "\(scale)")
      try expect(x.cosineSimilarity(-x, epsilon: 0), [-1], shape: [], "\(scale)")
    }
  }

  @Test(arguments: TestDevices.all)
  func specialNumbers(_ device: Device) throws {
    for p: Double in [2, 1, .infinity, 3, -1, -.infinity] {
      try expect(Tensor([1, .nan], on: device).norm(p), [.nan], "p = \(p)")
      try expect(
        Tensor.zeros([0, 2], on: device).norm(p, axis: 0), p > 0 ? [0, 0] : [.infinity, .infinity], "p = \(p)")
    }
    for p: Double in [2, 1, .infinity, 3] {
      try expect(Tensor([1, -.infinity], on: device).norm(p), [.infinity], "p = \(p)")
    }
    try expect(Tensor([2, -.infinity], on: device).norm(-1), [2])
    try expect(Tensor([0, .nan, .infinity], on: device).norm(0), [2])
    #expect(Tensor.zeros([2, 0], on: device).norm(axis: 0).shape == [0])
  }

  /// PyTorch: functional.normalize and cosine_similarity in float64.
  @Test(arguments: TestDevices.all)
  func directions(_ device: Device) throws {
    let x = matrix(device)
    let third = 1.0 / 3
    try expect(x.unitNormalized(), [0.6, -0.8, 0, third, 2 * third, -2 * third], shape: [2, 3])
    try expect(x.unitNormalized(1, axis: 0), [0.75, -2 * third, 0, 0.25, third, -1])
    try expect(Tensor.zeros([3], on: device).unitNormalized(), [0, 0, 0])
    try expect(Tensor([0, 0.25], on: device).unitNormalized(epsilon: 0.5), [0, 0.5])
    let y = Tensor([1, 2, 2, 0, -3, 4], shape: [2, 3], on: device)
    try expect(x.cosineSimilarity(y), [-third, -0.9333333333333333], shape: [2])
    try expect(x.cosineSimilarity(y, axis: 0), [0.9486832980505138, -0.8682431421244592, -0.8944271909999159])
    try expect(x.expanded(axis: 1).cosineSimilarity(y)[1], [1.0 / 9, -14.0 / 15], shape: [2])
    try expect(x.cosineSimilarity(.zeros([3], on: device)), [0, 0])
  }

  /// PyTorch: cdist in float64.
  @Test(arguments: TestDevices.all)
  func distances(_ device: Device) throws {
    let a = Tensor([0, 0, 1, 2, 3, 4], shape: [3, 2], on: device)
    let b = Tensor([1, 2, -1, 0.5], shape: [2, 2], on: device)
    try expect(
      a.distances(to: b), [2.23606797749979, 1.118033988749895, 0, 2.5, 2.8284271247461903, 5.315072906367325],
      shape: [3, 2])
    try expect(a.distances(to: b, p: 1), [3, 1.5, 0, 3.5, 4, 7.5])
    try expect(a.distances(to: b, p: .infinity), [2, 1, 0, 2, 2, 4])
    try expect(
      a.distances(to: b, p: 3),
      [2.080083823051904, 1.040041911525952, 0, 2.2489707226377074, 2.5198420997897464, 4.745609979014665])
    #expect(
      Tensor.zeros([5, 1, 3, 2], on: device).distances(to: .zeros([4, 6, 2], on: device)).shape == [5, 4, 3, 6])
    // Two rows are equal.
    let weights = Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2], on: device)
    let gradients: [(p: Double, first: [Double], second: [Double])] = [
      (
        2, [1.3416407864998738, -1.7888543819998317, 3.2, 2.4, 8.050994074174005, 7.486561553143845],
        [-3.0883203104327794, -2.6411067149328216, -9.504314550241098, -5.456600456211193]
      ), (1, [1, -3, 4, 4, 11, 11], [-4, -4, -12, -8]),
      (
        3,
        [
          1.617842973484814, -1.3867225487012693, 3.1633873900838085, 1.7794054069221423, 7.4125259743082506,
          6.413450189252532,
        ],
        [-2.9186821999536376, -2.225320925603003, -9.275074137923236, -4.580812121870402]
      ),
    ]
    for (p, first, second) in gradients {
      let (_, found) = valueAndGradient(at: [a, b]) { ($0[0].distances(to: $0[1], p: p) * weights).sum() }
      try expect(found[0], first, shape: [3, 2], "p = \(p)")
      try expect(found[1], second, shape: [2, 2], "p = \(p)")
    }
  }

  /// Squares of these numbers are not representable in float64.
  @Test func norms64() throws {
    for scale in [1e-200, 1e-300, 1e200] {
      let x = Tensor([3 * scale, -4 * scale], dtype: .float64, on: TestDevices.reference)
      #expect(abs(try x.norm().item() / scale - 5) < 1e-12, "\(scale)")
      #expect(abs(try x.norm(3).item() / scale - 4.497941445275415) < 1e-12, "\(scale)")  // ∛91
    }
  }
}
