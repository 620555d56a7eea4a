import LinearAlgebra
import Tensors
import Testing

/// LDLᵀ factorizations. The expected values are those of `scipy.linalg.ldl`, in float64, for the same numbers.
@Suite struct LDLTests {
  private func symmetric(_ shape: [Int], on device: Device) -> Tensor {
    let x = matrices(shape, on: device)
    return (x + x.transposed()) / 2
  }

  @Test(arguments: TestDevices.hosts)
  func blocksOfOneRow(_ device: Device) throws {
    let tolerance = 5 * precision(device).tolerance
    let ldl = try symmetric([2, 3, 3], on: device).ldl()
    try expect(ldl.permutation, [0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1], shape: [2, 3, 3])
    try expect(
      ldl.lower,
      [
        1, 0, 0, -0.2220382235759, 1, 0, -0.7982658270443, 0.0092536358368, 1,
        1, 0, 0, -1.2490383873828, 1, 0, -0.3180601404846, 0.713981362027, 1,
      ], shape: [2, 3, 3], tolerance: tolerance)
    try expect(
      ldl.blockDiagonal,
      [
        -0.9899500025187, 0, 0, 0, 0.8947768455709, 0, 0, 0, 0.8668155454676,
        -0.6617927025439, 0, 0, 0, 0.7638702866291, 0, 0, 0, 0.1767310817329,
      ], shape: [2, 3, 3], tolerance: tolerance)
  }

  @Test(arguments: TestDevices.hosts)
  func blocksOfTwoRows(_ device: Device) throws {
    let tolerance = 5 * precision(device).tolerance
    let a = symmetric([4, 4], on: device)
    let ldl = try a.ldl()
    try expect(ldl.permutation, [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0], shape: [4, 4])
    try expect(
      ldl.lower,
      [
        1, 0, 0, 0, 0, 1, 0, 0, 0.806007989093, -0.6375663074851, 1, 0, 0.081186063738, -0.0099041441264,
        0.2693114629288, 1,
      ], shape: [4, 4], tolerance: tolerance)
    try expect(
      ldl.blockDiagonal,
      [
        0.2360679774998, 0.606797749979, 0, 0, 0.606797749979, -0.0255780975569, 0, 0,
        0, 0, 1.4055877653943, 0, 0, 0, 0, -0.4237359561404,
      ], shape: [4, 4], tolerance: tolerance)
    // Only the lower triangle is read.
    let same = try a.lowerTriangle().ldl()
    try expectEqual(same.lower, ldl.lower)
    try expectEqual(same.blockDiagonal, ldl.blockDiagonal)
  }

  /// Without a diagonal, the first block has two rows.
  @Test(arguments: TestDevices.hosts, [[1, 1], [2, 2], [3, 3], [2, 1, 5, 5], [8, 8]])
  func products(_ device: Device, _ shape: [Int]) throws {
    let a = symmetric(shape, on: device)
    for a in [a, a - a.diagonal().diagonalMatrix()] {
      let ldl = try a.ldl()
      let factor = ldl.permutation.matmul(ldl.lower)
      try expectEqual(
        factor.matmul(ldl.blockDiagonal).matmul(factor, transposingRight: true), a,
        tolerance: 10 * precision(device).tolerance)
      try expectEqual(ldl.lower.lowerTriangle(), ldl.lower)
      try expectEqual(ldl.blockDiagonal.transposed(), ldl.blockDiagonal)
    }
  }

  /// Solutions are those of `solve`, for one factorization of each matrix.
  @Test(arguments: TestDevices.hosts)
  func solutions(_ device: Device) throws {
    let tolerance = 20 * precision(device).tolerance
    let (a, b) = (symmetric([2, 1, 4, 4], on: device), matrices([3, 4, 2], 1, on: device))
    let ldl = try a.ldl()
    for b in [b, b[0], b[0][.all, 0]] { try expectEqual(ldl.solve(b), a.solve(b), tolerance: tolerance) }
    try expectEqual(a[1, 0].ldl().solve(b), a[1, 0].solve(b), tolerance: tolerance)
    try expect(tensor([4], [1, 1], on: device).ldl().solve(tensor([2], [1], on: device)), [0.5], shape: [1])
    // The squares of these elements are beyond float32.
    for shape in [[5, 5], [8, 8]] {
      let (a, b) = (symmetric(shape, on: device), matrices([shape[0], 2], 1, on: device))
      for a in [a, a - a.diagonal().diagonalMatrix()] {
        let expected = try a.solve(b)
        for scale in [1e-25, 1, 1e25] {
          try expectEqual((a * scale).ldl().solve(b * scale), expected, tolerance: tolerance)
        }
      }
    }
  }

  /// A diagonal of D with a 0, also next to a block of two rows.
  @Test(arguments: TestDevices.hosts)
  func singularMatrices(_ device: Device) throws {
    let singular = try Tensor.stacked([.identity(2, on: device), .ones([2, 2], on: device)]).ldl()
    try expect(singular.blockDiagonal[1], [1, 0, 0, 0], shape: [2, 2])
    #expect(throws: LinearAlgebraError.singular(operation: "ldl().solve", matrix: [1])) {
      try singular.solve(.ones([2], on: device))
    }
    let pair = tensor([0, 1, 0, 1, 0, 0, 0, 0, 0], [3, 3], on: device)
    #expect(throws: LinearAlgebraError.singular(operation: "ldl().solve", matrix: [])) {
      try pair.ldl().solve(.zeros([3, 0], dtype: pair.dtype, on: device))
    }
    let gradient = try valueAndGradient(at: Tensor.ones([2, 2], on: device)) { try $0.ldl().lower.sum() }.gradient
    #expect(try gradient.scalars().allSatisfy(\.isNaN))
  }

  /// LAPACK factors matrices of more than 64 rows in parts.
  @Test(arguments: TestDevices.hosts, [3, 100])
  func emptyAndNotFinite(_ device: Device, _ size: Int) throws {
    let empty = try matrices([2, 0, 0], on: device).ldl()
    #expect(empty.permutation.shape == [2, 0, 0] && empty.blockDiagonal.shape == [2, 0, 0])
    #expect(try empty.solve(matrices([2, 0, 3], on: device)).shape == [2, 0, 3])
    let ldl = try Tensor.full([size, size], .nan, on: device).ldl()
    #expect(try ldl.blockDiagonal.diagonal().scalars().allSatisfy(\.isNaN))
    for axis in [0, 1] {
      try expect(ldl.permutation.sum(axis: axis), Array(repeating: 1, count: size), shape: [size])
    }
  }
}
