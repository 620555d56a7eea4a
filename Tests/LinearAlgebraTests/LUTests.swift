import LinearAlgebra
import Tensors
import Testing

/// LU factorizations. The expected values are those of `scipy.linalg.lu`, in float64, for the same numbers.
@Suite struct LUTests {
  @Test(arguments: TestDevices.hosts)
  func square(_ device: Device) throws {
    let lu = try matrices([2, 3, 3], on: device).lu()
    try expect(lu.permutation, [0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1], shape: [2, 3, 3])
    try expect(
      lu.lower,
      [
        1, 0, 0, 0.239970189751, 1, 0, 0.493313459834, -0.4695955355635, 1, 1, 0, 0, -0.3687889662478, 1, 0,
        -0.03512008735979, -0.03306059295117, 1,
      ], shape: [2, 3, 3])
    try expect(
      lu.upper,
      [
        0.9837387624884, 0.7608264024851, -0.9899500025187, 0, -1.002235768673, 0.8343062424461, 0, 0,
        0.5589292250421, 0.728303927462, -0.6617927025439, 0.4202466224498, 0, 0.6808432058309, 0.7455188299298, 0, 0,
        0.5385867200952,
      ], shape: [2, 3, 3])
  }

  @Test(arguments: TestDevices.hosts)
  func rectangles(_ device: Device) throws {
    let tall = try matrices([4, 3], on: device).lu()
    try expect(tall.permutation, [0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0], shape: [4, 4])
    try expect(
      tall.lower,
      [
        1, 0, 0, -0.2730302624688, 1, 0, 0.239970189751, -0.8848719423509, 1, 0.493313459834, 0.4155319136734,
        0.03048131427276,
      ], shape: [4, 3])
    try expect(
      tall.upper,
      [0.9837387624884, 0.7608264024851, -0.9899500025187, 0, 1.132633684836, 0.3202502034488, 0, 0, 1.11768666201],
      shape: [3, 3])
    let wide = try matrices([3, 4], on: device).lu()
    try expect(wide.permutation, [0, 1, 0, 0, 0, 1, 1, 0, 0], shape: [3, 3])
    try expect(
      wide.lower, [1, 0, 0, -0.2384645455823, 1, 0, -0.8545596700253, 0.623213335818, 1], shape: [3, 3])
    try expect(
      wide.upper,
      [
        -0.9899500025187, -0.2685904525229, 0.9249050524725, 0.5905365124674, 0, -0.8837094127097, 0.8173048155423,
        0.6261135935913, 0, 0, 1.26477005846, 0.8752727484541,
      ], shape: [3, 4])
  }

  @Test(arguments: TestDevices.hosts, FactorizationTests.shapes)
  func products(_ device: Device, _ shape: [Int]) throws {
    let a = matrices(shape, on: device)
    let lu = try a.lu()
    try expectEqual(
      lu.permutation.matmul(lu.lower).matmul(lu.upper), a, tolerance: 10 * precision(device).tolerance)
    try expectEqual(lu.lower.lowerTriangle(), lu.lower)
    try expectEqual(lu.upper.upperTriangle(), lu.upper)
  }

  /// Solutions are those of `solve`, for one factorization of each matrix.
  @Test(arguments: TestDevices.hosts)
  func solutions(_ device: Device) throws {
    let tolerance = 10 * precision(device).tolerance
    let (a, b) = (matrices([2, 1, 3, 3], on: device), matrices([4, 3, 2], 1, on: device))
    let lu = try a.lu()
    for b in [b, b[0], b[0][.all, 0]] { try expectEqual(lu.solve(b), a.solve(b), tolerance: tolerance) }
    try expectEqual(a[1, 0].lu().solve(b), a[1, 0].solve(b), tolerance: tolerance)
    let singular = try Tensor.stacked([.identity(2, on: device), .ones([2, 2], on: device)]).lu()
    try expect(singular.upper[1], [1, 1, 0, 0], shape: [2, 2])
    #expect(throws: LinearAlgebraError.singular(operation: "lu().solve", matrix: [1])) {
      try singular.solve(.ones([2], on: device))
    }
    let gradient = try valueAndGradient(at: Tensor.ones([2, 2], on: device)) { try $0.lu().upper.sum() }.gradient
    #expect(try gradient.scalars().allSatisfy(\.isNaN))
  }

  @Test(arguments: TestDevices.hosts)
  func empty(_ device: Device) throws {
    for (m, n) in [(0, 3), (3, 0), (0, 0)] {
      let lu = try matrices([2, m, n], on: device).lu()
      let identity = Tensor.identity(m, on: device).cast(to: precision(device).dtype)
      try expectEqual(lu.permutation, identity.broadcast(to: [2, m, m]))
      #expect(lu.lower.shape == [2, m, 0] && lu.upper.shape == [2, 0, n])
    }
  }
}
