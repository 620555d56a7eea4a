import LinearAlgebra
import Tensors
import Testing

/// Polar decompositions. The expected values are those of `scipy.linalg.polar`, in float64, for the same numbers.
@Suite struct PolarTests {
  @Test(arguments: TestDevices.hosts)
  func square(_ device: Device) throws {
    let orthogonal = [
      0.6341171490638, -0.5636552798189, 0.5293280332606, 0.3911257452894, 0.8243415803898, 0.4092451712753,
      0.6670203090124, 0.05247555976559, -0.743189224217,
    ]
    let right = try matrices([2, 3, 3], on: device).polarDecomposition()
    try expect(right.orthogonal[0], orthogonal, shape: [3, 3])
    try expect(
      right.symmetric[0],
      [
        0.9956785141951, 0.318607302132, -0.4075434167756, 0.318607302132, 1.199299898981, -0.6530973701199,
        -0.4075434167756, -0.6530973701199, 0.9201406510799,
      ], shape: [3, 3])
    let left = try matrices([3, 3], on: device).polarDecomposition(left: true)
    try expect(left.orthogonal, orthogonal, shape: [3, 3])
    try expect(
      left.symmetric,
      [
        0.9275758171279, -0.339131512704, -0.3290464871532, -0.339131512704, 0.7557245480449, 0.6068141373405,
        -0.3290464871532, 0.6068141373405, 1.431818699083,
      ], shape: [3, 3])
  }

  @Test(arguments: TestDevices.hosts)
  func rectangles(_ device: Device) throws {
    let tall = try matrices([4, 3], on: device).polarDecomposition()
    try expect(
      tall.orthogonal,
      [
        0.6240520235982, -0.4656894526687, 0.626975845739, 0.3772328157739, 0.4676479017064, 0.002939691287039,
        0.6744855220946, 0.2880639023502, -0.4762302779545, -0.1154285711207, 0.6938717185946, 0.6165203722785,
      ], shape: [4, 3])
    try expect(
      tall.symmetric,
      [
        1.024907170403, 0.2140235262844, -0.4846421428222, 0.2140235262844, 1.638255875531, -0.3035259595125,
        -0.4846421428222, -0.3035259595125, 1.208724115356,
      ], shape: [3, 3])
    let wide = try matrices([3, 4], on: device).polarDecomposition(left: true)
    try expect(
      wide.orthogonal,
      [
        0.1075432760321, -0.9825571447197, 0.07914942313014, 0.129426697241, 0.6338232263653, 0.1772304989669,
        0.6040698432511, 0.4493963645051, -0.763897407464, 0.004593404069412, 0.5541192072764, 0.3307439427053,
      ], shape: [3, 4])
    try expect(
      wide.symmetric,
      [
        0.9407923492377, 0.582922186135, 0.3070798935133, 0.582922186135, 1.415427101703, 0.1490364874245,
        0.3070798935133, 0.1490364874245, 1.462810524892,
      ], shape: [3, 3])
  }

  @Test(arguments: TestDevices.hosts, FactorizationTests.shapes)
  func products(_ device: Device, _ shape: [Int]) throws {
    let a = matrices(shape, on: device)
    let tolerance = 10 * precision(device).tolerance
    let right = try a.polarDecomposition(), left = try a.polarDecomposition(left: true)
    try expectEqual(right.orthogonal.matmul(right.symmetric), a, tolerance: tolerance)
    try expectEqual(left.symmetric.matmul(left.orthogonal), a, tolerance: tolerance)
    try expectEqual(right.symmetric, right.symmetric.transposed())
  }

  /// At an orthogonal matrix, all singular values are 1, and the gradient of U is the skew part of the upstream gradient.
  @Test(arguments: TestDevices.hosts)
  func repeatedValues(_ device: Device) throws {
    let identity = Tensor.identity(2, on: device).cast(to: precision(device).dtype)
    let gradient = try valueAndGradient(at: identity) { try $0.polarDecomposition().orthogonal[0, 1] }.gradient
    try expect(gradient, [0, 0.5, -0.5, 0], shape: [2, 2])
  }

  @Test(arguments: TestDevices.hosts)
  func emptyAndNotFinite(_ device: Device) throws {
    for (m, n) in [(0, 3), (3, 0), (0, 0)] {
      let (orthogonal, symmetric) = try matrices([2, m, n], on: device).polarDecomposition()
      #expect(orthogonal.shape == [2, m, n] && symmetric.shape == [2, n, n])
    }
    #expect(throws: LinearAlgebraError.notFinite(operation: "polarDecomposition", matrix: [])) {
      try tensor([1, .nan, 0, 1], [2, 2], on: device).polarDecomposition()
    }
  }
}
